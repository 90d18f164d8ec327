"""What is muted just now, and which of it a message meets."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from django.db.models import QuerySet

from hark.conversations.models import Mute
from hark.kernel.time import database_now
from hark.organisation.models import Brand
from hark.understanding.lexicon import matcher, readable_pattern
from hark.understanding.normalise import normalise, readable


@dataclass(frozen=True, slots=True)
class Muted:
    """One thing that is muted: exactly one of term, identity and (channel, thread); `why` is a phrase for people."""

    brand_id: int
    why: str
    term: str = ""
    identity_id: int | None = None
    thread: tuple[int, str] | None = None


def mutes_of(brand: Brand) -> QuerySet[Mute]:
    """What is muted for a brand just now, the soonest to end first."""
    live = Mute.objects.filter(brand=brand, until_at__gt=database_now()).order_by("until_at", "pk")
    return live.select_related("identity", "conversation", "agent")


def muted_now(brand_ids: Collection[int]) -> list[Muted]:
    """All that is muted for these brands just now. One query."""
    live = Mute.objects.filter(brand__in=brand_ids, until_at__gt=database_now()).order_by("pk")
    return [_muted(row) for row in live.select_related("conversation", "agent")]


def _muted(row: Mute) -> Muted:
    what = f"“{row.term}”" if row.term else "this author" if row.identity_id else "this thread"
    why = f"{row.agent.name} muted {what} until {row.until_at:%d %b}"
    thread = (row.conversation.channel_id, row.conversation.thread_key) if row.conversation else None
    return Muted(row.brand_id, why, row.term, row.identity_id, thread)


def why_muted(
    muted: Collection[Muted], *, brand_id: int, text: str, identity_id: int | None, thread: tuple[int, str]
) -> str:
    """Why a message is muted, as a phrase; empty where it is heard. Pure."""
    for one in muted:
        if one.brand_id != brand_id:
            continue
        pattern = _pattern(one.term) if one.term else None
        said = pattern is not None and pattern.search(readable(normalise(text)))
        if said or (one.identity_id and one.identity_id == identity_id) or (thread[1] and one.thread == thread):
            return one.why
    return ""


@lru_cache(maxsize=256)
def _pattern(term: str) -> re.Pattern[str] | None:
    return matcher([term.lower()]) if readable_pattern(term.lower()) else None
