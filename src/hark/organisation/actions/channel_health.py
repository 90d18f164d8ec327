"""How a channel is: what its last check found, what gaps are usual, and an alarm when it is silent for too long."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from hark.kernel.actions import record
from hark.kernel.time import database_now
from hark.kernel.types import NewEvent
from hark.organisation.actions.channels import event, locked_channel
from hark.organisation.models import Channel, ChannelHealth


@dataclass(frozen=True, slots=True)
class Found:
    """What a check found: sentences on what is wrong, and on what ends soon; the ids under which we are known there.

    `ending` names what people are told of once: another word, another telling.
    """

    problems: Sequence[str] = ()
    self_ids: Sequence[str] = ()
    ends_at: datetime | None = None
    warnings: Sequence[str] = ()
    ending: str = ""


def note_check(*, channel_id: int, found: Found) -> None:
    """Keep what a check found; tell of a change from well to ill or back, and of what ends soon.

    One transaction, the channel's row is locked. Raises NotFound.
    """
    with transaction.atomic():
        channel = locked_channel(channel_id)
        health = _health(channel)
        changed = bool(health.problems) != bool(found.problems)
        ends = found.ending and found.ending != health.told_ending
        health.checked_at, health.ends_at, health.told_ending = database_now(), found.ends_at, found.ending
        health.problems, health.warnings = list(found.problems), list(found.warnings)
        health.save(update_fields=["checked_at", "problems", "ends_at", "warnings", "told_ending"])
        known = set(channel.settings.get("self_ids", ()))
        if not known.issuperset(found.self_ids):
            channel.settings = {**channel.settings, "self_ids": sorted(known.union(found.self_ids))}
            channel.save(update_fields=["settings"])
        if changed:
            _tell(channel, "check_failed" if found.problems else "")
        if ends:
            record([event("channel.ends_soon", channel, "system")])


def keep_usual_gaps(*, channel_id: int, gaps: Sequence[float | None]) -> None:
    """Keep the usual longest silence of each hour of the week, in seconds."""
    now = database_now()
    ChannelHealth.objects.update_or_create(
        channel_id=channel_id, defaults={"usual_gaps": list(gaps), "learned_at": now}
    )


def note_silence(*, channel_id: int, since: datetime | None) -> bool:
    """Raise the alarm (`since`: the last word) or end it (None); True when that is news. One transaction."""
    with transaction.atomic():
        channel = locked_channel(channel_id)
        health = _health(channel)
        if bool(health.silent_since) == bool(since):
            return False
        health.silent_since = since
        health.save(update_fields=["silent_since"])
        _tell(channel, "silent" if since else "")
    return True


def _health(channel: Channel) -> ChannelHealth:
    return ChannelHealth.objects.get_or_create(channel=channel)[0]


def _tell(channel: Channel, problem: str) -> None:
    record([NewEvent("channel.health", channel.key, inbox_id=channel.inbox_id, data={"problem": problem})])
