"""Telegram passes the suite, and does what is its own. The samples were written after core.telegram.org/bots/api."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest

from hark.channels.errors import AuthLost, Refused, Retry
from hark.channels.telegram import Telegram
from hark.channels.testing.conformance import ChannelConformance
from hark.channels.testing.conformance.bench import MOMENT, Visibility, flipped, with_header
from hark.channels.testing.conformance.inbound import only
from hark.channels.testing.counterpart import Call
from hark.channels.types import Account, Inbound, Outbound, OutboundFile, Raw, Request, Target
from hark.kernel.storage import store
from tests.channels.accounts import a_call
from tests.channels.venues.telegram_place import GROUP, MAUD, TOKEN, TelegramPlace, refused

SAMPLES = Path(__file__).parents[1] / "samples" / "telegram"
SECRET = "a-webhook-secret-of-the-suite"
HEADER = "x-telegram-bot-api-secret-token"
SETTINGS = {"bot": "@plum_care_bot"}
OURS = frozenset({"@plum_care_bot", "900100"})
ACCOUNT = Account("chan_tg", "@plum_care_bot", SETTINGS, {"token": TOKEN, "webhook": SECRET}, OURS)
PICTURE = OutboundFile("0" * 64, "wheel.png", "image/png", 7)
VENUE = Telegram()


def a_message(text: str, chat: dict[str, Any], at: datetime = MOMENT, **more: Any) -> dict[str, Any]:
    """A message of Maud's."""
    number = uuid5(UUID(int=6), text).int % 1_000_000_007
    return {"message_id": number, "from": MAUD, "chat": chat, "date": int(at.timestamp()), "text": text, **more}


class TestTelegram(ChannelConformance):
    venue = VENUE
    samples = SAMPLES
    secret_name = "webhook"
    proof_headers = (HEADER,)
    permission_ends = False  # a bot's token has neither scopes nor an end
    target = Target(external_id="42:7", thread="42", root="42:7", parent="42:7", person="42")

    def account(self) -> Account:
        return ACCOUNT

    def genuine(self, body: bytes) -> Request:
        return a_call(body, {HEADER: SECRET})

    def tampered(self, request: Request) -> Iterator[Request]:
        """Telegram signs nothing; the secret is what must not be touched."""
        value = request.headers[HEADER].encode()
        for place in range(len(value)):
            yield with_header(request, HEADER, flipped(value, place).decode("utf-8", "replace"))

    def says(self, text: str, visibility: Visibility = "private", *, thread: str = "t1", at: datetime = MOMENT) -> Raw:
        public = {"id": thread, "type": "supergroup", "username": "plum_riders"}
        chat = {"id": thread, "type": "private"} if visibility == "private" else public
        said = {"update_id": 1, "message": a_message(text, chat, at)}
        return Raw(json.dumps(said).encode(), {}, "1", at)

    def batch(self, count: int) -> tuple[Raw, list[str]]:
        said = [
            {"update_id": n, "message": a_message(f"line {n}", {"id": 42, "type": "private"})} for n in range(count)
        ]
        return Raw(json.dumps({"ok": True, "result": said}).encode()), [
            f"42:{one['message']['message_id']}" for one in said
        ]

    def counterpart(self) -> TelegramPlace:
        return TelegramPlace(ACCOUNT)

    def forbidden(self) -> tuple[Outbound, ...]:
        long, many = self.reply("é" * 1025, attachments=(PICTURE,)), self.reply(attachments=(PICTURE,) * 11)
        return long, many


def parsed(said: dict[str, Any]) -> Inbound:
    """The one event of an update."""
    return only(VENUE.parse(ACCOUNT, Raw(json.dumps({"update_id": 1, **said}).encode())))


def test_what_is_stored_may_be_forgotten_by_telegram() -> None:
    class Forgets(TelegramPlace):
        forgets = True

    with Forgets(ACCOUNT) as place:
        ids, found, cursor = place.offer(250), [], ""
        for _ in range(3):
            page = VENUE.poll(place.account, cursor)  # asked for only when the page before it is committed
            again = VENUE.poll(place.account, cursor)
            assert again.raws == page.raws, "a page that was not committed comes once more"
            found += [event.external_id for raw in page.raws for event in VENUE.parse(place.account, raw)]
            cursor = page.next_cursor
        assert found == ids


def test_one_line_is_kept_open_and_ends_when_it_is_closed() -> None:
    with TelegramPlace(ACCOUNT) as place:
        ids, pages = place.offer(101), VENUE.watch(place.account, "")
        found = [event.external_id for _ in range(2) for raw in next(pages).raws for event in VENUE.parse(ACCOUNT, raw)]
        assert found == ids
        assert next(pages).raws == ()
        pages.close()  # type: ignore[attr-defined]


def test_a_webhook_that_is_set_is_told_to_whoever_asks() -> None:
    with TelegramPlace(ACCOUNT) as place:
        place.hook["url"] = "https://hark.example/in/chan_tg/"
        with pytest.raises(Refused, match="webhook is set"):
            VENUE.poll(place.account, "")
        assert "webhook is set" in VENUE.check(place.account).problems[0]


def test_another_asker_is_told_and_asked_again_later() -> None:
    class Contested(TelegramPlace):
        def get_updates(self, call: Call) -> Any:
            return refused(409, "Conflict: terminated by other getUpdates request")

    with Contested(ACCOUNT) as place, pytest.raises(Retry, match="somebody else asks"):
        VENUE.poll(place.account, "")


