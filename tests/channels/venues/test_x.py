"""X passes the suite, and what is special about it."""

import base64
import hashlib
import hmac
import html
import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid5

import pytest

from hark.channels.errors import AuthLost, Refused, Retry, SendError
from hark.channels.kit.oauth import GrantEnded, renewed
from hark.channels.testing.conformance import ChannelConformance
from hark.channels.testing.conformance.bench import MOMENT, Visibility, with_header
from hark.channels.testing.conformance.inbound import no_sockets
from hark.channels.types import (
    Accepted,
    Account,
    Answered,
    Change,
    Outbound,
    Page,
    Raw,
    Rejected,
    Request,
    Standing,
    Target,
)
from hark.channels.x.prices import has_link
from hark.channels.x.searching import queries
from hark.channels.x.venue import X
from tests.channels.venues.stored import a_file
from tests.channels.venues.x_place import CLIENT_SECRET, MAUD, OWN, POST, TOKEN, XPlace, activity

SECRETS = {"access_token": TOKEN, "client_secret": CLIENT_SECRET}
SETTINGS = {"user_id": OWN, "client_id": "the/client", "read_back": 800}
ACCOUNT = Account("chan_x", OWN, SETTINGS, SECRETS, frozenset({OWN}), frozenset({"@plumprams"}))
VENUE = X()
SUMMONED = Standing(MOMENT, targets_us="mention", policy=("summoned",))
PUBLIC = Outbound(UUID(int=9), Target(POST, MAUD, POST, POST, MAUD), "public", "We are on it.", standing=SUMMONED)
PRIVATE = replace(PUBLIC, visibility="private", standing=Standing(MOMENT, targets_us="owned_venue"))
SIGNATURE = "x-twitter-webhooks-signature-oauth2"


class TestX(ChannelConformance):
    venue = VENUE
    samples = Path(__file__).parents[1] / "samples" / "x"
    secret_name = "client_secret"
    proof_headers = (SIGNATURE,)
    permission_ends = False  # X tells neither scopes nor an end; the sign-in itself does
    seen = "public"  # what can be taken away later is public
    echo_carries_ref = False
    target = PUBLIC.target

    def account(self) -> Account:
        return ACCOUNT

    def genuine(self, body: bytes) -> Request:
        return signed(body)

    def handshake(self) -> Request:
        return challenge("YmE0NzQ0YzUtZDQ2Mi00ZDM2")

    def says(self, text: str, visibility: Visibility = "private", *, thread: str = "t1", at: datetime = MOMENT) -> Raw:
        own = str(uuid5(UUID(int=11), text).int)[:19]
        if visibility == "private":
            made = {
                "target": {"recipient_id": OWN},
                "sender_id": thread,
                "message_data": {"text": html.escape(text, quote=False)},
            }
            stamp = str(int(at.timestamp() * 1000))
            event = {"type": "message_create", "id": own, "created_timestamp": stamp, "message_create": made}
            return activity("dm.received", {"direct_message_events": [event], "users": {}})
        about = {"conversation_id": thread, "created_at": at.isoformat(), "edit_history_tweet_ids": [own]}
        return activity(
            "post.mention.create", {"id": own, "text": html.escape(text, quote=False), "author_id": MAUD, **about}
        )

    def batch(self, count: int) -> tuple[Raw, list[str]]:
        listed = [{"id": f"20800000000{number:08}", "text": "line", "author_id": MAUD} for number in range(count)]
        return Raw(json.dumps({"data": listed, "meta": {}}).encode()), [each["id"] for each in listed]

    def counterpart(self) -> XPlace:
        return XPlace(ACCOUNT)

    def forbidden(self) -> tuple[Outbound, ...]:
        """Nobody called us; a machine wrote it; X alone can write into an encrypted talk."""
        found, unseen = Standing(MOMENT, targets_us="keyword"), Standing(MOMENT, targets_us="none")
        encrypted = replace(PRIVATE, standing=Standing(MOMENT, policy=("encrypted",)))
        strangers = (replace(PUBLIC, standing=found), replace(PUBLIC, standing=unseen))
        return (*strangers, replace(PUBLIC, author_kind="bot"), encrypted)


def signed(body: bytes, secret: str = CLIENT_SECRET, header: str = SIGNATURE) -> Request:
    code = base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()
    return Request("POST", "/in/x", "", {header: f"sha256={code}", "content-type": "application/json"}, body, MOMENT)


