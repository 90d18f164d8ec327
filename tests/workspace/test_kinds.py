"""Kinds, praise and moods as the desk shows them."""

from django.test import Client

from hark.contacts.actions import set_moods
from hark.contacts.types import ContactMood
from hark.conversations.actions.corrections import correct
from hark.conversations.actions.noticing import notice
from hark.conversations.actions.plans import follow_plans
from hark.conversations.actions.searching import rebuild
from hark.conversations.models import Case, Draft, Message, Mute, Notice
from hark.conversations.types import NoticeKind, Visibility
from hark.journey.following import follow
from hark.kernel.db import fetch_all
from hark.kernel.queries import COLUMNS, journal_event
from hark.kernel.time import now
from hark.organisation.actions.brand_reading import keep_intent, keep_plans, keep_words
from hark.organisation.types import OwnIntent, Plan, Role
from hark.workspace.actions.acts import author_of
from tests.workspace.fixtures import SignedIn, page_of
from tests.workspace.makers import World, a_saved_reply, case_of, known, make_role, reading, say

POINTS = ("my bonus points are missing", "how do I spend my points", "no points for my last purchase")


def of_kind(text: str, kind: str, **more: object) -> dict[str, object]:
    """A reading of a kind."""
    return {**reading(text, **more), "kind": {"label": kind, "why": "because"}}  # type: ignore[arg-type]


def heard(world: World, text: str, kind: str, **more: object) -> Message:
    """A public post that opened no case."""
    told = of_kind(text, kind, **more)
    return say(world.square, known(f"w{text[:8]}"), text, visibility=Visibility.PUBLIC, case_reason="", reading=told,
               thread_id=text[:8])  # fmt: skip


def test_praise_stands_in_the_stream_under_its_own_name_with_a_line_of_thanks(
    world: World, signed_in: SignedIn
) -> None:
    heard(world, "I love the new app", "praise", mood="positive")
    heard(world, "plum jam", "praise", mood="positive", label="irrelevant", p=0.02)
    heard(world, "Plum opens a shop", "chatter")
    client = signed_in(world.tessa)
    page = page_of(client.get("/stream/?judged=praise"))
    assert "I love the new app" in page
    assert "plum jam" not in page
    assert "Plum opens a shop" not in page
    assert "Thank you, this is good to read." in page
    assert "<span>Praise</span>" in page
    relevant = page_of(client.get("/stream/?judged=relevant"))
    assert "I love the new app" not in relevant
    assert "Plum opens a shop" in relevant


def test_thanking_opens_the_case_with_the_brands_line_as_a_draft(world: World, signed_in: SignedIn) -> None:
    keep_words(brand=world.brand, words={}, buying=("", ""), thanks="How kind of you. We tell the shop.")
    post = heard(world, "Great service in your shop", "praise", mood="positive")
    client = signed_in(world.tessa)
    assert client.post(f"/message/{post.key}/case/", {"thank": "1"}).status_code == 302
    case = Case.objects.get()
    assert Draft.objects.get(case=case, agent=world.tessa, kind="reply").text == "How kind of you. We tell the shop."
    assert "How kind of you. We tell the shop." in page_of(client.get(f"/case/{case.key}/"))
    Draft.objects.update(text="My own words")
    client.post(f"/message/{post.key}/case/", {"thank": "1"})
    assert Draft.objects.get().text == "My own words"


def test_nobody_thanks_what_he_may_not_see(world: World, signed_in: SignedIn) -> None:
    post = heard(world, "Great service in your shop", "praise", mood="positive")
    assert signed_in(world.stranger).post(f"/message/{post.key}/case/", {"thank": "1"}).status_code == 404
    assert not Case.objects.exists()


def test_kind_is_a_chip_and_a_correction_changes_it(world: World, signed_in: SignedIn) -> None:
    message = say(world.chat, known("ann"), "Which plan suits me?", reading=of_kind("Which plan suits me?", "buying"))
    client, case = signed_in(world.tessa), case_of(message)
    page = page_of(client.get(f"/case/{case.key}/timeline/"))
    assert "<span>Buying question</span>" in page
    correct(message_id=message.pk, field="complaint", value="true", author=author_of(world.tessa))
    assert "<span>Complaint</span>" in page_of(client.get(f"/case/{case.key}/timeline/"))


def test_cursing_and_insults_are_two_readings(world: World, signed_in: SignedIn) -> None:
    cursed = {**reading("this bloody router", offensive=0.9), "signals": ["curse"]}
    insulted = reading("you idiots", offensive=0.9)
    insulted["flags"]["abuse"] = True
    for who, text, told in (("ann", "this bloody router", cursed), ("bob", "you idiots", insulted)):
        say(world.chat, known(who), text, reading=told)
    client = signed_in(world.tessa)
    first, second = (page_of(client.get(f"/case/{case.key}/timeline/")) for case in Case.objects.order_by("id"))
    assert "Curses, at nobody" in first
    assert "<span>Insults people</span>" not in first  # in the form it can be said
    assert "<span>Insults people</span>" in second
    assert "Curses, at nobody" not in second


