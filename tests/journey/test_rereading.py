"""Reading old messages again: new readings beside the old, corrections untouched, and nothing is read twice."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils.module_loading import autodiscover_modules

from hark.conversations.actions.corrections import correct
from hark.conversations.actions.rereading import keep_batch, lease_rereading, read_again, set_rereading
from hark.conversations.errors import AlreadyReadingAgain, NothingToReadAgain, NotReadingAgain
from hark.conversations.models import Correction, Message, Reading, Rereading
from hark.conversations.queries import rereading as asking
from hark.conversations.queries.readings import corrected, corrections_of, newest_reading
from hark.conversations.queries.rereading import changes_of, next_batch
from hark.conversations.types import RereadingState, Visibility
from hark.journey import reading, rereading
from hark.journey.rereading import step, take_turn
from hark.kernel.errors import NotAllowed
from hark.kernel.tasks import TASKS
from hark.kernel.time import database_now
from hark.organisation.models import Brand
from hark.understanding.loading import load_models
from hark.workspace.actions.acts import author_of
from tests.journey.venue import arrive, direct
from tests.workspace.makers import World, known, make_world, say

pytestmark = pytest.mark.django_db
ANGRY = "This is the third time I ask. You are useless thieves, nobody answers, I will cancel!!"
KEPT = {"emotion": "sadness", "intent": "refund", "offensive": "false"}  # what somebody says of it
CLAIMED = {"mood": "positive", "complaint": 0.1, "urgency": "low"}  # what the old models say of it


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture(autouse=True)
def linear_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """Quick ones, and the same in every process."""
    models = load_models(linear=True)
    monkeypatch.setattr(reading, "_models", lambda: models)


def old_ones(world: World, count: int, **more: Any) -> list[Message]:
    return [
        say(world.square, known(f"u{n}"), f"{ANGRY} ({n})", ago=6000 - n, reads=dict(CLAIMED), **more)
        for n in range(count)
    ]


def to_the_end() -> None:
    for _ in range(100):
        if not take_turn(seconds=5, rest=0):
            return
    raise AssertionError("it does not end")


def test_new_readings_stand_beside_the_old_ones_and_count(world: World) -> None:
    [message] = old_ones(world, 1)
    run = read_again()
    to_the_end()
    run.refresh_from_db()
    assert (run.state, run.done, run.total, run.compared) == ("done", 1, 1, 1)
    assert message.readings.order_by("id")[0].model_version == "test"
    assert message.readings.count() == 2
    newest = newest_reading(message)
    assert newest is not None
    assert newest.model_version == run.model_version != "test"
    assert newest.sentiment == "negative"
    message.identity.contact.refresh_from_db()
    assert message.identity.contact.mood_value < 0
    [feeling] = [change for change in changes_of(run) if change.name == "Sentiment"]
    assert (feeling.messages, feeling.share, feeling.words) == (1, 100.0, ("1 positive → negative",))


def test_corrections_stay_and_tell_which_reading_was_right(world: World) -> None:
    [message] = old_ones(world, 1)
    correct(message_id=message.pk, field="sentiment", value="negative", author=author_of(world.tessa))
    for field, value in KEPT.items():
        correct(message_id=message.pk, field=field, value=value, author=author_of(world.tessa))
    before = list(Correction.objects.values())
    run = read_again()
    to_the_end()
    run.refresh_from_db()
    assert list(Correction.objects.values()) == before
    assert run.agreement["corrected"] == 4
    [read] = [newest_reading(message)]
    assert read is not None
    assert read.model_version == run.model_version
    shown = corrected(read, corrections_of([message.pk])[message.pk])
    assert (shown.emotion, shown.intent, shown.offensive) == ("sadness", "refund", False)


def test_what_was_known_then_is_the_context(world: World) -> None:
    ann = known("ann")
    first = say(world.square, ann, ANGRY, ago=300)
    again = say(world.square, ann, ANGRY, ago=200)
    batch = next_batch(Rereading(place=again.pk + 1))
    assert batch is not None
    by_id = {one.id: one for one in batch.messages}
    assert by_id[first.pk].history == ()
    assert [one.id for one in by_id[again.pk].history] == [first.pk]
    read_again()
    to_the_end()
    signals = {row.message_id: row.data["signals"] for row in Reading.objects.exclude(model_version="test")}
    assert "repeat" not in signals[first.pk]
    assert "repeat" in signals[again.pk]


def test_only_what_was_asked_for_is_read(world: World) -> None:
    old, new = say(world.square, known("a"), ANGRY, ago=90_000), say(world.square, known("b"), ANGRY, ago=60)
    with pytest.raises(NothingToReadAgain):
        read_again(since=database_now() + timedelta(days=1))
    run = read_again(since=database_now() - timedelta(hours=1), brand=world.brand)
    assert run.total == 1
    to_the_end()
    assert (old.readings.count(), new.readings.count()) == (1, 2)


def test_it_pauses_goes_on_from_there_and_is_cancelled(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rereading, "next_batch", lambda run: next_batch(run, limit=2))
    old_ones(world, 7)
    run = read_again()
    assert step(run)
    run.refresh_from_db()
    set_rereading(state=RereadingState.PAUSED)
    assert not take_turn(rest=0)
    assert Reading.objects.exclude(model_version="test").count() == 2
    set_rereading(state=RereadingState.RUNNING)
    run.refresh_from_db()
    assert step(run)
    set_rereading(state=RereadingState.CANCELLED)
    run.refresh_from_db()
    assert not step(run)
    assert (run.state, run.done, run.ended_at is not None) == ("cancelled", 4, True)
    assert Reading.objects.exclude(model_version="test").count() == 4
    with pytest.raises(NotReadingAgain):
        set_rereading(state=RereadingState.RUNNING)


def test_batch_read_before_a_pause_or_by_two_workers_is_written_once_or_not_at_all(world: World) -> None:
    old_ones(world, 3)
    run = read_again()
    batch = next_batch(run)
    assert batch is not None
    readings = rereading.read_batch(batch)
    set_rereading(state=RereadingState.PAUSED)
    assert not keep_batch(run_id=run.pk, batch=batch, readings=readings)
    set_rereading(state=RereadingState.RUNNING)
    assert keep_batch(run_id=run.pk, batch=batch, readings=readings)
    assert not keep_batch(run_id=run.pk, batch=batch, readings=readings)
    run.refresh_from_db()
    assert run.done == 3
    assert Reading.objects.exclude(model_version="test").count() == 3


def test_message_changed_meanwhile_keeps_what_it_has(world: World) -> None:
    one, other = old_ones(world, 2)
    run = read_again()
    batch = next_batch(run)
    assert batch is not None
    readings = rereading.read_batch(batch)
    Message.objects.filter(pk=one.pk).update(text="All is well now.")
    assert keep_batch(run_id=run.pk, batch=batch, readings=readings)
    assert (one.readings.count(), other.readings.count()) == (1, 2)


def test_reading_by_a_version_that_was_there_before_becomes_the_newest(world: World) -> None:
    [message] = old_ones(world, 1)
    read_again()
    to_the_end()
    version = newest_reading(message).model_version  # type: ignore[union-attr]
    later = Reading.objects.get(message=message, model_version="test")
    Reading.objects.filter(pk=later.pk).delete()
    later.pk = None
    later.model_version = "later"
    later.save()
    read_again()
    to_the_end()
    assert newest_reading(message).model_version == version  # type: ignore[union-attr]
    assert message.readings.count() == 2
    read_again()
    to_the_end()
    assert message.readings.count() == 2


def test_changed_profile_is_seen_by_the_same_version_too(world: World) -> None:
    message = say(
        world.square, known("u"), "Zwetschge Deluxe is broken at Plum, I want my money back", ago=60,
        visibility=Visibility.PUBLIC, targets_us="keyword",
    )  # fmt: skip
    read_again()
    to_the_end()
    first = newest_reading(message)
    Brand.objects.filter(pk=world.brand.pk).update(name="Zwetschge", handles=[], exclude=["broken", "money"])
    run = read_again()
    to_the_end()
    run.refresh_from_db()
    newest = newest_reading(message)
    assert first is not None
    assert newest is not None
    assert newest.model_version == first.model_version
    assert newest.data["relevance"] != first.data["relevance"]
    assert message.readings.count() == 2


def test_alike_messages_stay_together(world: World) -> None:
    [message] = old_ones(world, 1)
    message.readings.update(duplicate_key="feedfeedfeedfeed")
    read_again()
    to_the_end()
    newest = newest_reading(message)
    assert newest is not None
    assert (newest.duplicate_key, newest.data["duplicate_key"]) == ("feedfeedfeedfeed", "feedfeedfeedfeed")


def test_nothing_is_read_while_new_messages_wait(world: World) -> None:
    old_ones(world, 2)
    run = read_again()
    arrive(world.square, direct(1, text="hello"))
    assert take_turn(rest=0)
    run.refresh_from_db()
    assert (run.done, run.leased_until) == (0, None)


def test_one_worker_at_a_time_and_a_dead_ones_lease_ends(world: World) -> None:
    old_ones(world, 1)
    run = read_again()
    assert lease_rereading() is not None
    assert lease_rereading() is None
    assert take_turn(rest=0)
    assert Rereading.objects.get().done == 0
    Rereading.objects.filter(pk=run.pk).update(leased_until=database_now() - timedelta(seconds=1))
    to_the_end()
    assert Rereading.objects.get().done == 1


def test_damaged_models_pause_it_with_a_word(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    old_ones(world, 1)
    run = read_again()
    monkeypatch.setattr(reading, "_models", lambda: None)
    assert not take_turn(rest=0)
    run.refresh_from_db()
    assert run.state == "paused"
    assert "hark doctor" in run.problem


def test_one_run_at_a_time_and_only_by_those_who_may(world: World) -> None:
    old_ones(world, 1)
    with pytest.raises(NotAllowed):
        read_again(actor=author_of(world.tessa))
    read_again(actor=author_of(world.owner))
    with pytest.raises(AlreadyReadingAgain), transaction.atomic():
        read_again(actor=author_of(world.owner))
    with pytest.raises(NotAllowed):
        set_rereading(state=RereadingState.CANCELLED, actor=author_of(world.tessa))


def test_search_for_what_fits_is_bounded_however_few_fit(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "LOOKED_AT", 3)
    wanted = say(world.square, known("a"), ANGRY, ago=50)
    for n in range(8):
        say(world.square, known(f"b{n}"), ANGRY, ago=90_000)
    run = read_again(since=database_now() - timedelta(hours=1))
    batch = next_batch(run)
    assert batch is not None
    assert batch.messages == ()
    to_the_end()
    run.refresh_from_db()
    assert run.done == 1
    assert wanted.readings.count() == 2


def test_workers_take_turns_that_are_shorter_than_what_is_between_them() -> None:
    autodiscover_modules("jobs")
    assert TASKS["journey.read_again"].cron == "* * * * * */10"
    assert rereading.TURN_SECONDS < 10


@pytest.mark.django_db(transaction=True)
def test_killed_in_the_middle_it_goes_on_and_reads_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world()
    old_ones(world, 30)
    run = read_again()
    place = {key: connection.settings_dict[key] for key in ("NAME", "USER", "HOST", "PORT", "PASSWORD")}
    code = (
        "import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'hark.site.settings'; django.setup()\n"
        f"from django.db import connection; connection.settings_dict.update({place!r})\n"
        "from hark.journey import rereading, reading\n"
        "from hark.understanding.loading import load_models\n"
        "models = load_models(linear=True); reading._models = lambda: models\n"
        "kept = rereading.next_batch; rereading.next_batch = lambda run: kept(run, limit=3)\n"
        "while rereading.take_turn(rest=1): pass\n"
    )
    child = subprocess.Popen([sys.executable, "-W", "ignore", "-c", code], stdout=subprocess.PIPE)
    deadline = time.monotonic() + 60
    try:
        while Rereading.objects.get(pk=run.pk).done < 6:
            assert time.monotonic() < deadline
            assert child.poll() is None
            time.sleep(0.02)
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.communicate()
    run.refresh_from_db()
    assert run.state == "running"
    assert run.done == Reading.objects.exclude(model_version="test").count()
    Rereading.objects.filter(pk=run.pk).update(leased_until=database_now() - timedelta(seconds=1))
    to_the_end()
    run.refresh_from_db()
    assert (run.state, run.done) == ("done", 30)
    assert Reading.objects.exclude(model_version="test").count() == 30