def challenge(token: str) -> Request:
    return Request("GET", "/in/x", f"crc_token={token}", {}, b"", MOMENT)


def texts(page: Page, account: Account = ACCOUNT) -> list[str | None]:
    return [event.text for raw in page.raws for event in VENUE.parse(account, raw)]


def test_old_app_signs_with_its_consumer_secret_in_another_header() -> None:
    old = replace(ACCOUNT, secrets={"consumer_secret": "old"})
    call = signed(b"{}", "old", "x-twitter-webhooks-signature")
    assert isinstance(VENUE.verify(old, call), Accepted)
    assert isinstance(VENUE.verify(ACCOUNT, call), Rejected)
    forged = with_header(call, SIGNATURE, "sha256=AAAA")
    assert isinstance(VENUE.verify(replace(old, secrets={**SECRETS, "consumer_secret": "old"}), forged), Rejected)


def test_answer_to_a_challenge_is_the_code_over_its_token() -> None:
    verdict = VENUE.verify(ACCOUNT, challenge("abc123"))
    assert isinstance(verdict, Answered)
    code = base64.b64encode(hmac.digest(CLIENT_SECRET.encode(), b"abc123", hashlib.sha256)).decode()
    assert json.loads(verdict.reply.body) == {"response_token": f"sha256={code}"}


@pytest.mark.parametrize("token", ['{"data":{}}', "%7B%22data%22%3A%7B%7D%7D", "[]", "", "a" * 300, '"x"'])
def test_no_challenge_gives_the_code_of_what_could_be_a_call(token: str) -> None:
    assert isinstance(VENUE.verify(ACCOUNT, challenge(token)), Rejected)


def test_edit_of_an_edit_is_an_edit_of_the_first_post() -> None:
    chain = ["1", "2", "3"]
    post = {"id": "3", "text": "third", "author_id": MAUD, "edit_history_tweet_ids": chain, "conversation_id": "1"}
    (event,) = VENUE.parse(ACCOUNT, activity("post.mention.create", post))
    assert (event.kind, event.external_id, event.text) == ("edit", "1", "third")


def test_answer_to_an_edited_post_is_an_answer_to_the_first_of_its_chain() -> None:
    parent = {"id": "2", "text": "edited", "edit_history_tweet_ids": ["1", "2"]}
    refers = [{"type": "replied_to", "id": "2"}]
    post = {"id": "9", "text": "yes", "author_id": MAUD, "conversation_id": "1", "referenced_tweets": refers}
    raw = Raw(json.dumps({"data": post, "includes": {"tweets": [parent]}}).encode())
    assert VENUE.parse(ACCOUNT, raw)[0].parent_id == "1"


def test_found_post_that_names_us_has_called_us() -> None:
    named = {"entities": {"mentions": [{"id": OWN, "username": "plumprams"}]}}
    post = {"id": "9", "text": "plum by @plumprams", "author_id": MAUD, **named}
    (event,) = VENUE.parse(ACCOUNT, Raw(json.dumps({"data": post}).encode(), {"found": "keyword"}))
    assert (event.targets_us, event.policy) == ("mention", ("summoned",))


def test_enterprise_may_answer_anybody() -> None:
    free = replace(ACCOUNT, settings={**SETTINGS, "enterprise": True})
    found = replace(PUBLIC, standing=Standing(MOMENT, targets_us="keyword"))
    assert VENUE.objection(ACCOUNT, found)
    assert VENUE.objection(free, found) is None


@pytest.mark.parametrize(
    ("outbound", "price"),
    [
        (PUBLIC, "0.010"),
        (replace(PUBLIC, text="See https://plum.example/help"), "0.010"),
        (replace(PUBLIC, standing=Standing(targets_us="reply")), "0.015"),
        (replace(PUBLIC, standing=Standing(targets_us="reply"), text="See https://plum.example/help"), "0.200"),
        (replace(PUBLIC, part=2, parts=2), "0.015"),
        (PRIVATE, "0.015"),
    ],
)
def test_receipt_says_what_the_reply_cost(outbound: Outbound, price: str) -> None:
    with XPlace(ACCOUNT) as place:
        assert VENUE.send(place.account, outbound).cost == (price, "USD")


@pytest.mark.parametrize(
    ("text", "is_link"), [("HTTPS://a.b", True), ("plum.com now", True), ("Mr.Plum wrote", False), ("no link", False)]
)
def test_what_is_a_link_for_the_price(text: str, *, is_link: bool) -> None:
    assert has_link(text) == is_link


