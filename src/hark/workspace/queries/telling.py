"""Notices as they are told outside Hark, by e-mail and push: as little as the settings allow."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings

from hark.conversations.models import Notice
from hark.conversations.types import NoticeKind
from hark.kernel import secrets
from hark.organisation.models import Agent

HAPPENED = {
    "message.received": "New message",
    "case.replied": "A colleague answered",
    "note.added": "New note",
    "case.resolved": "Case resolved",
    "case.reopened": "Case open again",
    "channel.auth_lost": "A channel is cut off, replies wait",
    "channel.ends_soon": "What lets us into a channel ends soon",
    "channel.ceiling_reached": "A channel reached its ceiling and listens for no words",
}
SAID = {
    NoticeKind.MENTION: "A colleague mentions you",
    NoticeKind.ASSIGNED: "A case was given to you",
    NoticeKind.NOT_SENT: "Your reply did not arrive, or nobody knows",
    NoticeKind.AT_RISK: "A promise is about to break",
    NoticeKind.MOOD: "A customer grows angry",
}
HURRIES = frozenset(
    {NoticeKind.MENTION, NoticeKind.ASSIGNED, NoticeKind.NOT_SENT, NoticeKind.AT_RISK, NoticeKind.CHANNEL}
)
LONGEST = 120
MAIL_PURPOSE = "notices by e-mail"


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of one case or channel. `about` is empty unless the settings allow to name the case.

    `id` is its newest notice, `path` is where it is seen.
    """

    id: int
    path: str
    words: str
    about: str
    hurries: bool


def told_of(rows: Iterable[Notice], *, naming: bool) -> list[Told]:
    """One line a case or channel, in the order of their newest notices (`rows` are oldest first)."""
    found: defaultdict[str, list[Notice]] = defaultdict(list)
    for row in rows:
        found[path_of(row)].append(row)
    return sorted((_told(of_one, naming) for of_one in found.values()), key=lambda one: one.id)


def path_of(row: Notice) -> str:
    """Where what a notice is about is seen."""
    return f"/case/{row.case.key}/" if row.case else f"/settings/channels/{row.channel.key if row.channel else ''}/"


def _told(rows: list[Notice], naming: bool) -> Told:  # noqa: FBT001
    """The most pressing is said, the others are counted."""
    row = next((one for one in reversed(rows) if one.kind in HURRIES), rows[-1])
    said = SAID.get(NoticeKind(row.kind)) or HAPPENED.get(row.what, "Something happened")
    more = f", and {len(rows) - 1} more" if len(rows) > 1 else ""
    hurries = row.kind in HURRIES
    if row.case is None:
        return Told(rows[-1].pk, path_of(row), f"{said}: {_line(row.channel.name if row.channel else '')}", "", hurries)
    words = f"{said} in {row.case.inbox.name[:LONGEST]}{more}"
    about = ": ".join(filter(None, (_line(row.case.contact.name), _line(row.case.title)))) if naming else ""
    return Told(rows[-1].pk, path_of(row), words, about, hurries)


def _line(text: str) -> str:
    return " ".join(text.split())[:LONGEST]


def mail_off_address(agent: Agent) -> str:
    """Where one click ends the mails, without a sign-in."""
    return f"{settings.HARK_BASE_URL}/notices/mail/{agent.key}/{secrets.sign(MAIL_PURPOSE, agent.key.encode())}/"


def is_mail_off_token(agent_key: str, token: str) -> bool:
    """Did we write this address?"""
    return secrets.verify_signature(MAIL_PURPOSE, agent_key.encode(), token)
