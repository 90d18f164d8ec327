"""Listening at the desk: the brand's words with a preview, what it costs, reach, and whom to reach out to first."""

from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from hark.channels.base import Venue
from hark.channels.registry import register_for_tests
from hark.channels.types import Account, Caps, Inbound, Page, Raw
from hark.contacts.models import Identity
from hark.conversations.models import Message, Reading
from hark.conversations.queries.previewing import preview
from hark.conversations.queries.stream import Label, stream_counts, stream_page
from hark.conversations.queries.unaddressed import distress_counts, reach_counts, unaddressed
from hark.conversations.types import Visibility
from hark.kernel.time import database_now, now
from hark.organisation.actions.channels import pause_channel
from hark.organisation.actions.listening import add_term, keep_etiquette, switch_term
from hark.organisation.actions.spending import note_reading, note_sending
from hark.organisation.listening import listened_for
from hark.organisation.models import AuditEntry, Brand, Channel
from hark.organisation.spending import Spent
from hark.workspace.queries.listening import NOT_KNOWN, a_year, price_of_reading
from hark.workspace.queries.words import reach_words
from tests.workspace.fixtures import SignedIn, page_of
from tests.workspace.makers import World, case_of, heard, known, make_channel, maud, say


class Priced(Venue):
    """A venue that can be searched, charges for what is read, and lets nobody be answered who did not ask."""

    key: ClassVar[str] = "priced"
    name: ClassVar[str] = "Priced"
    proof: ClassVar[str] = "simulated"
    caps: ClassVar[Caps] = Caps(public=True, poll=True, listen_keywords=True, unsolicited_reply=False)

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        """Nothing."""
        return []

    def read_cost(self, account: Account, page: Page) -> tuple[str, str] | None:
        """Half a cent a post."""
        return f"0.{5 * len(page.raws):03}", "USD"


@pytest.fixture(autouse=True)
def priced() -> Iterator[None]:
    with register_for_tests(Priced()):
        yield


@pytest.fixture
def channel(world: World) -> Channel:
    """A channel of it."""
    return make_channel(world.care, "priced", "@plum at Priced")


def address(world: World) -> str:
    return f"/settings/brands/{world.brand.key}/terms/"


def fresh(world: World) -> Brand:
    return Brand.objects.get(pk=world.brand.pk)


def complain(channel: Channel, who: str, text: str = "Plum is down.", **more: Any) -> Message:
    """A complaint in public that nobody addressed to us."""
    reads = {"mood": "negative", "complaint": 0.8, **more.pop("reads", {})}
    followers = more.pop("followers", None)
    fields = {"visibility": Visibility.PUBLIC, "case_reason": "", "targets_us": "keyword", "thread_id": f"care-{who}"}
    return say(channel, known(who, handle=f"@{who}", followers=followers), text, reads=reads, **{**fields, **more})


def test_words_of_the_profile_are_offered_with_their_count_and_switched_on(world: World, signed_in: SignedIn) -> None:
    heard(world)  # two of the four name Plum, and two the fruit
    client = signed_in(world.owner)
    page = page_of(client.get(address(world)))
    assert "Counted in the 4 messages that came within a day" in page
    assert 'data-word="Listen for Plum"' in page
    assert page.count("of the profile") == 4  # the name, one name at a venue, two products
    assert client.post(address(world), {"act": "on", "text": "Plum"}).status_code == 302
    assert listened_for(fresh(world)) == ("Plum",)
    page = page_of(client.get(address(world)))
    assert 'data-word="Do not listen for Plum"' in page
    assert client.post(address(world), {"act": "off", "text": "Plum"}).status_code == 302
    assert listened_for(fresh(world)) == ()
    assert AuditEntry.objects.filter(verb="brand.term_switched", subject=world.brand.key).count() == 2


def test_a_word_is_added_and_removed_and_what_cannot_be_says_why(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.owner)
    sent = {"act": "add", "text": "Pear Mobile", "kind": "competitor"}
    assert client.post(address(world), sent).status_code == 302
    assert [one["on"] for one in fresh(world).terms] == [False]
    again = client.post(address(world), sent)
    assert again.status_code == 422
    assert "This brand has this word already" in page_of(again)
    assert "means something else" in page_of(client.post(address(world), {**sent, "text": "cake"}))
    assert client.post(address(world), {"act": "remove", "text": "pear mobile"}).status_code == 302
    assert fresh(world).terms == []
    nothing = client.post(address(world), {"act": "on", "text": "never heard of"}, follow=True)
    assert "There is nothing here that you may see" in page_of(nothing)


def test_etiquette_is_kept_within_its_bounds(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.owner)
    assert client.post(address(world), {"act": "polite", "days": 0, "per_hour": 3}).status_code == 422
    assert client.post(address(world), {"act": "polite", "days": 14, "per_hour": 3}).status_code == 302
    assert (fresh(world).uninvited_days, fresh(world).uninvited_per_hour) == (14, 3)


