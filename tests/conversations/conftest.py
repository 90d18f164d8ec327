"""A desk: one inbox with a channel at the shelf, Tessa and Ruben who work there, Sven who works elsewhere."""

from collections.abc import Iterator

import pytest

from hark.channels.registry import register_for_tests
from hark.organisation.models import Agent, Channel, Inbox
from tests.conversations.desk import an_agent
from tests.delivery.makers import a_channel, an_inbox
from tests.delivery.shelf import Shelf


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    """The venue."""
    venue = Shelf()
    with register_for_tests(venue):
        yield venue


@pytest.fixture
def inbox(db: None) -> Inbox:
    """The inbox of Tessa and Ruben."""
    return an_inbox()


@pytest.fixture
def channel(inbox: Inbox, shelf: Shelf) -> Channel:
    """Its channel."""
    return a_channel(inbox)


@pytest.fixture
def tessa(inbox: Inbox) -> Agent:
    """An agent of the inbox."""
    return an_agent("Tessa", inbox)


@pytest.fixture
def ruben(inbox: Inbox) -> Agent:
    """Another agent of the inbox."""
    return an_agent("Ruben", inbox)


@pytest.fixture
def sven(db: None) -> Agent:
    """An agent of another inbox."""
    return an_agent("Sven", an_inbox("Sales"))
