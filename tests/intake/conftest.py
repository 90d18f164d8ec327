"""The running front door."""

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests.intake.running import RunningFront, running_front


@pytest.fixture(scope="module")
def front(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[RunningFront]:
    """A front door over the suite's database, one for the tests of a file."""
    with django_db_blocker.unblock(), running_front() as running:
        yield running