def test_reading_is_priced_by_how_it_was_found() -> None:
    with XPlace(ACCOUNT) as place:
        listening = replace(place.account, terms=("plum",))
        begun = VENUE.poll(listening, "")
        assert VENUE.read_cost(listening, begun) is None
        place.offer(3)
        place.mention("my plum is broken")
        place.writes("hello")
        page = VENUE.poll(listening, begun.next_cursor)
        assert len(page.raws) == 5
        assert VENUE.read_cost(listening, page) == ("0.018", "USD")


def test_first_look_reads_nothing_back_unless_it_is_asked_to() -> None:
    with XPlace(ACCOUNT) as place:
        place.offer(30)
        place.writes("long ago")
        place.mention("an old plum")
        fresh = replace(place.account, settings={**SETTINGS, "read_back": 0}, terms=("plum",))
        page = VENUE.poll(fresh, "")
        assert page.raws == ()
        place.says("@plumprams now")
        assert texts(VENUE.poll(fresh, page.next_cursor)) == ["@plumprams now"]
        back = VENUE.poll(replace(fresh, settings={**SETTINGS, "read_back": 7}), "")
        assert (
            texts(back)
            == [*(f"@plumprams news {number}" for number in range(23, 30)), "@plumprams now", "long ago"][1:]
        )
        assert all("backfilled" in event.policy for raw in back.raws for event in VENUE.parse(fresh, raw))


def test_more_news_than_one_look_takes_are_all_read() -> None:
    with XPlace(ACCOUNT) as place:
        cursor = VENUE.poll(place.account, "").next_cursor
        place.says("@plumprams first")
        cursor = VENUE.poll(place.account, cursor).next_cursor
        ids, found = place.offer(1_150), []
        for _ in range(5):
            page = VENUE.poll(place.account, cursor)
            found += [raw.id for raw in page.raws]
            cursor = page.next_cursor
            if not page.more:
                break
        assert sorted(found) == sorted(f"post:{own}" for own in ids)
        assert VENUE.poll(place.account, cursor).raws == ()


def test_while_x_calls_only_words_are_asked_for() -> None:
    with XPlace(ACCOUNT) as place:
        called = replace(place.account, settings={**SETTINGS, "activity": True}, terms=("plum",))
        for flag in ("webhook", "echo", "receipts", "deletes_in"):
            assert getattr(VENUE.caps_for(called), flag)
            assert not getattr(VENUE.caps_for(place.account), flag)
        assert VENUE.caps_for(called).listen_keywords
        VENUE.poll(called, "")
        assert [call.path for call in place.calls] == ["/2/tweets/search/recent"]
        VENUE.poll(replace(called, terms=()), "")
        assert len(place.calls) == 1


def test_words_become_few_questions_and_give_x_no_orders() -> None:
    terms = ("plum", "Plum Prams", 'a "quoted" name', "from:maud", "OR", "@rival", "#plum", "  ", "plum")
    (query,) = queries(replace(ACCOUNT, terms=terms))
    words = 'plum OR "Plum Prams" OR "a quoted name" OR "from:maud" OR "OR" OR @rival OR #plum'
    assert query == f"({words}) -is:retweet -from:{OWN} -@plumprams"
    many = queries(replace(ACCOUNT, terms=tuple(f"product number {number}" for number in range(60))))
    assert len(many) > 1
    assert all(len(each) <= 512 for each in many)
    assert queries(ACCOUNT) == []


def test_other_words_begin_anew_and_the_place_of_the_old_ones_is_forgotten() -> None:
    with XPlace(ACCOUNT) as place:
        first = VENUE.poll(replace(place.account, terms=("plum",)), "").next_cursor
        second = VENUE.poll(replace(place.account, terms=("pear",)), first).next_cursor
        assert "plum OR" not in second
        assert [name for name in json.loads(second) if name.startswith("keyword:(plum)")] == []


@pytest.mark.parametrize(
    ("status", "detail", "error", "words"),
    [
        (402, "credits depleted", AuthLost, ""),
        (403, "You are not allowed to create a Tweet with duplicate content.", Refused, "same words"),
        (
            403,
            "Reply to this conversation is not allowed because you have not been mentioned",
            Refused,
            "name or quote",
        ),
        (403, "You cannot send messages to this user.", Refused, "no direct messages"),
        (400, "Something new", Refused, "Something new"),
        (503, "Service Unavailable", Retry, ""),
    ],
)
def test_problems_become_words_for_an_agent(status: int, detail: str, error: type[SendError], words: str) -> None:
    with XPlace(ACCOUNT) as place:
        place.problem = (status, detail, {})
        with pytest.raises(error) as found:
            VENUE.send(place.account, PUBLIC)
        assert not isinstance(found.value, Refused) or words in found.value.human


