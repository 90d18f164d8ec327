"""Two workers at once: no deadlock surfaces, nothing is lost, nothing is there twice; a crash leaves all or nothing."""

import os
import subprocess
import sys
import threading
from random import Random

import pytest
from django.db import connection, transaction

from hark.conversations.models import Case, Clock, Conversation, Message, Reading
from hark.intake.actions import claim
from hark.intake.models import Arrival
from hark.intake.types import ArrivalState
from hark.journey import jobs
from hark.kernel.models import Event
from hark.organisation.models import Channel
from tests.journey.makers import make_channel, make_inbox
from tests.journey.venue import arrive, direct, drain
from tests.models import linear_models

pytestmark = pytest.mark.django_db(transaction=True)

THREADS, PEOPLE, POSTS = 7, 5, 400


def load(channels: list[Channel], seed: int) -> set[str]:
    """Posts by a few people in a few threads, each delivered up to three times, in lanes that fit no thread."""
    random, ids = Random(seed), set()
    for number in range(POSTS):
        who, thread = random.randrange(PEOPLE), random.randrange(THREADS)
        said = direct(
            f"{seed}-{number}", f"t{thread}", f"u{who}", text=f"Words {number % 9} of the same kind again and again"
        )
        ids.add(said["id"])
        for copy in range(random.choice([1, 1, 3])):
            arrive(random.choice(channels) if copy == 0 else channels[0], said, key=f"{number}-{copy}")
    return ids


def test_two_workers_on_the_same_threads_lose_nothing_and_double_nothing() -> None:
    inbox = make_inbox()
    channels = [make_channel(inbox), make_channel(inbox)]
    load(channels, seed=7)
    Arrival.objects.update(lane=0)
    Arrival.objects.filter(pk__in=list(Arrival.objects.order_by("?").values_list("pk", flat=True)[:300])).update(lane=1)
    errors: list[Exception] = []

    def work(worker: int) -> None:
        try:
            while jobs.drain_step(worker, 2):
                pass
        except Exception as error:  # noqa: BLE001 - told to the test
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    drain()
    assert errors == []
    assert set(Arrival.objects.values_list("state", flat=True)) == {ArrivalState.DONE}
    assert not Arrival.objects.exclude(error="").exists()
    offered = {
        (row.channel_id, key)
        for row in Arrival.objects.all()
        for key in [bytes(row.body).split(b'"id": "')[1].split(b'"')[0].decode()]
    }
    stored = list(Message.objects.values_list("channel_id", "external_id"))
    assert sorted(stored) == sorted(offered)
    assert Conversation.objects.count() == 2 * THREADS
    keys = set(Message.objects.values_list("key", flat=True))
    told = Event.objects.filter(kind="message.received").values_list("data__message", flat=True)
    assert sorted(key for key in told if key in keys) == sorted(keys)
    assert not Conversation.objects.filter(case=None).exists()
    for conversation in Conversation.objects.select_related("case"):
        assert Clock.objects.filter(conversation=conversation, stopped_at=None).count() == 1
    for case in Case.objects.all():
        newest = Message.objects.filter(conversation__case=case).order_by("-sent_at", "-id")[0]
        assert case.last_message_at == newest.sent_at
    assert Message.objects.count() == Reading.objects.count()


CRASH = """
import os, signal, sys
import django
django.setup()
from django.conf import settings
from hark.journey import jobs, stages
point = sys.argv[1]
before = getattr(stages, point)
def die(passengers, **how):
    done = before(passengers, **how)
    os.kill(os.getpid(), signal.SIGKILL)
    return done
setattr(stages, point, die)
settings.HARK_KEYS = sys.argv[2]
jobs.drain_step(0, 1)
"""


@pytest.mark.parametrize("point", ["parse", "read", "recognise", "thread", "place"])
def test_worker_that_dies_after_a_stage_leaves_nothing_and_another_does_it_all(point: str) -> None:
    from django.conf import settings

    arrive(make_channel(), direct(1), direct(2), direct(3, thread="t2"))
    before = counts()
    place = connection.settings_dict
    url = f"postgresql://{place['USER']}@localhost:{place['PORT'] or 5432}/{place['NAME']}?host={place['HOST']}"
    here = {"HARK_DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "hark.site.settings"}
    environment = {**os.environ, **here, **linear_models()}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CRASH, point, settings.HARK_KEYS],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == -9, done.stderr
    assert counts() == before
    assert set(Arrival.objects.values_list("state", "attempts")) == {(ArrivalState.RECEIVED, 1)}
    Arrival.objects.update(lease_until=None)
    drain()
    assert (Message.objects.count(), Conversation.objects.count()) == (3, 2)
    assert set(Arrival.objects.values_list("state", flat=True)) == {ArrivalState.DONE}


def counts() -> list[int]:
    return [model._default_manager.count() for model in (Message, Conversation, Case, Clock, Reading, Event)]


def test_worker_that_slept_past_its_lease_writes_nothing() -> None:
    arrive(make_channel(), direct(1))
    [slept] = claim(worker=0, workers=1, limit=10)
    Arrival.objects.update(lease_until=None)
    drain()
    assert Message.objects.count() == 1
    before = counts()
    ready: dict[int, list[jobs.Passenger]] = {}
    jobs._prepare(ready, [slept])
    jobs.in_halves(lambda batch: jobs._carry(ready, batch), [slept])
    assert counts() == before
    assert Arrival.objects.get().error == ""


def test_batch_that_meets_a_held_row_is_done_once_it_is_free() -> None:
    channel = make_channel()
    arrive(channel, direct(1))
    drain()
    arrive(channel, direct(2))
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Conversation.objects.select_for_update().get()
            held.set()
            release.wait(10)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(10)
    threading.Timer(2.5, release.set).start()  # longer than lock_timeout: the first try fails
    drain()
    holder.join()
    assert Message.objects.count() == 2
    assert Arrival.objects.filter(state=ArrivalState.DONE).count() == 2
