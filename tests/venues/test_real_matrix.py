"""The whole way through a real Synapse: rooms, threads, edits, deletions, files, private talks, invitations."""

import os
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django.test import override_settings

from hark.channels.accounts import account_of
from hark.channels.matrix import Matrix
from hark.conversations.actions.changing import change_reply
from hark.conversations.actions.fetching import fetch_next_file
from hark.conversations.actions.files import add_piece, begin_file
from hark.conversations.models import Case, Message
from hark.conversations.types import Visibility
from hark.delivery.jobs import send_due
from hark.kernel.ids import new_uuid
from hark.kernel.storage import read as read_file
from hark.organisation.models import Agent, Channel
from hark.organisation.types import ChannelState, Role
from tests.conversations.desk import acts, an_agent, answers
from tests.venues.synapse import PUBLIC, Someone, Synapse, real_synapse
from tests.venues.transcript import Transcript
from tests.venues.whole_way import arrived, begun, look, settle, until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("matrix"),
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get("HARK_VENUES"), reason="a slow proof: run `make venues`"),
    pytest.mark.timeout(1800),
]
PICTURE = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
SEALED = {"algorithm": "m.megolm.v1.aes-sha2"}


@pytest.fixture(scope="module")
def home() -> Iterator[Synapse]:
    with real_synapse() as place:
        yield place


@pytest.fixture
def place(home: Synapse) -> Iterator[Synapse]:
    with override_settings(HARK_ALLOWED_NETWORKS=[home.place]):
        yield home


class Desk:
    """Plum's account in a room of its own, Maud in it, Tessa at the desk."""

    def __init__(self, home: Synapse) -> None:
        mark = new_uuid().hex[:6]
        self.care = home.somebody(f"care{mark}", "Plum Care")
        self.maud = home.somebody(f"maud{mark}", "Maud Terlinden")
        self.room = self.care.makes(**PUBLIC)
        self.maud.joins(self.room)
        self.agent: Agent = an_agent("Tessa", role=Role.SUPERVISOR)
        settings = {"base_url": home.base_url, "user_id": self.care.user_id, "own_rooms": [self.room]}
        self.channel = begun("matrix", self.care.user_id, settings, {"token": self.care.token})

    def relation(self, who: Someone, room: str, event: str) -> dict[str, Any]:
        return dict(who.reads(room, event)["content"].get("m.relates_to", {}))

    def private(self) -> str:
        """The room to which Maud was invited by Plum."""
        rooms: dict[str, Any] = until(self.maud.rooms)
        return next(iter(rooms))


def out(channel: Channel) -> Message:
    """The newest reply, once the homeserver has taken it."""
    settle()
    return until(Message.objects.filter(channel=channel, direction="out", external_id__isnull=False).last)  # type: ignore[no-any-return]


def change(desk: Desk, message: Message, text: str | None) -> None:
    """Tessa changes her reply."""
    new = {"seen_text": message.text, "idempotency_key": new_uuid(), "text": text}
    change_reply(message_id=message.pk, author=acts(desk.agent), **new)
    settle()


def test_round_trip_through_a_real_homeserver(place: Synapse) -> None:
    told = Transcript("matrix", "tests/venues/test_real_matrix.py")
    desk = _connected(place, told)
    first, reply = _asked_and_answered(desk, told)
    _changed_by_the_customer(desk, told, first, place)
    _changed_by_us(desk, told, first, reply)
    _in_private(desk, told, first)
    _invited(desk, told, place)
    _away(desk, told)
    told.write(f"Synapse 1.163.2 on loopback with SQLite, up in {place.up_in:.0f} s, {place.megabytes()} MB")


def _connected(place: Synapse, told: Transcript) -> Desk:
    with told.step("Hark", "is begun: `check` asks who it is, the first `/sync` begins from now on"):
        desk = Desk(place)
        health = Matrix().check(account_of(desk.channel))
        assert (health.problems, health.warnings, health.self_ids) == ((), (), (desk.care.user_id,))
    return desk


def _asked_and_answered(desk: Desk, told: Transcript) -> tuple[Message, Message]:
    maud, room, channel = desk.maud, desk.room, desk.channel
    with told.step("Maud", "posts in Plum's public room: “Grüße 🎉, no signal since noon.”"):
        asked = maud.says(room, "Grüße 🎉, no signal since noon.")
    with told.step("Hark", "has it: a case, public, said on our own page"):
        first = arrived(channel, "Grüße 🎉, no signal since noon.")
        assert (first.external_id, first.visibility, first.targets_us) == (asked, "public", "owned_venue")
        case = first.conversation.case
        assert case
        assert first.identity
        assert (first.identity.key, first.identity.name) == (maud.user_id, "Maud Terlinden")

    with told.step("Tessa", "answers in public; Maud's client shows it in the thread, as an answer to her message"):
        answers(desk.agent, case, "We look at it.", visibility=Visibility.PUBLIC)
        reply = out(channel)
        assert reply.external_id
        assert maud.reads(room, reply.external_id)["content"]["body"] == "We look at it."
        assert desk.relation(maud, room, reply.external_id) == {
            "rel_type": "m.thread",
            "event_id": asked,
            "is_falling_back": False,
            "m.in_reply_to": {"event_id": asked},
        }
    with told.step("Hark", "sees its own reply come back: still one message, none by a customer"):
        look(channel)
        assert Message.objects.filter(channel=channel).count() == 2
        assert Case.objects.count() == 1
    return first, reply