def test_pause_is_as_long_as_x_says_by_its_own_clock() -> None:
    with XPlace(ACCOUNT) as place:
        date = {"date": "Mon, 12 Oct 2026 11:00:00 GMT", "x-rate-limit-reset": str(1791802800 + 840)}
        place.problem = (429, "Too Many Requests", date)
        with pytest.raises(Retry) as found:
            VENUE.send(place.account, PUBLIC)
        assert found.value.after_seconds == 840


def test_group_is_answered_in_the_group_and_one_person_alone() -> None:
    with XPlace(ACCOUNT) as place:
        VENUE.send(place.account, PRIVATE)
        VENUE.send(place.account, replace(PRIVATE, target=replace(PRIVATE.target, thread="1582103724607971328")))
        assert [each["to"] for each in place.taken] == [f"with/{MAUD}", "1582103724607971328"]


def test_sign_in_is_renewed_with_the_secret_in_the_header_and_a_token_works_once() -> None:
    with XPlace(ACCOUNT) as place:
        oauth = VENUE.oauth(place.account)
        assert oauth
        assert "offline.access" in oauth.scopes
        grant = renewed(oauth, "once")
        assert (grant.access, grant.refresh, grant.access_seconds) == ("new", "twice", 7200)
        with pytest.raises((GrantEnded, AuthLost), match="Sign in again"):
            renewed(oauth, "again")
    assert VENUE.oauth(Account("c")) is None


def test_check_says_when_another_account_has_signed_in() -> None:
    with XPlace(ACCOUNT) as place:
        assert VENUE.check(place.account).problems == ()
        place.me = "999"
        assert "@plumprams" in VENUE.check(place.account).problems[0]


def test_premium_makes_posts_longer_and_no_setting_changes_how_x_counts() -> None:
    caps = VENUE.caps_for(replace(ACCOUNT, settings={**SETTINGS, "max_length": 25_000, "unit": "bytes"}))
    assert (caps.max_length, caps.unit) == (25_000, "weighted")


def test_answer_keeps_its_words_and_a_direct_message_stays() -> None:
    change = Change(UUID(int=1), UUID(int=2), ("1",), PUBLIC.target, "public", "Other words.")
    for bad in (change, replace(change, gone=True, visibility="private")):
        with no_sockets(), pytest.raises(Refused):
            VENUE.change(ACCOUNT, bad)


def test_id_is_asked_for_and_not_the_name_that_may_change() -> None:
    assert set(VENUE.objections(Account("", settings={"user_id": "@plumprams", "client_id": "c"}))) == {
        "user_id",
        "client_secret",
    }
    assert VENUE.objections(ACCOUNT) == {}


@pytest.mark.usefixtures("files_here")
def test_pictures_go_with_a_post_and_one_with_a_direct_message() -> None:
    one, two = a_file("wheel.jpg", "image/jpeg"), a_file("bill.png", "image/png")
    with XPlace(ACCOUNT) as place:
        VENUE.send(place.account, replace(PUBLIC, attachments=(one, two)))
        VENUE.send(place.account, replace(PRIVATE, attachments=(one,)))
        assert [each["said"].get("media") for each in place.taken] == [{"media_ids": ["media1", "media2"]}, None]
        assert place.taken[1]["said"]["attachments"] == [{"media_id": "media3"}]
        assert [form["media_category"] for form in place.files] == [b"tweet_image", b"tweet_image", b"dm_image"]
        assert place.files[0]["media"] == b"what is in wheel.jpg"
        place.fail("drop_reply")
        with pytest.raises(Retry):
            VENUE.send(place.account, replace(PUBLIC, attachments=(one,)))
    large = replace(one, size=6 << 20)
    paper = a_file("bill.pdf", "application/pdf")
    for bad in ((paper,), (large,), (one,) * 5):
        with no_sockets(), pytest.raises(Refused):
            VENUE.send(ACCOUNT, replace(PUBLIC, attachments=bad))
    with no_sockets(), pytest.raises(Refused, match="direct message one"):
        VENUE.send(ACCOUNT, replace(PRIVATE, attachments=(one, two)))
