"""Letting clients in: all who come at one moment are looked up together."""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial

from django.db import DatabaseError, InterfaceError

from hark.kernel.errors import HarkError
from hark.kernel.live.rights import Gate, Rights
from hark.kernel.raw_asgi import DatabaseThreads

log = logging.getLogger(__name__)

Answer = asyncio.Future[Rights | None]


class Unavailable(HarkError):
    """Live updates are not available just now."""


class Admission:
    """Asks the gates in `threads`, one batch after the other."""

    def __init__(self, threads: DatabaseThreads) -> None:
        """Nobody waits yet."""
        self._threads = threads
        self._waiting: list[tuple[Gate, str, Answer]] = []
        self._asking: asyncio.Task[None] | None = None

    async def ask(self, gate: Gate, ticket: str) -> Rights | None:
        """The rights of this ticket, None when it gives none. Raises Unavailable when nobody can say now."""
        answer: Answer = asyncio.get_running_loop().create_future()
        self._waiting.append((gate, ticket, answer))
        if self._asking is None or self._asking.done():
            self._asking = asyncio.get_running_loop().create_task(self._ask_all())
        return await answer

    async def _ask_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            for gate in {one[0] for one in batch}:
                await self._ask(gate, [(ticket, answer) for its, ticket, answer in batch if its is gate])

    async def _ask(self, gate: Gate, applicants: Sequence[tuple[str, Answer]]) -> None:
        """Look these up together; whatever happens, nobody is left without an answer."""
        try:
            found = await self._threads.run(partial(gate.rights, {ticket for ticket, _ in applicants}))
            for ticket, answer in applicants:
                if not answer.done():
                    answer.set_result(found.get(ticket))
        except (DatabaseError, InterfaceError) as error:
            log.warning("nobody can be admitted to live pages: %s", type(error).__name__)
        finally:
            for _, answer in applicants:
                if not answer.done():
                    answer.set_exception(Unavailable())
