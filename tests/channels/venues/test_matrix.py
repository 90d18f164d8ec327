"""Matrix passes the suite against a stand-in; what is special about rooms, threads and invitations.

The real server is asked in tests/venues/test_real_matrix.py.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid5

import pytest
from django.test import override_settings

from hark.channels.errors import Refused
from hark.channels.matrix import Matrix
from hark.channels.testing.conformance import ChannelConformance
from hark.channels.testing.conformance.bench import MOMENT, Visibility
from hark.channels.types import Account, Inbound, Outbound, OutboundFile, Raw, Request, Target
from hark.kernel.storage import store
from tests.channels.matrix_home import CARE, LOBBY, MAUD, SERVER, Homeserver

SAMPLES = Path(__file__).parents[1] / "samples" / "matrix"
ACCOUNT = Account(
    "chan_matrix",
    CARE,
    {"user_id": CARE, "read_back_days": 10_000},
    {"token": "a-token-of-the-suite", "signing": "a-signing-secret-of-the-suite"},
    frozenset({CARE}),
    frozenset(),
    "https://matrix.plum.example",
)
THREAD = f"{LOBBY} $p1"


def said_in(room: str, readers: str, *events: dict[str, Any], **about: Any) -> Raw:
    """An arrival with events of a room."""
    more = {"hark": {"readers": readers, **about}, "timeline": {"events": list(events)}}
    return Raw(json.dumps({"rooms": {"join": {room: more}}}, ensure_ascii=False).encode(), {}, "1", MOMENT)


def event(text: str, at: datetime = MOMENT, **content: Any) -> dict[str, Any]:
    """Something that Maud says."""
    return {
        "type": "m.room.message",
        "event_id": f"${uuid5(UUID(int=6), text)}",
        "sender": MAUD,
        "origin_server_ts": round(at.timestamp() * 1000),
        "content": {"msgtype": "m.text", "body": text, **content},
    }


class TestMatrix(ChannelConformance):
    venue = Matrix()
    samples = SAMPLES
    permission_ends = False  # a token has neither scopes nor a foreseeable end
    target = Target(external_id="$p1", thread=THREAD, root="$p1", parent="$p1", person=MAUD)

    def account(self) -> Account:
        return ACCOUNT

    def genuine(self, body: bytes) -> Request:
        return Request("POST", "/", "", {}, body, MOMENT)

    def says(self, text: str, visibility: Visibility = "private", *, thread: str = "t1", at: datetime = MOMENT) -> Raw:
        relates = {"m.relates_to": {"rel_type": "m.thread", "event_id": f"${thread}"}} if visibility == "public" else {}
        room = f"!{thread}:{SERVER}" if visibility == "private" else LOBBY
        return said_in(room, visibility, event(text, at, **relates))

    def batch(self, count: int) -> tuple[Raw, list[str]]:
        events = [event(f"line {number}") for number in range(count)]
        return said_in(LOBBY, "public", *events), [each["event_id"] for each in events]

    @contextmanager
    def counterpart(self) -> Iterator[Homeserver]:
        with Homeserver(ACCOUNT) as home:
            yield home


@pytest.fixture
def home() -> Iterator[Homeserver]:
    with Homeserver(ACCOUNT) as server:
        server.account = replace(server.account, settings={"user_id": CARE})
        yield server


def polled(home: Homeserver, cursor: str) -> tuple[list[Inbound], str]:
    """Everything that is there, in Hark's words."""
    events, more = [], True
    while more:
        page = Matrix().poll(home.account, cursor)
        events += [one for raw in page.raws for one in Matrix().parse(home.account, raw)]
        cursor, more = page.next_cursor, page.more
    return events, cursor


def reply(text: str = "Thank you.", **more: Any) -> Outbound:
    known: dict[str, Any] = {"visibility": "public", "target": TestMatrix.target, **more}
    return Outbound(id=UUID(int=7), text=text, **known)


def test_reply_stands_in_the_thread_as_an_answer_to_one_message_and_names_its_author(home: Homeserver) -> None:
    Matrix().send(home.account, reply())
    [taken] = home.received()
    assert taken["content"]["m.relates_to"] == {
        "rel_type": "m.thread",
        "event_id": "$p1",
        "is_falling_back": False,
        "m.in_reply_to": {"event_id": "$p1"},
    }
    assert taken["content"]["m.mentions"] == {"user_ids": [MAUD]}


def test_private_talk_is_made_once_even_when_the_first_answer_was_lost(home: Homeserver) -> None:
    moved = reply(visibility="private", private_of="$p1")
    Matrix().send(home.account, moved)
    home.direct = {}  # the line broke before m.direct was kept
    Matrix().send(home.account, replace(moved, id=UUID(int=8)))
    assert len({one["room"] for one in home.received()}) == 1
    assert home.direct == {MAUD: [home.received()[0]["room"]]}
    [made] = [room for room in home.rooms if room != LOBBY]
    home.rooms[made]["members"][MAUD] = "leave"
    Matrix().send(home.account, replace(moved, id=UUID(int=9)))
    assert home.rooms[made]["members"][MAUD] == "invite"


