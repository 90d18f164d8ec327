"""While the database is away nothing is acknowledged; when it is back, everything goes on by itself."""

import os
import signal
import threading
import time

import pytest
from django.db import connections

from hark.intake.models import Arrival
from hark.kernel.postgres import EmbeddedServer
from tests.intake.bell import signed
from tests.intake.running import RunningFront, family, kill, make_channel, until

pytestmark = pytest.mark.django_db(transaction=True)


def post(front: RunningFront, key: str, number: int) -> tuple[int, str | None]:
    """One call; its status and the wait it was told."""
    body = b"call %d" % number
    status, headers, _ = front.call("POST", f"/in/{key}", body, signed(body))
    return status, headers.get("retry-after")


def test_stopped_database_means_later_and_nothing_is_acknowledged(front: RunningFront, server: EmbeddedServer) -> None:
    key = front.knows(make_channel()).key
    connections.close_all()
    server.stop()
    began = time.monotonic()
    replies = [post(front, key, number) for number in range(5)]
    assert {status for status, _ in replies} == {503}
    assert all(int(wait or 0) >= 1 for _, wait in replies)
    assert time.monotonic() - began < 8
    server.start()
    until(lambda: post(front, key, 99)[0] == 200, seconds=5)
    assert [bytes(row.body) for row in Arrival.objects.all()] == [b"call 99"]


def test_killed_database_loses_nothing_that_was_acknowledged(front: RunningFront, server: EmbeddedServer) -> None:
    key = front.knows(make_channel()).key
    acknowledged: set[int] = set()
    statuses: set[int] = set()
    stop = threading.Event()

    def send(first: int) -> None:
        number = first
        while not stop.is_set():
            status, _ = post(front, key, number)
            statuses.add(status)
            if status == 200:
                acknowledged.add(number)
            number += 10

    threads = [threading.Thread(target=send, args=(first,)) for first in range(6)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        time.sleep(0.3)
        kill(server)
        server.start()
        before = len(acknowledged)
        until(lambda before=before: len(acknowledged) > before + 10, seconds=10)
    stop.set()
    for thread in threads:
        thread.join()
    stored = {int(bytes(row.body).split()[1]) for row in Arrival.objects.all()}
    assert acknowledged <= stored
    assert statuses <= {200, 503}
    assert 503 in statuses


@pytest.mark.slow
def test_frozen_database_holds_nobody_for_ever(front: RunningFront, server: EmbeddedServer) -> None:
    key = front.knows(make_channel()).key
    assert post(front, key, 0)[0] == 200
    assert server.process
    frozen = family(server.process.pid)
    for number in frozen:
        os.kill(number, signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert post(front, key, 1)[0] == 503
        assert time.monotonic() - began < 12
        began = time.monotonic()
        assert post(front, key, 2)[0] == 503
        assert time.monotonic() - began < 6
        assert front.call("GET", "/in/nothing")[0] == 404
    finally:
        for number in frozen:
            os.kill(number, signal.SIGCONT)
    until(lambda: post(front, key, 3)[0] == 200, seconds=5)
