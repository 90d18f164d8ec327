"""Streams outlive the database, and end in good order with their process."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection, connections
from pytest_django import Settings

from hark.kernel import secrets
from hark.kernel.postgres import EmbeddedServer
from tests.intake.running import kill, make_inbox, until
from tests.live.conftest import Listen
from tests.live.listening import Listener, happen, make_agent, sign_in

pytestmark = pytest.mark.django_db(transaction=True)


def test_stream_outlives_the_database_and_misses_nothing(listen: Listen, server: EmbeddedServer) -> None:
    inbox, team = make_inbox()
    ann = listen(make_agent("ann", team))
    happen("case_before", inbox)
    kill(server)
    time.sleep(1)
    server.start()
    happen("case_after", inbox)
    until(lambda: len(ann.heard()) == 2)
    assert ann.heard() == ["case_before", "case_after"]
    assert not ann.ended


class Process:
    """A web process of its own, at whose port a listener can knock."""

    def __init__(self, port: int, process: subprocess.Popen[bytes]) -> None:
        self.port, self.process = port, process


@pytest.fixture
def process(transactional_db: None, settings: Settings, tmp_path: Path) -> Iterator[Process]:
    """`hark web` over the suite's database."""
    settings.SECRET_KEY = secrets.django_secret_keys()[0]
    place = connection.settings_dict
    line = socket.create_server(("127.0.0.1", 0))
    url = f"postgresql://{place['USER']}@localhost:{place['PORT']}/{place['NAME']}?host={place['HOST']}"
    environment = {**os.environ, "HARK_DATABASE_URL": url, "HARK_KEYS": settings.HARK_KEYS, "HARK_DATA": str(tmp_path)}
    command = [str(Path(sys.executable).with_name("hark")), "web", "--fd", str(line.fileno())]
    child = subprocess.Popen(command, env=environment, pass_fds=[line.fileno()])
    port = line.getsockname()[1]
    line.close()
    yield Process(port, child)
    child.kill()
    child.wait()
    connections.close_all()


def test_end_of_the_process_sends_its_clients_away_in_good_order(process: Process) -> None:
    inbox, team = make_inbox()
    listeners = [Listener(process, headers=sign_in(make_agent(f"a{n}", team))) for n in range(5)]  # type: ignore[arg-type]
    until(lambda: all(each.last_id for each in listeners))
    happen("case_1", inbox)
    until(lambda: all(each.heard() for each in listeners))
    began = time.monotonic()
    process.process.send_signal(signal.SIGTERM)
    assert process.process.wait(10) in {0, -signal.SIGTERM}
    assert time.monotonic() - began < 9
    for each in listeners:
        each.thread.join(5)
        assert each.ended
        assert each.raw == b""  # nothing was cut off in the middle
        each.close()
    assert len({round(each.chunks[-1] - began, 1) for each in listeners}) > 1  # not all at once
