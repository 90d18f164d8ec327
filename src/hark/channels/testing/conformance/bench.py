"""What a venue's test class tells the suite, and the samples it brings."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol
from uuid import UUID

from hark.channels.as_json import as_json
from hark.channels.base import Venue
from hark.channels.types import Account, Inbound, Outbound, Raw, Request, Target

MOMENT = datetime(2026, 10, 12, 11, 22, 33, tzinfo=UTC)
Visibility = Literal["public", "private"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One recorded arrival and the events that it must give."""

    name: str
    raw: Raw
    expected: tuple[dict[str, Any], ...]


class Counterpart(Protocol):
    """A server that plays the venue, for the cases that need one."""

    account: Account

    def received(self) -> Sequence[dict[str, Any]]:
        """What it took, oldest first, repeated takings of one message once.

        `text` at least; `by` where robots must say so, `parent` where it is threaded, and where a talk can be moved to
        private also `visibility` and `private_of`.
        """
        ...

    def fail(self, how: str) -> None:
        """The next send fails: `429`, `500`, `403`, `401` or `drop_reply`; for drills also `429 alone`, `hang`."""
        ...

    def offer(self, count: int) -> list[str]:
        """New events that a poll will find; their external ids, oldest first."""
        ...

    def mention(self, text: str) -> str:
        """Somebody posts this in public, and not to us; its external id. For venues that let us listen."""
        ...

    def echo(self) -> Raw:
        """The last message taken, as the venue reports our own posts to us."""
        ...

    def published(self, external_id: str) -> str | None:
        """What a reply of ours says there now; None when it is gone. For venues that let replies be changed."""
        ...

    def weaken(self) -> None:
        """Take a permission away and let the rest end soon."""
        ...

    def hang_up(self) -> None:
        """From now on nobody listens there."""
        ...

    def file(self, size: int) -> str:
        """A reference to an attachment of this size."""
        ...


