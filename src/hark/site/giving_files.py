"""Stored files go out past the pages' threads: a view says which file, the event loop sends it.

A thread that waits for a slow line is a thread in which nobody else gets a page, and there are eight.
"""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from hark.kernel.raw_asgi import Message, Send

NAME = "x-hark-stored-at"  # from the pages to the front; the front never lets it out
PIECE = 256 << 10
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def naming_files(pages: Wsgi) -> Wsgi:
    """The pages; an answer that is a stored file (`stored_at`) names it in a header and is otherwise empty."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        started: list[Any] = []
        response = pages(environ, lambda *said: started.extend(said))
        place = getattr(response, "stored_at", None)
        status, headers, *error = started
        if place is None:
            start_response(status, headers, *error)
            return response
        start_response(status, [*headers, (NAME, str(place))], *error)
        response.close()  # type: ignore[attr-defined]
        return []

    return answer


class Held:
    """Sends on what the pages send. Where they name a file, its `place` is kept and the body left to `give`."""

    def __init__(self, send: Send) -> None:
        """`send`: where it goes."""
        self._send = send
        self.place = ""

    async def __call__(self, message: Message) -> None:
        """One message of the pages."""
        if message["type"] == "http.response.start":
            headers = [(name, value) for name, value in message["headers"] if name.lower() != NAME.encode()]
            named = [value for name, value in message["headers"] if name.lower() == NAME.encode()]
            self.place = named[0].decode() if named else ""
            message = {**message, "headers": headers}
        elif self.place:
            return
        await self._send(message)


async def give(place: str, send: Send) -> None:
    """The bytes of a file as the body of an answer that has begun; no faster than the caller takes them."""
    with await asyncio.to_thread(Path(place).open, "rb") as file:
        while piece := await asyncio.to_thread(file.read, PIECE):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