def _changed_by_the_customer(desk: Desk, told: Transcript, first: Message, place: Synapse) -> None:
    maud, room, channel, asked = desk.maud, desk.room, desk.channel, first.external_id or ""
    with told.step("Maud", "answers in the thread and edits her first message; both reach the same case"):
        maud.says(room, "And now?", **{"m.relates_to": {"rel_type": "m.thread", "event_id": asked}})
        assert arrived(channel, "And now?").conversation_id == first.conversation_id
        maud.edits(room, asked, "Grüße 🎉, no signal since ten.")
        arrived(channel, "Grüße 🎉, no signal since ten.")
        first.refresh_from_db()
        assert list(first.versions.values_list("text", flat=True)) == ["Grüße 🎉, no signal since noon."]
    with told.step("Pia", "edits Maud's message with a forged event; Hark leaves it as it is"):
        pia = place.somebody(f"pia{new_uuid().hex[:6]}")
        pia.joins(room)
        pia.edits(room, asked, "All is well.")
        maud.says(room, "after Pia")
        arrived(channel, "after Pia")
        first.refresh_from_db()
        assert first.text == "Grüße 🎉, no signal since ten."
    with told.step("Maud", "deletes a message; Hark marks it as deleted"):
        slip = maud.says(room, "My password is", **{"m.relates_to": {"rel_type": "m.thread", "event_id": asked}})
        wrong = arrived(channel, "My password is")
        maud.deletes(room, slip)
        until(lambda: Message.objects.filter(pk=wrong.pk, deleted_at__isnull=False).exists(), lambda: look(channel))


def _changed_by_us(desk: Desk, told: Transcript, first: Message, reply: Message) -> None:
    maud, care, room, channel, asked = desk.maud, desk.care, desk.room, desk.channel, first.external_id or ""
    with told.step("Tessa", "gives her reply other words, then takes it away; Maud's client shows both"):
        change(desk, reply, "We are looking at it now.")
        edited = until(lambda: maud.reads(room, reply.external_id or "").get("unsigned", {}).get("m.relations"))
        newest = edited["m.replace"]["content"]["m.new_content"]["body"]
        assert newest == "We are looking at it now."
        look(channel)
        reply.refresh_from_db()
        assert reply.text == "We are looking at it now."
        change(desk, reply, None)
        assert maud.reads(room, reply.external_id)["content"] == {}
        look(channel)
        assert Message.objects.filter(channel=channel, direction="out").count() == 1

    with told.step("Plum", "answers natively, in a Matrix client; Hark shows it as answered there"):
        care.says(room, "A technician is on the way.", **{"m.relates_to": {"rel_type": "m.thread", "event_id": asked}})
        native = until(Message.objects.filter(channel=channel, native=True).first, lambda: look(channel))
        assert (native.text, native.conversation_id) == ("A technician is on the way.", first.conversation_id)


def _in_private(desk: Desk, told: Transcript, first: Message) -> None:
    maud, care, room, channel = desk.maud, desk.care, desk.room, desk.channel
    case = _case(first)
    with told.step("Tessa", "moves to private: a direct room is made, Maud is invited and finds the message"):
        answers(desk.agent, case, "Please tell us your number.", visibility=Visibility.PRIVATE)
        out(channel)
        direct = desk.private()
        maud.joins(direct)
        assert "Please tell us your number." in [one["content"].get("body") for one in maud.sees(direct)]
        assert "Please tell us your number." not in [one["content"].get("body") for one in maud.sees(room)]
    with told.step("Maud", "answers in private; nobody else can read it, and so it is private here"):
        maud.says(direct, "It is 4711.")
        private = arrived(channel, "It is 4711.")
        assert private.visibility == "private"
    with told.step("Tessa", "answers there, with a file"):
        bill = bytes(range(256)) * 400
        file = begin_file(
            case_id=_case(private).pk, kind="reply", name="Rechnung.bin", size=len(bill), author=acts(desk.agent)
        )
        add_piece(key=file.key, piece=bill, at=0, author=acts(desk.agent))
        answers(desk.agent, _case(private), "Here it is.", conversation=private.conversation, files=[file.key])
        settle()
        seen = [
            one["content"] for one in maud.sees(direct) if one["sender"] == care.user_id and "body" in one["content"]
        ]
        assert [one["body"] for one in seen[-2:]] == ["Here it is.", "Rechnung.bin"]
        assert _download(maud, seen[-1]["url"]) == bill
        look(channel)
        assert not Message.objects.filter(channel=channel, native=True, text="").exists()
    with told.step("Maud", "sends a picture; Hark fetches it with its token"):
        address = maud.uploads(PICTURE, "dot.png", "image/png")
        about = {
            "msgtype": "m.image",
            "body": "dot.png",
            "url": address,
            "info": {"mimetype": "image/png", "size": len(PICTURE)},
        }
        shown = maud.put(direct, about)
        until(lambda: Message.objects.filter(channel=channel, external_id=shown).exists(), lambda: look(channel))
        while fetch_next_file():
            pass
        kept = Message.objects.get(channel=channel, external_id=shown).attachments.get()
        assert (kept.name, kept.state) == ("dot.png", "stored")
        assert read_file(kept.sha256) == PICTURE


