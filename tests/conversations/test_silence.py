"""The silence alarm: what is usual at each hour, and when a silence is too long."""

from datetime import UTC, datetime, timedelta

import pytest

from hark.conversations.actions.silence import learn_usual_gaps, watch_silence
from hark.conversations.jobs import learn_gaps, watch
from hark.conversations.models import Message
from hark.conversations.silence import HeardHour, hour_of_week, longest_allowed, usual_gaps
from hark.kernel.models import Event
from hark.kernel.tasks import TASKS
from hark.organisation.actions.channels import pause_channel, resume_sending
from hark.organisation.models import ChannelHealth
from hark.organisation.queries import ill_channels
from tests.workspace.makers import World, known, make_channel, make_world, say

MONDAY = datetime(2026, 9, 28, tzinfo=UTC)


@pytest.fixture
def world(db: None) -> World:
    return make_world()


def at(day: int, hour: float) -> datetime:
    """A moment of the weeks that are told; day 0 is a Monday."""
    return MONDAY + timedelta(days=day, hours=hour)


def office(weeks: int = 4, minutes: int = 20) -> list[HeardHour]:
    """Something every so many minutes from 8 to 18, on each day of some weeks."""
    last = 60 - minutes
    return [
        HeardHour(at(day, hour), at(day, hour) + timedelta(minutes=last), minutes * 60.0 if hour > 8 else 14.0 * 3600)
        for day in range(weeks * 7)
        for hour in range(8, 18)
    ]


def test_night_is_as_usual_as_the_day_in_its_own_hours() -> None:
    gaps = usual_gaps(office())
    assert gaps[hour_of_week(at(1, 12))] == 20 * 60
    night = 14 * 3600 + 20 * 60
    assert gaps[hour_of_week(at(1, 3))] == gaps[hour_of_week(at(1, 23))] == night
    assert longest_allowed(gaps, at(1, 12)) == 60 * 60
    assert longest_allowed(gaps, at(1, 3)) == 3 * night


def test_three_weeks_are_needed_and_a_quarter_of_an_hour_is_never_too_long() -> None:
    assert longest_allowed(usual_gaps(office(weeks=2)), at(1, 12)) is None
    assert longest_allowed([], at(1, 12)) is None
    assert longest_allowed(usual_gaps(office(minutes=1)), at(1, 12)) == 15 * 60


def test_one_quiet_week_does_not_change_what_is_usual() -> None:
    heard = [each for each in office(weeks=5) if not at(14, 0) <= each.first < at(21, 0)]
    assert usual_gaps(heard)[hour_of_week(at(1, 12))] == 20 * 60


def copy_of(message: Message, number: int, moment: datetime) -> Message:
    """The same message once more, at another time."""
    told = {field.attname: getattr(message, field.attname) for field in Message._meta.concrete_fields}
    return Message(**{**told, "id": None, "key": f"m{number}", "external_id": f"m{number}", "received_at": moment})


def test_alarm_is_raised_once_and_ends_with_the_next_word(world: World) -> None:
    author = known("ann")
    first = say(world.chat, author, "Hello?")
    moments = [at(day, half / 2) for day in range(28) for half in range(16, 36)]
    Message.objects.filter(pk=first.pk).update(received_at=moments[0])
    Message.objects.bulk_create(copy_of(first, number, moment) for number, moment in enumerate(moments))
    learn_usual_gaps(at=at(28, 0))
    assert watch_silence(at=at(27, 17.5) + timedelta(minutes=80)) == []
    assert watch_silence(at=at(28, 3)) == []
    late = at(28, 11.5)
    assert watch_silence(at=late) == [world.chat.pk]
    assert watch_silence(at=late + timedelta(minutes=1)) == [world.chat.pk]
    assert ChannelHealth.objects.get(channel=world.chat).silent_since == at(27, 17.5)
    assert [(channel.pk, why) for channel, why in ill_channels()] == [
        (world.chat.pk, "silent for longer than is usual")
    ]
    message = say(world.chat, author, "At last")
    Message.objects.filter(pk=message.pk).update(received_at=late + timedelta(minutes=2))
    assert watch_silence(at=late + timedelta(minutes=3)) == []
    told = Event.objects.filter(kind="channel.health").order_by("id").values_list("subject", "data")
    assert list(told) == [(world.chat.key, {"problem": "silent"}), (world.chat.key, {"problem": ""})]
    assert ill_channels() == []


def test_no_silence_is_learnt_where_people_here_write_down_what_happened(world: World) -> None:
    noted = make_channel(world.care, "encounter", "Encounters")
    learn_usual_gaps(at=at(28, 0))
    assert ChannelHealth.objects.filter(channel=world.chat).exists()
    assert not ChannelHealth.objects.filter(channel=noted).exists()


def test_paused_channel_raises_no_alarm(world: World) -> None:
    message = say(world.chat, known("ann"), "Hello?")
    Message.objects.filter(pk=message.pk).update(received_at=at(0, 0))
    ChannelHealth.objects.create(channel=world.chat, usual_gaps=[60.0] * 168)
    pause_channel(channel_id=world.chat.pk, actor="test")
    assert watch_silence(at=at(1, 0)) == []
    resume_sending(channel_id=world.chat.pk, actor="test")
    assert watch_silence(at=at(1, 0)) == [world.chat.pk]


def test_work_in_the_background_learns_at_night_and_looks_every_minute(world: World) -> None:
    assert TASKS["conversations.watch_silence"].cron == "* * * * *"
    learn_gaps()
    assert ChannelHealth.objects.exclude(learned_at=None).count() == 3
    message = say(world.chat, known("ann"), "Hello?")
    Message.objects.filter(pk=message.pk).update(received_at=at(0, 0))
    ChannelHealth.objects.update(usual_gaps=[60.0] * 168)
    watch()
    assert [channel for channel, _ in ill_channels()] == [world.chat]
