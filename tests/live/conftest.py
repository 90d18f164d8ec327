"""The running front, as in the tests of the in-box, and browsers that listen."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hark.organisation.models import Agent
from tests.intake.conftest import front, server
from tests.intake.running import RunningFront, until
from tests.live.listening import Listener, sign_in

__all__ = ["front", "listen", "server"]

Listen = Callable[..., Listener]


@pytest.fixture
def listen(front: RunningFront) -> Iterator[Listen]:
    """Open a page of an agent, or with these headers; it hears from when this returns until the test ends."""
    made: list[Listener] = []

    def open_page(agent: Agent | None = None, headers: dict[str, str] | None = None, **more: Any) -> Listener:
        given = {**(sign_in(agent) if agent else {}), **(headers or {})}
        made.append(Listener(front, headers=given, **more))
        if made[-1].reads and made[-1].status == 200:
            until(lambda: made[-1].last_id or made[-1].ended)
        return made[-1]

    yield open_page
    for each in made:
        each.close()
