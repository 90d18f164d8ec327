"""A line to checked addresses and to nothing else, which knows its deadline and whether it was written to."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpcore

from hark.kernel.time import monotonic


@dataclass(slots=True)
class Attempt:
    """One connection: where it may go, until when, and whether anything of the request has been written."""

    addresses: Sequence[str]
    connect_until: float
    until: float
    wrote: bool = False

    def left(self, wanted: float | None) -> float:
        """Seconds this step may take. Raises httpcore's time-out when there are none."""
        left = self.until - monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout
        return left if wanted is None else min(left, wanted)


class Pinned(httpcore.NetworkBackend):
    """Connects to the checked addresses and to nothing else, whatever host name it is given."""

    def __init__(self, attempt: Attempt) -> None:
        """For one request."""
        self.attempt, self.system = attempt, httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        """The first address that answers in time."""
        problem: Exception = httpcore.ConnectTimeout()
        for place, address in enumerate(self.attempt.addresses):
            left = self.attempt.connect_until - monotonic()
            if left <= 0:
                break
            share = left / (len(self.attempt.addresses) - place)
            try:
                return Stream(self.system.connect_tcp(address, port, timeout=share), self.attempt)
            except (httpcore.NetworkError, httpcore.TimeoutException) as error:
                problem = error
        raise problem

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Any = None
    ) -> httpcore.NetworkStream:
        """Never."""
        raise httpcore.ConnectError

    def sleep(self, seconds: float) -> None:
        """Never: there are no retries here."""


class Stream(httpcore.NetworkStream):
    """A line that knows when its time is up and whether it was written to."""

    def __init__(self, line: httpcore.NetworkStream, attempt: Attempt) -> None:
        """Wraps `line`."""
        self.line, self.attempt = line, attempt

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Some bytes."""
        return self.line.read(max_bytes, self.attempt.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """All of them. From here on the other side may have read something."""
        left = self.attempt.left(timeout)
        self.attempt.wrote = True
        self.line.write(buffer, left)

    def close(self) -> None:
        """Hang up."""
        self.line.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """The handshake, for the host's name; it counts as connecting, not as writing."""
        left = max(0.001, self.attempt.connect_until - monotonic())
        return Stream(self.line.start_tls(ssl_context, server_hostname, left), self.attempt)

    def get_extra_info(self, info: str) -> Any:
        """As the line says."""
        return self.line.get_extra_info(info)