def _invited(desk: Desk, told: Transcript, place: Synapse) -> None:
    care, channel = desk.care, desk.channel
    with told.step(
        "Lou", "invites Plum's account to a private talk and asks; it comes in, and has what was asked before"
    ):
        lou = place.somebody(f"lou{new_uuid().hex[:6]}", "Lou")
        talk = lou.makes(preset="trusted_private_chat", is_direct=True, invite=[care.user_id])
        lou.says(talk, "Are you open on Sunday?")
        asks = arrived(channel, "Are you open on Sunday?")
        assert (asks.visibility, asks.conversation.venue_thread) == ("private", talk)
        answers(desk.agent, _case(asks), "From ten to four.", conversation=asks.conversation)
        settle()
        assert "From ten to four." in [one["content"].get("body") for one in lou.sees(talk)]
    with told.step("Lou", "invites it into an encrypted room; it declines, and says why"):
        sealed = lou.makes(
            preset="trusted_private_chat",
            is_direct=True,
            invite=[care.user_id],
            initial_state=[
                {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}
            ],
        )
        look(channel)
        gone = lou.call("GET", f"/rooms/{sealed}/state/m.room.member/{care.user_id}")
        assert gone["membership"] == "leave"
        assert "encrypted" in gone["reason"]
    with told.step("Lou", "encrypts the talk there is; a reply is refused in words instead of being sent in the clear"):
        lou.call("PUT", f"/rooms/{talk}/state/m.room.encryption", SEALED)
        reply = answers(desk.agent, _case(asks), "Until six.", conversation=asks.conversation)
        settle()
        item = reply.outbox_item
        assert item
        item.refresh_from_db()
        assert item.state == "refused"
        assert "end-to-end encrypted" in item.error
        assert any(talk in sentence for sentence in Matrix().check(account_of(channel)).warnings)


def _away(desk: Desk, told: Transcript) -> None:
    maud, room, channel = desk.maud, desk.room, desk.channel
    with told.step("Maud", "writes 260 lines while Hark is away"):
        for number in range(260):
            maud.says(room, f"line {number}")
    with told.step("Hark", "has them all, once: what `/sync` left out it has read from `/messages`"):
        lines = Message.objects.filter(channel=channel, text__startswith="line ")
        until(lambda: lines.count() >= 260, lambda: look(channel))
        look(channel)
        assert sorted(lines.values_list("text", flat=True)) == sorted(f"line {number}" for number in range(260))


def _case(message: Message) -> Case:
    case = Message.objects.get(pk=message.pk).conversation.case
    assert case
    return case


def _download(who: Someone, address: str) -> bytes:
    path = f"{who.base_url}/_matrix/client/v1/media/download/{address.removeprefix('mxc://')}"
    return httpx.get(path, headers={"authorization": f"Bearer {who.token}"}, timeout=30).raise_for_status().content


def test_the_same_reply_sent_twice_stands_there_once(place: Synapse) -> None:
    desk = Desk(place)
    desk.maud.says(desk.room, "Hello?")
    case = _case(arrived(desk.channel, "Hello?"))
    reply = answers(desk.agent, case, "Once only.", visibility=Visibility.PUBLIC)
    settle()
    item = reply.outbox_item
    assert item
    type(item).objects.filter(pk=item.pk).update(state="queued", sent_at=None)
    while send_due():
        pass
    assert [one["content"].get("body") for one in desk.maud.sees(desk.room)].count("Once only.") == 1


def test_a_revoked_token_stops_sending_and_says_so(place: Synapse) -> None:
    desk = Desk(place)
    desk.maud.says(desk.room, "Hello?")
    case = _case(arrived(desk.channel, "Hello?"))
    desk.care.call("POST", "/logout", {})
    reply = answers(desk.agent, case, "Too late.", visibility=Visibility.PUBLIC)
    settle()
    desk.channel.refresh_from_db()
    assert desk.channel.state == ChannelState.AUTH_LOST
    item = reply.outbox_item
    assert item
    item.refresh_from_db()
    assert item.state == "queued"
    assert Matrix().check(account_of(desk.channel)).problems