def test_encrypted_room_is_refused_in_words_and_so_is_a_private_room_with_a_third_person(home: Homeserver) -> None:
    room = home.room(f"!dm:{SERVER}", "invite", {CARE: "join", MAUD: "join"}, encrypted=True)
    private = reply(visibility="private", target=Target("$q", room, "", "$q", MAUD))
    with pytest.raises(Refused, match="encrypted"):
        Matrix().send(home.account, private)
    home.rooms[room] |= {"encrypted": False, "members": {CARE: "join", MAUD: "join", f"@pia:{SERVER}": "join"}}
    with pytest.raises(Refused, match="More people"):
        Matrix().send(home.account, private)
    assert not home.received()
    home.rooms[room]["encrypted"] = True
    assert any(room in sentence for sentence in Matrix().check(home.account).warnings)


def test_token_of_another_account_is_noticed(home: Homeserver) -> None:
    other = replace(home.account, external_id=f"@sales:{SERVER}")
    assert "not of @sales" in Matrix().check(other).problems[0]


def invited(sender: str, *, direct: bool, encrypted: bool = False) -> list[dict[str, Any]]:
    """The stripped state of an invitation."""
    ours = {"type": "m.room.member", "state_key": CARE, "sender": sender, "content": {"is_direct": direct}}
    sealed = {"type": "m.room.encryption", "state_key": "", "sender": sender, "content": {}}
    return [ours, sealed] if encrypted else [ours]


def test_invitations_to_private_talks_are_accepted_and_what_was_said_before_is_news(home: Homeserver) -> None:
    _, cursor = polled(home, "")
    room = home.room(f"!dm:{SERVER}", "invite", {MAUD: "join", CARE: "invite"})
    first = home.put(room, MAUD, {"msgtype": "m.text", "body": "Hello?"})
    club = home.room(f"!club:{SERVER}", "invite", {MAUD: "join", CARE: "invite"})
    sealed = home.room(f"!sealed:{SERVER}", "invite", {MAUD: "join", CARE: "invite"})
    home.invitations = {
        room: invited(MAUD, direct=True),
        club: invited(MAUD, direct=False),
        sealed: invited(MAUD, direct=True, encrypted=True),
    }
    events, _ = polled(home, cursor)
    assert {(one.external_id, one.visibility, one.thread_id) for one in events} == {
        (first["event_id"], "private", room)
    }
    assert home.direct == {MAUD: [room]}
    assert home.rooms[club]["members"][CARE] == "invite"
    assert list(home.left) == [sealed]
    assert "encrypted" in home.left[sealed]


def test_long_silence_is_read_whole_and_in_order(home: Homeserver) -> None:
    _, cursor = polled(home, "")
    ids = home.offer(350)
    events, cursor = polled(home, cursor)
    assert [one.external_id for one in events] == ids
    assert polled(home, cursor) == ([], cursor)


def test_edit_by_somebody_else_changes_nothing(home: Homeserver) -> None:
    said = home.put(LOBBY, MAUD, {"msgtype": "m.text", "body": "Mine"})["event_id"]
    _, cursor = polled(home, "")
    for who in (f"@pia:{SERVER}", MAUD):
        new = {"msgtype": "m.text", "body": f"by {who}"}
        relates = {"rel_type": "m.replace", "event_id": said}
        home.put(LOBBY, who, {**new, "m.new_content": new, "m.relates_to": relates})
    events, _ = polled(home, cursor)
    assert [(one.kind, one.external_id, one.text) for one in events] == [("edit", said, f"by {MAUD}")]


def test_what_answers_us_and_what_is_said_in_our_rooms_is_said_to_us(home: Homeserver) -> None:
    _, cursor = polled(home, "")
    ours = home.put(LOBBY, CARE, {"msgtype": "m.text", "body": "We are here."})["event_id"]
    relates = {"m.relates_to": {"m.in_reply_to": {"event_id": ours}}}
    home.put(LOBBY, MAUD, {"msgtype": "m.text", "body": "And you?", **relates})
    home.put(LOBBY, MAUD, {"msgtype": "m.text", "body": f"{CARE} help", "m.mentions": {"user_ids": [CARE]}})
    home.put(LOBBY, MAUD, {"msgtype": "m.text", "body": "Nice weather"})
    events, _ = polled(home, cursor)
    assert [(one.kind, one.targets_us) for one in events] == [
        ("echo", "none"),
        ("message", "reply"),
        ("message", "mention"),
        ("message", "none"),
    ]
    home.account = replace(home.account, settings={"user_id": CARE, "own_rooms": [LOBBY]})
    assert {one.targets_us for one in polled(home, cursor)[0]} == {"owned_venue"}