def test_only_those_who_may_change_brands_see_the_words(world: World, signed_in: SignedIn) -> None:
    for agent in (world.tessa, world.stranger):
        assert signed_in(agent).get(address(world)).status_code == 404
        assert signed_in(agent).post(address(world), {"act": "on", "text": "Plum"}).status_code == 404
    assert fresh(world).terms == []


def test_the_preview_counts_what_others_wrote_to_this_brand_within_a_day(world: World) -> None:
    complain(world.square, "one", "Plum, PLUM and plum again")
    complain(world.square, "two", "plums are fruit")
    complain(world.square, "three", "Plum of the day before", ago=90_000)
    counted = preview(world.brand, ["Plum", "plums", "roaming"], at=database_now())
    assert (counted.looked_at, counted.cut) == (2, False)
    assert counted.seen == {"Plum": 1, "plums": 1, "roaming": 0}


def test_the_price_of_a_word_is_a_band_and_not_known_before_anything_was_read(
    world: World, channel: Channel, signed_in: SignedIn
) -> None:
    complain(world.square, "one")
    client = signed_in(world.owner)
    assert NOT_KNOWN in page_of(client.get(address(world)))
    assert price_of_reading([channel], at=now()) is None
    note_reading(channel_id=channel.pk, cost=("0.05", "USD"), posts=10)
    assert price_of_reading([channel], at=now()) == Spent(5_000, "USD")
    assert "0.00 to 7.30 USD a year" in page_of(client.get(address(world)))  # 1 seen, so perhaps none or four
    assert a_year(100, Spent(5_000, "USD")) == "144.18 to 220.82 USD a year"
    assert a_year(0, Spent(5_000, "USD")) == NOT_KNOWN


def test_the_channel_says_what_it_costs_and_what_its_ceiling_does(
    world: World, channel: Channel, signed_in: SignedIn
) -> None:
    client, page_at = signed_in(world.owner), f"/settings/channels/{channel.key}/"
    switch_term(brand=world.brand, text="Plum", on=True)
    assert "There is no ceiling" in page_of(client.get(page_at))
    note_reading(channel_id=channel.pk, cost=("0.75", "USD"), posts=150)
    note_sending(channel_id=channel.pk, cost=("0.015", "USD"))
    page = page_of(client.get(page_at))
    assert '<th scope="row">Today</th><td>0.75 USD</td><td>0.015 USD</td>' in page
    assert '<th scope="row">This month</th><td>0.75 USD</td><td>0.015 USD</td>' in page
    for wrong in ("-1", "1.5", "many", "9" * 10):
        client.post(f"{page_at}act/", {"act": "ceiling", "ceiling": wrong})
        channel.refresh_from_db()
        assert channel.ceiling_micros is None
    client.post(f"{page_at}act/", {"act": "ceiling", "ceiling": "1"})
    assert "At the ceiling the channel stops listening" in page_of(client.get(page_at))
    note_reading(channel_id=channel.pk, cost=("0.25", "USD"), posts=50)
    page = page_of(client.get(page_at))
    assert "The ceiling is reached: this channel listens for no words until 1 " in page
    assert "Not listening" in page
    assert "listens for nothing: its ceiling is reached" in page_of(client.get(address(world)))
    client.post(f"{page_at}act/", {"act": "ceiling", "ceiling": ""})
    assert "There is no ceiling" in page_of(client.get(page_at))


def test_a_venue_that_charges_nothing_shows_no_costs(world: World, signed_in: SignedIn) -> None:
    page = page_of(signed_in(world.owner).get(f"/settings/channels/{world.square.key}/"))
    assert "What it costs" not in page


def test_reach_stands_with_its_day_at_the_head_of_the_contact_and_in_the_stream(
    world: World, signed_in: SignedIn
) -> None:
    _, said = maud(world)
    today = f"1,204 followers, on {now().day} {now():%b}"
    assert today in page_of(signed_in(world.tessa).get(f"/case/{case_of(said[0]).key}/"))
    complain(world.square, "loud", followers=12_400)
    assert f"12,400 followers, on {now().day} {now():%b}" in page_of(signed_in(world.tessa).get("/stream/"))
    assert reach_words(None, None, now()) == ""
    assert reach_words(1, None, now()) == "1 follower"


