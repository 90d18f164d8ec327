"""The venue of encounters: nobody calls it, nothing leaves by it; agents write down what happened elsewhere."""

from collections.abc import Iterator
from typing import Any, ClassVar

from hark.channels.base import Venue
from hark.channels.encounter.words import heading
from hark.channels.errors import Refused
from hark.channels.kit.careful_json import Unreadable, loads
from hark.channels.kit.carried import bytes_of
from hark.channels.kit.words import id_of, text_of, time_of
from hark.channels.types import Account, AttachmentRef, Caps, Health, Inbound, OutboundFile, Person, Raw

SETTLED = "settled"
MOST_FILES = 10
HASH_LENGTH = 64


class Encounters(Venue):
    """Shop counter, letter, call elsewhere: noted by the agent who was there, or who opened the letter."""

    key: ClassVar[str] = "encounter"
    name: ClassVar[str] = "Encounters"
    icon: ClassVar[str] = "person"
    intro: ClassVar[str] = "Shop counter, letters, calls elsewhere. Made by itself with the first one that is noted."
    proof: ClassVar[str] = "real server"
    caps: ClassVar[Caps] = Caps(own_venue=True)

    def check(self, account: Account) -> Health:
        """There is nothing that could be missing."""
        return Health(self_ids=(account.key,), caps=self.caps)

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        """One message: what the customer said, what was done under it. Address and number are claims."""
        try:
            met = loads(raw.body)
        except Unreadable as problem:
            return [Inbound("unknown", account=account.key, raw_id=raw.id, problem=str(problem))]
        number = id_of(met.get("id")) if isinstance(met, dict) else None
        if not number:
            return [Inbound("unknown", account=account.key, raw_id=raw.id, problem="an encounter without an id")]
        text = _text(met)
        return [
            Inbound(
                "message",
                external_id=number,
                account=account.key,
                raw_id=raw.id,
                thread_id=id_of(met.get("thread")) or number,
                visibility="private",
                author=_person(met),
                message_kind="encounter",
                subject=heading(text_of(met.get("way")), text_of(met.get("place"))),
                text=text,
                attachments=tuple(_files(met)),
                sent_at=time_of(met.get("at")) or raw.received_at,
                targets_us="owned_venue",
                policy=(SETTLED,) if met.get("settled") is True else (),
                problem=None if text else "an encounter without words",
            )
        ]

    def part(self, account: Account, raw: Raw, ref: str) -> bytes | None:
        """A file that was stored before the encounter was."""
        return bytes_of(OutboundFile(ref, "", "", 0)) if len(ref) == HASH_LENGTH else None

    def media(self, account: Account, ref: str) -> Iterator[bytes]:
        """What `part` did not find lies nowhere else."""
        raise Refused("no_part", "It is not here any more.")


def _text(met: dict[str, Any]) -> str:
    said, done = text_of(met.get("said")).strip(), text_of(met.get("done")).strip()
    return "\n\n".join(filter(None, (said, done and f"What was done: {done}")))


def _person(met: dict[str, Any]) -> Person | None:
    key = id_of(met.get("person"))
    if not key:
        return None
    claims = tuple(
        (name, value) for name in ("email", "phone") if (value := text_of(met.get(name)).strip()[:200].lower())
    )
    return Person(
        key,
        network=text_of(met.get("network"))[:80] or "encounter",
        scope=text_of(met.get("scope"))[:200],
        handle=text_of(met.get("handle"))[:200],
        name=text_of(met.get("name")).strip()[:200],
        claims=claims,
    )


def _files(met: dict[str, Any]) -> Iterator[AttachmentRef]:
    listed = met.get("files")
    for one in listed[:MOST_FILES] if isinstance(listed, list) else ():
        ref = text_of(one.get("sha256")) if isinstance(one, dict) else ""
        if len(ref) == HASH_LENGTH and ref.isalnum() and ref.isascii():
            size = one.get("size")
            name, mime = text_of(one.get("name"))[:200], text_of(one.get("mime"))[:100]
            yield AttachmentRef(ref, mime, size if isinstance(size, int) else None, name)
