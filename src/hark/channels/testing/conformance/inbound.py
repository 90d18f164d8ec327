"""Cases 1 to 14, 24 to 27 and 31: what comes in."""
# ruff: noqa: S101 - a test suite is made of assertions

import json
import socket
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any, get_args
from unittest.mock import patch

import pytest

from hark.channels.errors import SendError
from hark.channels.testing.conformance.bench import MOMENT, Bench, shown, with_header
from hark.channels.types import Accepted, Account, Answered, Inbound, Kind, Raw, Rejected
from hark.kernel.time import monotonic

KINDS = set(get_args(Kind))
CUSTOMERS = {"message", "review"}
STRANGE: tuple[Any, ...] = (None, 3.5, [], {}, True, "\ud800")
ODD = (
    b"",
    b"{}",
    b"[]",
    b"null",
    b"\x00" * 64,
    b"\xff\xfe\xfd",
    b"[" * 100_000,
    b'{"events":[]}',
    b"&&&=&",
    b"9" * 9_999,
)
TEXTS = (
    "Thanks! 🎉👩‍👩‍👧‍👦 🇵🇹",
    "שלום, איפה ההזמנה שלי?",
    "one\r\ntwo\nthree",
    "𝒻ℴ𝓊𝓇 bytes 𠜎",
    "<script>alert(1)</script> & <b>bold</b> &amp;",
    "a" * 400,
)
BIG = 100_000
VERIFY_SECONDS = 0.005