def test_whom_to_reach_out_to_is_ranked_by_reach_harm_and_whether_we_may(
    world: World, channel: Channel, signed_in: SignedIn
) -> None:
    quiet = complain(world.square, "quiet")
    loud = complain(world.square, "loud", followers=1_000_000)
    dire = complain(world.square, "dire", reads={"urgency": "critical", "complaint": 0.9})
    barred = complain(channel, "barred", followers=1_000_000, permalink="https://priced.example/1")
    shut = complain(channel, "shut", followers=1_000_000)
    complain(world.square, "praise", reads={"mood": "positive", "complaint": 0.1}, followers=9_000_000)
    complain(world.square, "fruit", reads={"label": "irrelevant"}, followers=9_000_000)
    complain(world.square, "asked", targets_us="mention", followers=9_000_000)
    complain(world.square, "letter", visibility=Visibility.PRIVATE, followers=9_000_000)
    found = unaddressed(world.tessa, at=database_now())
    assert [one.message_id for one in found] == [one.pk for one in (loud, dire, barred, quiet, shut)]
    page = page_of(signed_in(world.tessa).get("/stream/?judged=care"))
    assert "<span>1,000,000 may read it</span><span>you may answer it here</span>" in page
    assert "answer it at Priced: This venue allows replies only to people who wrote to us." in page
    assert "complaint, 90 %, critical" in page
    assert [row.id for row in stream_page(world.tessa, Label.CARE).rows] == [one.message_id for one in found]
    assert stream_counts(world.tessa)[Label.CARE] == 5
    assert unaddressed(world.stranger, at=database_now()) == []


def test_who_has_a_case_stands_there_until_somebody_answers(world: World, signed_in: SignedIn) -> None:
    post = complain(world.square, "maud", case_reason="About us, a complaint")
    [row] = stream_page(world.tessa, Label.CARE).rows
    assert row.case_key == case_of(post).key
    assert "Its case" in page_of(signed_in(world.tessa).get("/stream/?judged=care"))
    post.conversation.last_outbound_at = database_now()
    post.conversation.save(update_fields=["last_outbound_at"])
    assert stream_page(world.tessa, Label.CARE).rows == ()


def test_what_the_model_doubts_is_no_complaint(world: World) -> None:
    message = complain(world.square, "una", "Switched to Plum, number moved in one day.")
    assert len(unaddressed(world.tessa, at=database_now())) == 1
    row = Reading.objects.get(message=message)
    row.data["abstain"] = ["complaint"]
    row.save()
    assert unaddressed(world.tessa, at=database_now()) == []


def test_a_word_of_an_agent_takes_a_line_out_of_the_lane(world: World, signed_in: SignedIn) -> None:
    post, client = complain(world.square, "maud"), signed_in(world.tessa)
    client.post(f"/message/{post.key}/correct/", {"relevance": "irrelevant"})
    assert unaddressed(world.tessa, at=database_now()) == []
    client.post(f"/message/{post.key}/correct/", {"relevance": "relevant"})
    assert len(unaddressed(world.tessa, at=database_now())) == 1
    client.post(f"/message/{post.key}/correct/", {"complaint": "false"})
    assert unaddressed(world.tessa, at=database_now()) == []


def test_who_wants_no_messages_is_left_in_peace(world: World) -> None:
    complain(world.square, "maud")
    Identity.objects.filter(key="maud").update(stopped_at=database_now())
    assert unaddressed(world.tessa, at=database_now()) == []


def test_our_own_etiquette_and_a_paused_channel_are_said_in_the_lane(world: World) -> None:
    complain(world.square, "maud")
    keep_etiquette(brand=world.brand, days=30, per_hour=0)
    [one] = unaddressed(world.tessa, at=database_now())
    assert one.shut == "Answers to people who did not write to us are switched off for this brand."
    keep_etiquette(brand=world.brand, days=30, per_hour=5)
    pause_channel(channel_id=world.square.pk, actor="ada")
    [one] = unaddressed(world.tessa, at=database_now())
    assert one.shut == "This channel is paused by an administrator."


def test_reach_alone_buys_nothing_and_distress_has_bounds() -> None:
    assert reach_counts(None) == reach_counts(0) == 1
    assert reach_counts(999) == pytest.approx(2)
    assert reach_counts(999_999) == pytest.approx(3)
    assert distress_counts(1, "critical", "furious") == pytest.approx(1)
    assert distress_counts(0, "low", "calm") == 0


def test_what_is_found_about_a_competitor_stands_under_competitors_alone(world: World, signed_in: SignedIn) -> None:
    add_term(brand=world.brand, kind="competitor", text="Pear")
    post = complain(world.square, "maud", "Pear is down", reads={"label": "competitor", "p": 0.3})
    assert [row.id for row in stream_page(world.tessa, Label.RIVAL).rows] == [post.pk]
    assert stream_page(world.tessa, Label.RELEVANT).rows == ()
    assert stream_page(world.tessa, Label.CARE).rows == ()
    page = page_of(signed_in(world.tessa).get("/stream/?judged=competitor"))
    assert "About a competitor" in page
    assert "30 %" not in page  # that it is about us by so much says nothing here