def with_kinds(world: World) -> Client:
    """Two cases of different kinds."""
    for who, text, kind in (("ann", "Which plan suits me?", "buying"), ("bob", "It broke again", "complaint")):
        case = case_of(say(world.chat, known(who, name=who), text, reading=of_kind(text, kind)))
        Case.objects.filter(pk=case.pk).update(kind=kind)
    client = Client()
    client.force_login(world.tessa, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_lists_show_and_filter_kinds(world: World) -> None:
    client = with_kinds(world)
    page = page_of(client.get("/?view=f~kind.buying"))
    assert "Which plan suits me?" in page
    assert "It broke again" not in page
    assert 'class="row__kind">Buying question' in page


def test_search_finds_kinds(world: World) -> None:
    client = with_kinds(world)
    list(rebuild())
    page = page_of(client.get("/search/?q=kind:buying"))
    assert "Which" in page
    assert "broke" not in page
    assert "kind: takes" in page_of(client.get("/search/?q=kind:nonsense"))


def test_case_says_why_it_was_raised_and_how_to_speak(world: World, signed_in: SignedIn) -> None:
    message = say(world.chat, known("ann"), "STILL NOTHING!!!", reading=of_kind("STILL NOTHING!!!", "complaint"))
    case = case_of(message)
    set_moods(moods=[ContactMood(case.contact_id, -0.8, -0.2, "furious", ["they shout"])])
    Case.objects.filter(pk=case.pk).update(plan="furious", plan_words="reply within 50 % of the promise")
    client = signed_in(world.tessa)
    page = page_of(client.get(f"/case/{case.key}/"))
    assert "the customer is furious: reply within 50 % of the promise" in page
    assert "One person stays on it" in page
    assert "raised: furious" in page_of(client.get("/?view=unassigned"))


def test_supervisors_are_told_where_the_plan_says_so(world: World) -> None:
    supervisor = make_role(world, Role.SUPERVISOR)
    keep_plans(brand=world.brand, plans=[Plan("furious", 50, tells_seniors=True)])
    case = case_of(say(world.chat, known("ann"), "STILL NOTHING!!!"))
    set_moods(moods=[ContactMood(case.contact_id, -0.8, -0.2, "furious", ["they shout"])])
    assert follow_plans([case.pk], skills={})[case.pk].target_seconds == 450
    assert follow_plans([], skills={}) == {}
    assert follow([]) == {}
    rows = fetch_all(f"SELECT {COLUMNS} FROM kernel_event ORDER BY id")  # noqa: S608 - a constant
    notice([journal_event(row) for row in rows], at=now())
    told = Notice.objects.filter(kind=NoticeKind.MOOD)
    assert supervisor.pk in set(told.values_list("agent", flat=True))
    assert world.tessa.pk not in set(told.values_list("agent", flat=True))


def test_saved_reply_of_the_read_intent_stands_first(world: World, signed_in: SignedIn) -> None:
    other = a_saved_reply(world)
    wanted = a_saved_reply(world)
    keep_intent(brand=world.brand, intent=OwnIntent("Loyalty points", POINTS, reply=wanted.key))
    told = {**of_kind(POINTS[0], "request"), "intent": {"label": "Loyalty points", "p": 0.9}, "abstain": []}
    case = case_of(say(world.chat, known("ann"), POINTS[0], reading=told))
    page = page_of(signed_in(world.tessa).get(f"/pick/?what=saved&cases={case.key}"))
    assert f"{wanted.title}, proposed for Loyalty points" in page
    assert page.index(wanted.title) < page.index(other.title)
    assert "<span>Loyalty points</span>" in page_of(signed_in(world.tessa).get(f"/case/{case.key}/timeline/"))


def test_author_is_muted_from_the_stream_and_heard_again_in_the_settings(world: World, signed_in: SignedIn) -> None:
    post = heard(world, "Plum opens a shop", "chatter")
    agent, owner = signed_in(world.tessa), signed_in(world.owner)
    assert "Mute for" in page_of(agent.get("/stream/"))
    assert agent.post(f"/message/{post.key}/mute/", {"what": "author", "days": "30"}).status_code == 302
    assert "The author is muted for 30 days." in page_of(agent.get("/stream/"))
    by_key = agent.post(f"/message/{post.key}/mute/", {"what": "author", "days": "30"}, headers={"HX-Request": "true"})
    assert "The author is muted for 30 days." in by_key["HX-Trigger"]
    page = page_of(owner.get(f"/settings/brands/{world.brand.key}/mutes/"))
    assert "Tessa Okonedo" in page
    assert signed_in(world.stranger).post(f"/message/{post.key}/mute/", {"what": "author"}).status_code == 404
    mute = Mute.objects.latest("pk")
    assert page.count("Hear it again") == 1, "muted twice, it stands once in the list"
    assert agent.post(f"/settings/mutes/{mute.key}/end/").status_code == 404
    assert owner.post(f"/settings/mutes/{mute.key}/end/", {"back": "/settings/brands/"}).status_code == 302
    assert "Nothing is muted" in page_of(owner.get(f"/settings/brands/{world.brand.key}/mutes/"))


def test_term_is_muted_in_the_settings_and_a_broad_one_refused(world: World, signed_in: SignedIn) -> None:
    client, address = signed_in(world.owner), f"/settings/brands/{world.brand.key}/mutes/"
    assert "is too broad" in page_of(client.post(address, {"term": "the", "days": "7"}))
    assert client.post(address, {"term": "giveaway*", "days": "400"}).status_code == 422
    assert not Mute.objects.exists()
    assert client.post(address, {"term": "giveaway*", "days": "7"}).status_code == 302
    assert "“giveaway*”" in page_of(client.get(address))
