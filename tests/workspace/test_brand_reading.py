"""Settings of how a brand is read: words, intents and moods, with errors that say what is wrong, tried before kept."""

import pytest

from hark.conversations.models import Message
from hark.organisation.actions.brand_reading import keep_intent
from hark.organisation.models import AuditEntry, BrandIntent, BrandReading, MoodPlan
from hark.organisation.queries import own_readings, plans_of
from hark.organisation.types import OwnIntent
from tests.workspace.fixtures import SignedIn, page_of
from tests.workspace.makers import World, a_tag

POINTS = ("my bonus points are missing", "how do I spend my points", "no points for my last purchase")
DELIVERY = ("my parcel has not arrived", "the delivery is late again", "where is my order")
PLANS = {
    f"{level}-{name}": value
    for level, percent in (("calm", 100), ("unhappy", 100), ("angry", 60), ("furious", 40))
    for name, value in (("reply_percent", percent), ("skill", ""), ("tone", "Be kind."))
}


def words_page(world: World) -> str:
    """The address of the brand's words."""
    return f"/settings/brands/{world.brand.key}/words/"


def intents_page(world: World) -> str:
    """The address of the brand's intents."""
    return f"/settings/brands/{world.brand.key}/intents/"


def test_words_are_kept_and_grow_the_version(world: World, signed_in: SignedIn) -> None:
    client, tag = signed_in(world.owner), a_tag(world, "Sales")
    sent = {"act": "keep", "critical": "recall, battery swollen", "ignore": "fire alarm", "buying_tag": tag.key}
    assert client.post(words_page(world), sent).status_code == 302
    own = own_readings([world.brand.pk])[world.brand.pk]
    assert own.of_list("critical") == ("recall", "battery swollen")
    assert own.of_list("ignore") == ("fire alarm",)
    assert (own.buying_tag, own.version) == (tag.key, 1)
    assert "recall, battery swollen" in page_of(client.get(words_page(world)))
    assert AuditEntry.objects.filter(verb="brand.words_changed", subject=world.brand.key).exists()
    client.post(words_page(world), sent)
    assert own_readings([world.brand.pk])[world.brand.pk].version == 2


@pytest.mark.parametrize("pattern", ["the", "*ing", "|"])
def test_broad_or_unreadable_word_is_refused_by_name(world: World, signed_in: SignedIn, pattern: str) -> None:
    response = signed_in(world.owner).post(words_page(world), {"act": "keep", "high": f"recall, {pattern}"})
    assert response.status_code == 422
    assert f"“{pattern}”" in page_of(response)
    assert not BrandReading.objects.exists()


def test_message_is_tried_with_what_stands_in_the_form_and_nothing_is_stored(world: World, signed_in: SignedIn) -> None:
    sent = {"act": "try", "critical": "gizmo recall", "message": "is my phone in the gizmo recall?"}
    response = signed_in(world.owner).post(words_page(world), sent)
    page = page_of(response)
    assert response.status_code == 200
    assert '<th scope="row">Urgency</th><td>critical</td>' in page
    assert "brand&#x27;s own list" in page
    assert not BrandReading.objects.exists()
    assert not Message.objects.exists()


def test_intent_is_kept_shown_changed_and_removed(world: World, signed_in: SignedIn) -> None:
    client, tag = signed_in(world.owner), a_tag(world, "Points")
    sent = {"act": "keep", "name": "Loyalty points", "examples": "\n".join(POINTS), "tag": tag.key}
    assert client.post(intents_page(world), sent).status_code == 302
    one = BrandIntent.objects.get()
    assert one.examples == list(POINTS)
    page = page_of(client.get(intents_page(world)))
    assert "Loyalty points" in page
    assert "tag Points" in page
    assert client.post(f"/settings/intents/{one.key}/", {**sent, "name": "Points"}).status_code == 302
    one.refresh_from_db()
    assert one.name == "Points"
    assert client.post(f"/settings/intents/{one.key}/", {"act": "remove"}).status_code == 302
    assert not BrandIntent.objects.exists()