class InboundCases(Bench):
    """What comes in."""

    def case_01(self) -> None:
        """Genuine, altered, wrongly signed, unsigned, rotated, handshake."""
        account, request = self.account(), self.genuine(self.all_samples()[0].raw.body)
        assert isinstance(self.venue.verify(account, request), Accepted)
        for altered in self.tampered(request):
            assert isinstance(self.venue.verify(account, altered), Rejected), altered
        for name in self.proof_headers:
            assert isinstance(self.venue.verify(account, with_header(request, name, None)), Rejected)
        old, name = account.secrets[self.secret_name], self.secret_name
        for secrets, taken in (
            ({name: "another secret", f"{name}.previous": old}, True),
            ({name: "another secret"}, False),
            ({name: ""}, False),
            ({}, False),
        ):
            verdict = self.venue.verify(replace(account, secrets=secrets), request)
            assert isinstance(verdict, Accepted) == taken, secrets.keys()
        handshake = self.handshake()
        assert handshake is None or isinstance(self.venue.verify(account, handshake), Answered)

    def case_02(self) -> None:
        """Truncated, damaged, enriched and odd bytes."""
        for body in (*ODD, *(bent for sample in self.all_samples() for bent in _bent(sample.raw.body))):
            events = self.parsed(Raw(body, received_at=MOMENT))
            assert all(event.kind in KINDS for event in events)
            assert all(event.problem for event in events if event.kind == "unknown")

    def case_03(self) -> None:
        """Twice the same, with sockets closed."""
        with no_sockets():
            for sample in self.all_samples():
                assert self.parsed(sample.raw) == self.parsed(sample.raw), sample.name

    def case_04(self) -> None:
        """A second instance of the venue gives the same ids."""
        for sample in self.all_samples():
            again = type(self.venue)().parse(self.account(), replace(sample.raw, id="2"))
            assert [event.external_id for event in again] == [event.external_id for event in self.parsed(sample.raw)]

    def case_05(self) -> None:
        """As many events as there are, in order."""
        made = self.batch(25)
        assert made is not None
        raw, ids = made
        assert [event.external_id for event in self.parsed(raw)] == ids

    def case_06(self) -> None:
        """Text, and under the account that was asked."""
        other = replace(self.account(), key="chan_other")
        for sample in self.all_samples():
            for event in self.parsed(sample.raw, other):
                assert event.account == "chan_other"
                assert event.kind == "unknown" or event.external_id, sample.name
                people = [event.author] if event.author else []
                ids = [event.external_id, event.thread_id, event.parent_id, *(person.external_id for person in people)]
                assert all(isinstance(each, str | None) for each in ids)

    def case_07(self) -> None:
        """What we wrote ourselves is an echo."""
        events = self.events()
        assert any(event.kind == "echo" for event in events), "bring a sample of our own post"
        for event in events:
            ours = bool(event.author and event.author.is_self)
            assert not (ours and event.kind in CUSTOMERS), event
            assert ours or event.kind != "echo", event

    def case_08(self) -> None:
        """Changes name what they change."""
        events, caps = self.events(), self.venue.caps
        originals = {event.external_id for event in events if event.kind in CUSTOMERS}
        for kind, promised in (("edit", caps.edits_in), ("delete", caps.deletes_in)):
            about = [event.external_id for event in events if event.kind == kind]
            assert bool(about) == promised, f"bring a sample of kind {kind}, or take the flag back"
            assert set(about) <= originals, kind

    def case_09(self) -> None:
        """Every sample gives exactly what is expected of it; receipts and answers among them where promised."""
        for sample in self.all_samples():
            assert shown(self.parsed(sample.raw)) == list(sample.expected), sample.name
        expected = [event for sample in self.all_samples() for event in sample.expected]
        assert any(event["thread_id"] for event in expected)
        assert not self.venue.caps.threaded or any(event["parent_id"] for event in expected)
        assert not self.venue.caps.receipts or any(event["kind"] == "receipt" for event in expected)

    def case_10(self) -> None:
        """Aware, UTC."""
        for event in self.events():
            assert event.sent_at is None or event.sent_at.utcoffset() == timedelta(0)
            assert event.kind not in CUSTOMERS or event.sent_at or event.problem

    def case_11(self) -> None:
        """Whoever could read it there."""
        caps = self.venue.caps
        promised = {self.seen, *(name for name in ("private", "public") if getattr(caps, name))}
        for visibility in sorted(promised):
            assert only(self.parsed(self.says("hello", visibility))).visibility == visibility  # type: ignore[arg-type]

    def case_12(self) -> None:
        """What people wrote, to the letter."""
        for text in TEXTS:
            assert only(self.parsed(self.says(text, self.seen))).text == self.carried(text)
        torn = only(self.parsed(self.says("nul \x00 here", self.seen))).text or ""
        assert "\x00" not in torn
        for event in self.events():
            for mention in event.mentions:
                assert mention.handle.lstrip("@") in (event.text or "")[mention.start : mention.end]

    def case_13(self) -> None:
        """References; bytes out of the arrival, or only from the venue, only so many."""
        if self._parts_are_whole():
            with pytest.raises(SendError):
                list(self.venue.media(self.account(), "elsewhere"))
            return
        place = self.counterpart()
        assert place is not None
        with place as venue:
            assert len(b"".join(self.venue.media(venue.account, venue.file(1_000)))) == 1_000
            for bad in ("http://127.0.0.1:1/elsewhere", "file:///etc/passwd", "", venue.file(20_000_000)):
                with pytest.raises(SendError):
                    list(self.venue.media(venue.account, bad))

    def _parts_are_whole(self) -> bool:
        """Do the files of the samples lie in their arrivals? Then each has the size that was said of it."""
        raws = [sample.raw for sample in self.all_samples()]
        files = [(raw, file) for raw in raws for event in self.parsed(raw) for file in event.attachments]
        assert files, "bring a sample with an attachment"
        parts = [(self.venue.part(self.account(), raw, file.ref), file.size) for raw, file in files]
        return all(part is not None and len(part) == size for part, size in parts)

    def case_14(self) -> None:
        """Page by page, nothing twice, nothing lost; the same page again when it was not written down."""
        place = self.counterpart()
        assert place is not None
        with place as venue:
            first = self.venue.poll(venue.account, "")
            assert not first.raws
            assert not first.more
            ids = venue.offer(120)
            found, cursor = self._polled(venue.account, first.next_cursor)
            assert found == ids
            assert self._polled(venue.account, first.next_cursor)[0] == ids, "the page was not committed: once more"
            assert self._polled(venue.account, "")[0] == ids
            assert self._polled(venue.account, cursor) == ([], cursor)

    def _polled(self, account: Account, cursor: str) -> tuple[list[str | None], str]:
        ids: list[str | None] = []
        while True:
            page = self.venue.poll(account, cursor)
            ids += [event.external_id for raw in page.raws for event in self.parsed(raw, account)]
            cursor = page.next_cursor
            if not page.more:
                return ids, cursor

    def case_31(self) -> None:
        """Found by its word, once; without the word nobody hears of it."""
        place = self.counterpart()
        assert place is not None
        with place as venue:
            listening = replace(venue.account, terms=("plum",))
            begun = {account.terms: self._polled(account, "")[1] for account in (venue.account, listening)}
            other, wanted = venue.mention("Nothing but rain today"), venue.mention("My new Plum lost its wheel")
            for account, ids in ((venue.account, []), (listening, [wanted])):
                found, cursor = self._polled(account, begun[account.terms])
                assert found == ids, f"{other} was not asked for"
                assert self._polled(account, cursor)[0] == []
            (heard,) = self._heard(listening, begun[listening.terms])
            assert (heard.kind, heard.targets_us, heard.visibility) == ("message", "keyword", "public")

    def _heard(self, account: Account, cursor: str) -> list[Inbound]:
        page = self.venue.poll(account, cursor)
        return [event for raw in page.raws for event in self.parsed(raw, account)]

    def case_24(self) -> None:
        """STOP is heard."""
        stops = [event for event in self.events() if event.kind == "consent_stop"]
        assert stops
        assert all(event.author for event in stops)

    def case_25(self) -> None:
        """Marked, so that the core erases it."""
        gone = [event for event in self.events() if event.kind == "delete"]
        assert gone
        assert all("must_purge" in event.policy for event in gone)

    def case_26(self) -> None:
        """Stateless reading: order of arrival and skewed clocks change no thread."""
        moments = [MOMENT + timedelta(seconds=n) for n in range(12)]
        raws = [self.says(f"line {n}", self.seen, thread=f"t{n % 3}", at=at) for n, at in enumerate(moments)]
        wanted = _threads([event for raw in raws for event in self.parsed(raw)])
        lots = Random(7)  # noqa: S311 - an order, not a secret
        for _ in range(20):
            lots.shuffle(raws)
            skewed = [replace(raw, received_at=MOMENT + timedelta(hours=lots.randint(-5, 5))) for raw in raws]
            assert _threads([event for raw in skewed for event in self.parsed(raw)]) == wanted

    def case_27(self) -> None:
        """413 over the cap; quick enough to stand before everything else."""
        account, request = self.account(), self.genuine(self.all_samples()[0].raw.body)
        verdict = self.venue.verify(account, replace(request, body=b"x" * (self.venue.body_bytes + 1)))
        assert isinstance(verdict, Rejected)
        assert verdict.reply.status == 413
        big = replace(request, body=b"x" * BIG)
        spans = []
        for _ in range(9):
            begun = monotonic()
            self.venue.verify(account, big)
            spans.append(monotonic() - begun)
        assert min(spans) <= VERIFY_SECONDS, spans  # the least: a busy machine is not the venue's fault


