"""The running front door."""

from collections.abc import Iterator

import pytest
from django.db import connections
from pytest_django import DjangoDbBlocker

from hark.kernel.postgres import EmbeddedServer
from tests.intake.running import RunningFront, running_front


@pytest.fixture(scope="module")
def front(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[RunningFront]:
    """A front door over the suite's database, one for the tests of a file."""
    with django_db_blocker.unblock(), running_front() as running:
        yield running


@pytest.fixture
def server(front: RunningFront, embedded_server: EmbeddedServer | None) -> Iterator[EmbeddedServer]:
    """The suite's own database server, running again afterwards."""
    if embedded_server is None or embedded_server.process is None:
        pytest.skip("the suite's server is not ours to stop")
    if embedded_server.settings.get("synchronous_commit") != "on":  # what is to survive a kill must have been written
        embedded_server.settings["synchronous_commit"] = "on"
        connections.close_all()
        embedded_server.stop()
        embedded_server.start()
    yield embedded_server
    if embedded_server.process.poll() is not None:
        embedded_server.start()
    connections.close_all()