@pytest.mark.parametrize(
    ("name", "examples", "error"),
    [
        ("Points", POINTS[:2], "At least 3 different examples"),
        ("Points", (POINTS[0],) * 5, "At least 3 different examples"),
        ("Points", tuple(f"example number {number}" for number in range(21)), "At most 20 examples"),
        ("Points", (*POINTS, "x" * 400), "is longer than 300 characters"),
        ("Other", POINTS, "is what is left when no intent fits"),
        ("Late", (*POINTS, " My parcel  has not arrived"), "Another intent has one of these examples"),
        ("delivery LATE", POINTS, "There is already an intent of that name"),
    ],
)
def test_bad_intent_says_what_is_wrong(
    world: World, signed_in: SignedIn, name: str, examples: tuple[str, ...], error: str
) -> None:
    keep_intent(brand=world.brand, intent=OwnIntent("Delivery late", DELIVERY))
    sent = {"act": "keep", "name": name, "examples": "\n".join(examples)}
    response = signed_in(world.owner).post(intents_page(world), sent)
    assert response.status_code == 422
    assert error in page_of(response)
    assert BrandIntent.objects.count() == 1


def test_shipped_intents_are_switched(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.owner)
    client.post(intents_page(world), {"act": "shipped", "shipped": ["question", "problem", "praise"]})
    off = own_readings([world.brand.pk])[world.brand.pk].intents_off
    assert "refund" in off
    assert "praise" not in off
    client.post(intents_page(world), {"act": "shipped", "shipped": []})
    assert "praise" in own_readings([world.brand.pk])[world.brand.pk].intents_off


def test_intent_is_tried_before_it_is_kept(world: World, signed_in: SignedIn) -> None:
    sent = {"act": "try", "name": "Loyalty points", "examples": "\n".join(POINTS), "message": POINTS[0]}
    page = page_of(signed_in(world.owner).post(intents_page(world), sent))
    assert '<th scope="row">Intent</th><td>Loyalty points</td>' in page
    assert "near your example" in page
    assert not BrandIntent.objects.exists()


def test_a_message_is_tried_also_while_no_new_intent_is_written(world: World, signed_in: SignedIn) -> None:
    client, sent = signed_in(world.owner), {"act": "try", "name": "", "examples": "", "message": POINTS[0]}
    page = page_of(client.post(intents_page(world), sent))
    assert '<th scope="row">Intent</th>' in page
    assert "This field is required" not in page
    assert 'value="try" formnovalidate' in page
    half = page_of(client.post(intents_page(world), {**sent, "name": "Loyalty points"}))
    assert "This field is required" in half


def test_plans_are_kept_within_their_bounds(world: World, signed_in: SignedIn) -> None:
    client, address = signed_in(world.owner), f"/settings/brands/{world.brand.key}/plans/"
    assert 'value="75"' in page_of(client.get(address))  # as shipped
    assert client.post(address, {**PLANS, "furious-reply_percent": 10}).status_code == 422
    assert not MoodPlan.objects.exists()
    assert client.post(address, {**PLANS, "furious-tells_seniors": "on"}).status_code == 302
    plan = plans_of([world.brand.pk])[world.brand.pk]["furious"]
    assert (plan.reply_percent, plan.tone, plan.tells_seniors) == (40, "Be kind.", True)
    client.post(address, PLANS)
    assert plans_of([world.brand.pk])[world.brand.pk]["furious"].tells_seniors is False


def test_only_those_who_may_change_brands_see_any_of_it(world: World, signed_in: SignedIn) -> None:
    for agent in (world.tessa, world.stranger):
        for path in (words_page(world), intents_page(world), f"/settings/brands/{world.brand.key}/plans/"):
            assert signed_in(agent).get(path).status_code == 404
            assert signed_in(agent).post(path, {"act": "keep"}).status_code == 404
    assert signed_in(world.owner).get("/settings/brands/nobody/words/").status_code == 404
