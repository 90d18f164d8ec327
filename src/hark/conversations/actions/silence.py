"""The silence alarm: learns each channel's usual gaps at night, and looks every minute whether one is too long."""

from datetime import datetime, timedelta

from hark.channels import registry
from hark.conversations.queries.heard import heard_hours, last_words
from hark.conversations.silence import WEEKS_LOOKED_AT, longest_allowed, usual_gaps
from hark.organisation.actions.channel_health import keep_usual_gaps, note_silence
from hark.organisation.models import Channel, ChannelHealth


def learn_usual_gaps(*, at: datetime) -> None:
    """Learn anew what silence is usual for every channel, from the eight weeks before `at`. May be repeated.

    Where people here write down what has happened, silence says nothing.
    """
    by_hand = [key for key, venue in registry.venues().items() if not venue.caps.comes_by_itself]
    for channel_id in Channel.objects.exclude(venue__in=by_hand).values_list("pk", flat=True):
        heard = heard_hours(channel_id, since=at - timedelta(weeks=WEEKS_LOOKED_AT))
        keep_usual_gaps(channel_id=channel_id, gaps=usual_gaps(heard))


def watch_silence(*, at: datetime) -> list[int]:
    """Raise and end alarms as of `at`; the ids of the channels that are silent for longer than is usual.

    An active channel is silent when nothing came for three times the usual gap of this hour and at least 15 minutes.
    One that is paused raises no alarm. Any number of processes may do this; each alarm is raised once.
    """
    words, silent = last_words(), []
    for health in ChannelHealth.objects.all():
        last = words.get(health.channel_id)
        allowed = longest_allowed(health.usual_gaps, at)
        too_long = bool(last and allowed is not None and (at - last).total_seconds() > allowed)
        goes_on = bool(health.silent_since and last and last <= health.silent_since)
        if too_long or goes_on:
            silent.append(health.channel_id)
        if (too_long or goes_on) != bool(health.silent_since):
            note_silence(channel_id=health.channel_id, since=last if too_long else None)
    return silent