@contextmanager
def no_sockets() -> Iterator[None]:
    """Whoever opens a socket in this block fails."""

    def refuse(*args: Any, **more: Any) -> None:
        raise AssertionError("a socket was opened")

    with patch.object(socket, "socket", refuse):
        yield


def only(events: list[Inbound]) -> Inbound:
    """The one event there is."""
    assert len(events) == 1, events
    return events[0]


def _bent(body: bytes) -> Iterator[bytes]:
    """Cut short at up to 200 places, damaged at 200, and with more in it than is known."""
    step = max(1, len(body) // 200)
    yield from (body[:end] for end in range(0, len(body), step))
    lots = Random(len(body))  # noqa: S311 - a damage, not a secret
    for _ in range(200 if body else 0):
        place = lots.randrange(len(body))
        yield body[:place] + lots.randbytes(1) + body[place + 1 :]
    try:
        said = json.loads(body)
    except ValueError:
        return
    if isinstance(said, dict):
        yield json.dumps({"new": {"deep": [1, 2, {"x": None}]}, **said, "type": "brand new", "zzz": -1}).encode()
        yield from (json.dumps({**said, key: odd}).encode() for key in said for odd in STRANGE)


def _threads(events: list[Inbound]) -> dict[str | None, list[str | None]]:
    found: dict[str | None, list[str | None]] = defaultdict(list)
    for event in sorted(events, key=lambda each: each.text or ""):
        found[event.thread_id].append(event.text)
    return dict(found)
