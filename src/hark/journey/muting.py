"""What is muted opens no case and stands among the noise, with the reason; danger is heard all the same."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from hark.channels.kit.words import storable
from hark.conversations.queries.mutes import Muted, muted_now, why_muted
from hark.journey.passengers import Passenger


def with_mutes(passengers: Sequence[Passenger]) -> list[Passenger]:
    """The passengers; the reading of a public post that is muted says so. One query, none where nobody posted."""
    public = [one for one in passengers if one.reading and one.inbound.visibility != "private"]
    muted = muted_now({one.channel.inbox.brand_id for one in public}) if public else []
    return [_marked(one, muted) for one in passengers] if muted else list(passengers)


def _marked(one: Passenger, muted: Sequence[Muted]) -> Passenger:
    if not one.reading or one.inbound.visibility == "private" or presses(one.reading):
        return one
    thread = storable(one.inbound.thread_id or one.inbound.root_id or "")
    why = why_muted(
        muted,
        brand_id=one.channel.inbox.brand_id,
        text=one.inbound.text or "",
        identity_id=one.author.identity_id if one.author else None,
        thread=(one.channel.pk, thread),
    )
    return replace(one, reading=_muted(one.reading, why)) if why else one


def presses(reading: Mapping[str, Any]) -> bool:
    """Danger and what is critical are never muted."""
    return bool((reading.get("flags") or {}).get("safety")) or (reading.get("urgency") or {}).get("level") == "critical"


def _muted(reading: Mapping[str, Any], why: str) -> Mapping[str, Any]:
    others = [reason for reason in reading.get("reasons") or () if reason["field"] != "relevance"]
    reasons = [{"field": "relevance", "why": why, "span": None}, *others]
    return {**reading, "relevance": {"p": 0.01, "label": "irrelevant"}, "reasons": reasons, "muted": True}