def test_answer_outside_a_thread_belongs_to_the_thread_of_what_it_answers(home: Homeserver) -> None:
    _, cursor = polled(home, "")
    first = home.put(LOBBY, MAUD, {"msgtype": "m.text", "body": "No signal"})["event_id"]
    thread = {"m.relates_to": {"rel_type": "m.thread", "event_id": first}}
    ours = home.put(LOBBY, CARE, {"msgtype": "m.text", "body": "Since when?", **thread})["event_id"]
    second = home.put(LOBBY, MAUD, {"body": "Noon", "m.relates_to": {"m.in_reply_to": {"event_id": ours}}})["event_id"]
    home.put(LOBBY, MAUD, {"body": "Or one", "m.relates_to": {"m.in_reply_to": {"event_id": second}}})
    events, _ = polled(home, cursor)
    assert {one.thread_id for one in events} == {f"{LOBBY} {first}"}
    assert [one.parent_id for one in events] == [None, first, ours, second]


def test_said_before_we_came_in_is_no_news(home: Homeserver) -> None:
    _, cursor = polled(home, "")
    home.put(LOBBY, MAUD, {"msgtype": "m.text", "body": "Old"})["unsigned"] = {"membership": "leave"}
    home.put(LOBBY, MAUD, {"msgtype": "m.text", "body": "New"})["unsigned"] = {"membership": "join"}
    assert [one.text for one in polled(home, cursor)[0]] == ["New"]


def test_files_are_brought_first_and_each_has_its_own_key(home: Homeserver) -> None:
    with TemporaryDirectory() as folder, override_settings(HARK_FILES=Path(folder)):
        kept = store([b"bill"], most=1_000)
        file = OutboundFile(kept.sha256, "bill.pdf", "application/pdf", 4)
        receipt = Matrix().send(home.account, reply("Here", attachments=(file,)))
        assert Matrix().send(home.account, reply("Here", attachments=(file,))) == receipt
    words, bill = home.received()
    assert (words["text"], bill["text"], bill["content"]["msgtype"]) == ("Here", "bill.pdf", "m.file")
    assert len(receipt.external_ids) == 2
    [echo] = Matrix().parse(home.account, home.echo())
    assert echo.client_ref == str(UUID(int=7))
    assert [file.name for file in echo.attachments] == ["bill.pdf"]


def test_room_that_cannot_be_joined_yet_is_tried_again_and_at_last_forgotten(home: Homeserver) -> None:
    _, cursor = polled(home, "")
    home.invitations = {f"!away:{SERVER}": invited(MAUD, direct=True)}
    comes = home._comes_or_goes
    home._comes_or_goes = lambda *_: home.failure("500")  # type: ignore[method-assign]
    page = Matrix().poll(home.account, cursor)
    assert f"!away:{SERVER}" in page.next_cursor
    home.invitations.clear()
    home._comes_or_goes = comes  # type: ignore[method-assign]
    home.room(f"!away:{SERVER}", "invite", {MAUD: "join", CARE: "invite"})
    home.put(f"!away:{SERVER}", MAUD, {"msgtype": "m.text", "body": "At last"})
    events, cursor = polled(home, page.next_cursor)
    assert {one.text for one in events} == {"At last"}
    assert "away" not in cursor


@pytest.mark.parametrize(
    ("settings", "field"),
    [({"user_id": "care"}, "user_id"), ({"user_id": CARE, "own_rooms": ["#help:plum.example"]}, "own_rooms")],
)
def test_short_names_are_objected_to(settings: dict[str, Any], field: str) -> None:
    assert list(Matrix().objections(replace(ACCOUNT, settings=settings))) == [field]


def test_plain_sync_answer_says_who_can_read_a_room() -> None:
    line = event("hello")
    rule = {"type": "m.room.join_rules", "state_key": "", "sender": MAUD, "content": {"join_rule": "public"}}
    said = {
        "next_batch": "s1",
        "account_data": {"events": [{"type": "m.direct", "content": {MAUD: ["!direct:x"]}}]},
        "rooms": {
            "join": {
                "!open:x": {"state": {"events": [rule]}, "timeline": {"events": [line]}},
                "!direct:x": {"timeline": {"events": [line]}},
                "!two:x": {"summary": {"m.joined_member_count": 2}, "timeline": {"events": [line]}},
                "!club:x": {"summary": {"m.joined_member_count": 9}, "timeline": {"events": [line]}},
            }
        },
    }
    events = Matrix().parse(ACCOUNT, Raw(json.dumps(said).encode()))
    assert [one.visibility for one in events] == ["public", "private", "private", "limited"]
