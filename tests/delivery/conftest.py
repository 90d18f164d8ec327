"""A shelf that is registered as a venue."""

from collections.abc import Iterator

import pytest

from hark.channels.registry import register_for_tests
from hark.organisation.models import Channel
from tests.delivery.makers import a_channel, an_inbox
from tests.delivery.shelf import Shelf


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    """A venue without memory: a repetition would be a second message."""
    venue = Shelf()
    with register_for_tests(venue):
        yield venue


@pytest.fixture
def channel(db: None) -> Channel:
    """A channel at the shelf."""
    return a_channel(an_inbox())