class Bench:
    """Derived classes set the three variables and write the functions that their venue needs."""

    venue: ClassVar[Venue]
    samples: ClassVar[Path]
    secret_name: ClassVar[str] = "signing"  # noqa: S105 - a name, not a secret
    proof_headers: ClassVar[tuple[str, ...]] = ()
    permission_ends: ClassVar[bool] = True  # there are scopes that can be missing, and an end that can be foreseen
    in_parts: ClassVar[Mapping[str, Any]] = {"max_parts": 5}  # settings of an account on which answers are split
    seen: ClassVar[Visibility] = "private"  # "public" where the venue has no private talk
    echo_carries_ref: ClassVar[bool] = True  # does our own id come back with our own posts?
    in_private: ClassVar[Mapping[str, Any]] = {}  # settings of an account on which a talk can be moved to private
    target: ClassVar[Target] = Target(external_id="p1", thread="t1", person="u1")

    def account(self) -> Account:
        """A connected account with its secrets."""
        raise NotImplementedError

    def genuine(self, body: bytes) -> Request:
        """A call that the venue itself would make with this body."""
        raise NotImplementedError

    def tampered(self, request: Request) -> Iterator[Request]:
        """The same call with one bit changed, for every byte that its proof covers: body and proof headers."""
        for place in range(len(request.body)):
            yield replace(request, body=flipped(request.body, place))
        for name in self.proof_headers:
            value = request.headers[name].encode()
            for place in range(len(value)):
                yield with_header(request, name, flipped(value, place).decode("utf-8", "replace"))

    def handshake(self) -> Request | None:
        """A call that is to be answered and not stored, where the venue makes one."""
        return None

    def says(self, text: str, visibility: Visibility = "private", *, thread: str = "t1", at: datetime = MOMENT) -> Raw:
        """An arrival in which a customer says this, to whoever may see it."""
        raise NotImplementedError

    def carried(self, text: str) -> str:
        """What reaches the other side of `text`, where the venue's own form changes line ends."""
        return text

    def batch(self, count: int) -> tuple[Raw, list[str]] | None:
        """One arrival with so many events, and their ids in order; None where the venue delivers them one by one."""
        return None

    def counterpart(self) -> AbstractContextManager[Counterpart] | None:
        """A server that plays the venue; None where the venue is Hark itself."""
        return None

    def forbidden(self) -> Outbound | tuple[Outbound, ...]:
        """Replies that the venue's own rules forbid, where it has such rules."""
        return ()

    def not_applicable(self) -> dict[int, str]:
        """The cases that do not apply to this venue, each with its reason."""
        caps = self.venue.caps
        connected = caps.webhook or caps.poll or caps.public or caps.private
        rules = {
            1: (caps.webhook, "the venue makes no calls"),
            5: (self.batch(2) is not None, "one event a call"),
            7: (caps.echo, "our own posts never come in"),
            8: (caps.edits_in or caps.deletes_in, "nothing is edited or deleted"),
            13: (caps.media, "no attachments"),
            14: (caps.poll, "not polled"),
            15: (caps.public or caps.private, "no replies"),
            16: (caps.public or caps.private, "no replies"),
            17: (caps.max_length is not None, "no limit"),
            18: (
                not caps.own_venue and (caps.public or caps.private),
                "the venue is Hark itself, no line can break" if caps.own_venue else "no replies",
            ),
            19: (bool(self.forbidden()), "no such rules"),
            20: (caps.public or caps.private, "no replies"),
            21: (connected, "it holds no secret"),
            23: (connected, "nothing is connected"),
            24: (self._has("consent_stop"), "no opt-out words"),
            25: (caps.must_purge_on_delete, "no duty to purge"),
            27: (caps.webhook, "the venue makes no calls"),
            28: (caps.edits_out or caps.deletes_out, "a reply stays as it was sent"),
            29: (caps.max_parts > 1, "an answer is one post"),
            30: (caps.can_move_private != "none", "a public talk stays public"),
            31: (caps.listen_keywords, "it cannot be searched"),
        }
        return {number: reason for number, (applies, reason) in rules.items() if not applies}

    # ── what the cases share ──

    def all_samples(self) -> list[Sample]:
        """Every `NAME.raw` in the samples' folder, with `NAME.jsonl` and, where there is one, `NAME.headers.json`."""
        return [_sample(path) for path in sorted(self.samples.glob("*.raw"))]

    def parsed(self, raw: Raw, account: Account | None = None) -> list[Inbound]:
        """The events of an arrival."""
        return self.venue.parse(account or self.account(), raw)

    def events(self) -> list[Inbound]:
        """The events of all samples."""
        return [event for sample in self.all_samples() for event in self.parsed(sample.raw)]

    def reply(self, text: str = "Thank you.", visibility: Visibility | None = None, **more: Any) -> Outbound:
        """A reply with a fixed id."""
        seen = visibility or self.seen
        known: dict[str, Any] = {"id": UUID(int=7), "target": self.target, **more}
        return Outbound(visibility=seen, text=text, **known)

    def _has(self, kind: str) -> bool:
        return any(event["kind"] == kind for sample in self.all_samples() for event in sample.expected)


def shown(events: Sequence[Inbound]) -> list[dict[str, Any]]:
    """Events as the samples expect them."""
    return [as_json(event) for event in events]


def flipped(raw: bytes, place: int) -> bytes:
    """The bytes with the lowest bit of one changed."""
    return raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]


def with_header(request: Request, name: str, value: str | None) -> Request:
    """The call with one header changed, or without it."""
    headers = {key: old for key, old in request.headers.items() if key != name}
    return replace(request, headers=headers if value is None else {**headers, name: value})


def _sample(path: Path) -> Sample:
    headers = path.with_suffix(".headers.json")
    known = json.loads(headers.read_text(encoding="utf-8")) if headers.exists() else {}
    lines = path.with_suffix(".jsonl").read_text(encoding="utf-8").splitlines()
    return Sample(path.stem, Raw(path.read_bytes(), known, received_at=MOMENT), tuple(map(json.loads, lines)))