def test_check_says_whose_token_it_is_and_what_keeps_calls_away() -> None:
    calls = replace(ACCOUNT, settings={**SETTINGS, "incoming": "webhook"})
    with TelegramPlace(calls) as place:
        assert VENUE.check(place.account).self_ids == ("900100", "@plum_care_bot")
        assert "No webhook is set" in VENUE.check(place.account).problems[0]
        place.hook |= {
            "url": "https://hark.example/in/x/",
            "last_error_message": "Wrong response",
            "pending_update_count": 3,
        }
        health = VENUE.check(place.account)
        assert health.problems == ()
        assert "Wrong response. 3 messages wait" in health.warnings[0]
        other = replace(place.account, settings={**calls.settings, "bot": "@other_bot"})
        assert "not to @other_bot" in VENUE.check(other).problems[0]
        lost = replace(place.account, secrets={"token": TOKEN + "x"})
        assert "does not know this token" in VENUE.check(lost).problems[0]


def test_either_telegram_calls_or_it_is_asked() -> None:
    asked = VENUE.caps_for(ACCOUNT)
    called = VENUE.caps_for(replace(ACCOUNT, settings={"incoming": "webhook"}))
    assert (asked.poll, asked.webhook, called.poll, called.webhook) == (True, False, False, True)
    (_, words), _ = VENUE.code(ACCOUNT, "https://hark.example/in/chan_tg/")
    assert "url=https://hark.example/in/chan_tg/" in words


def test_offsets_of_utf16_become_code_points() -> None:
    text = "👩‍👩‍👧‍👦🎉 @plum_care_bot 字"
    units = len("👩‍👩‍👧‍👦🎉 ".encode("utf-16-le")) // 2
    said = a_message(
        text, {"id": int(GROUP), "type": "group"}, entities=[{"type": "mention", "offset": units, "length": 14}]
    )
    event = parsed({"message": said})
    (mention,) = event.mentions
    assert text[mention.start : mention.end] == "@plum_care_bot"
    assert (event.targets_us, event.visibility, event.thread_id) == ("mention", "limited", GROUP)


def test_an_entity_that_ends_outside_of_the_text_is_left_out() -> None:
    odd = [
        {"type": "mention", "offset": 2, "length": 99},
        {"type": "mention", "offset": -1, "length": 3},
        {"type": "mention"},
        5,
    ]
    assert parsed({"message": a_message("short", {"id": 42, "type": "private"}, entities=odd)}).mentions == ()


def test_an_answer_goes_into_its_topic_and_under_its_message() -> None:
    with TelegramPlace(ACCOUNT) as place:
        target = Target(external_id=f"{GROUP}:56", thread=f"{GROUP}:9", parent=f"{GROUP}:56", person="42")
        (number,) = VENUE.send(place.account, TestTelegram().reply("Here", "public", target=target)).external_ids
        taken = place.taken[-1]
        assert (taken["chat"], taken["topic"], taken["parent"]) == (GROUP, 9, f"{GROUP}:56")
        assert number.startswith(f"{GROUP}:")


def test_whoever_has_not_started_the_bot_cannot_be_written_to_first() -> None:
    with TelegramPlace(ACCOUNT) as place:
        target = Target(external_id=f"{GROUP}:56", thread=GROUP, parent=f"{GROUP}:56", person="13")
        with pytest.raises(Refused, match="press Start"):
            VENUE.send(place.account, TestTelegram().reply(target=target, private_of=f"{GROUP}:56"))


def test_a_blocked_bot_and_a_wait_are_told_in_telegrams_words() -> None:
    with TelegramPlace(ACCOUNT) as place:
        place.fail("403")
        with pytest.raises(Refused, match="has blocked the bot"):
            VENUE.send(place.account, TestTelegram().reply())
        place.fail("429")
        with pytest.raises(Retry) as wait:
            VENUE.send(place.account, TestTelegram().reply())
        assert wait.value.after_seconds == 2
        with pytest.raises(AuthLost):
            VENUE.send(replace(place.account, secrets={"token": "1:wrong"}), TestTelegram().reply())


def test_files_go_as_pictures_documents_and_albums(tmp_path: Path, settings: Any) -> None:
    settings.HARK_FILES = tmp_path
    picture = replace(PICTURE, sha256=store([b"picture"], most=100).sha256)
    paper = replace(picture, name="invoice.pdf", mime="application/pdf")
    with TelegramPlace(ACCOUNT) as place:
        for files, wanted in (((picture,), ["photo"]), ((paper,), ["document"]), ((picture, paper), ["document"] * 2)):
            ids = VENUE.send(place.account, TestTelegram().reply("See", attachments=files)).external_ids
            assert place.taken[-1]["files"] == wanted
            assert place.taken[-1]["text"] == "See"
            assert len(ids) == len(set(ids)) == len(files)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"text": "/start shop"}, "message"),
        ({"text": "/stop"}, "consent_stop"),
        ({"text": "", "pinned_message": {}}, "profile"),
    ],
)
def test_buttons_and_notes_are_no_questions(said: dict[str, Any], kind: str) -> None:
    event = parsed({"message": {**a_message("x", {"id": 42, "type": "private"}), **said}})
    assert event.kind == kind
    assert kind != "message" or event.policy == ("automatic",)
