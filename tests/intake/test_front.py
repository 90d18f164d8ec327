"""What stands before Django's pages: health, limits on what pages take, whose address is believed."""

import socket
import statistics
import time
from typing import Any

import pytest

from hark.kernel.raw_asgi import client_address, last_event
from tests.intake.bell import signed
from tests.intake.running import RunningFront, make_channel
from tests.intake.test_door import announce

pytestmark = pytest.mark.django_db(transaction=True)
BODY = b"ring"


def scope_with(*headers: tuple[bytes, bytes], query: bytes = b"") -> dict[str, Any]:
    """As a server gives it."""
    return {"headers": list(headers), "client": ("10.0.0.9", 1), "query_string": query}


@pytest.mark.parametrize(
    ("hops", "forwarded", "address"),
    [
        (0, [b"6.6.6.6"], "10.0.0.9"),
        (1, [b"6.6.6.6, 1.2.3.4"], "1.2.3.4"),
        (1, [b"6.6.6.6", b"1.2.3.4"], "1.2.3.4"),
        (2, [b"6.6.6.6, 1.2.3.4, 10.0.0.1"], "1.2.3.4"),
        (2, [b"1.2.3.4"], "10.0.0.9"),
        (1, [], "10.0.0.9"),
    ],
)
def test_forwarded_address_is_believed_for_trusted_proxies_only(
    hops: int, forwarded: list[bytes], address: str
) -> None:
    scope = scope_with(*((b"x-forwarded-for", value) for value in forwarded))
    assert client_address(scope, hops) == address


def test_browsers_last_event_goes_before_the_address() -> None:
    assert last_event(scope_with((b"last-event-id", b"5-5"), query=b"after=1-1")) == "5-5"
    assert last_event(scope_with(query=b"x=1&after=1-1")) == "1-1"
    assert last_event(scope_with(query=b"")) == ""


def test_process_says_that_it_lives_and_is_ready(front: RunningFront) -> None:
    assert front.call("GET", "/livez")[0::2] == (200, b"ok")
    status, headers, body = front.call("GET", "/readyz")
    assert (status, body) in {(200, b"ok"), (503, b"not ready")}
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"


def test_page_request_that_is_too_large_takes_no_thread(front: RunningFront) -> None:
    got, sent = announce(front, "/sign-in/", f"content-length: {500 << 20}", b"x" * 65_536, 2_000)
    assert got.startswith(b"HTTP/1.1 413")
    assert sent < 100 << 20


@pytest.mark.parametrize("address", ["/encounters/new/", "/in/chan_000"])
def test_person_who_sends_too_much_reads_a_page_that_says_what_to_do(front: RunningFront, address: str) -> None:
    more = f"content-length: {500 << 20}\r\naccept: text/html,application/xhtml+xml"
    got, _ = announce(front, address, more, b"x" * 65_536, 10)
    assert got.startswith(b"HTTP/1.1 413")
    assert b"content-type: text/html" in got
    assert b"<h1>That is too large</h1>" in got
    assert b"Nothing of it was kept" in got


def test_page_requests_that_never_end_hold_up_nobody(front: RunningFront) -> None:
    lines = []
    for _ in range(40):
        line = socket.create_connection(("127.0.0.1", front.port), timeout=5)
        line.sendall(b"POST /sign-in/ HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 100\r\n\r\nhalf")
        lines.append(line)
    began = time.monotonic()
    assert front.call("GET", "/nowhere-at-all")[0] in {302, 404}
    assert time.monotonic() - began < 5
    for line in lines:
        line.close()


def test_unknown_channel_takes_as_long_as_a_bad_signature(front: RunningFront) -> None:
    channel = front.knows(make_channel())
    bad = {"x-signature": "0" * 64}
    times: dict[str, list[float]] = {channel.key: [], "chan_00000000000000000000000000": []}
    for _ in range(60):
        for key, taken in times.items():
            began = time.perf_counter()
            assert front.post(key, BODY * 200, bad) == 404
            taken.append(time.perf_counter() - began)
    known, unknown = (statistics.median(taken) for taken in times.values())
    assert abs(known - unknown) < 0.005


def test_broken_request_is_refused_and_the_next_one_served(front: RunningFront) -> None:
    for start in (
        b"\x16\x03\x01\x02\x00\x01",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /in/x HTTP/1.1\r\ncontent-length: -5\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", front.port), timeout=5) as line:
            line.sendall(start)
            assert line.recv(100).startswith(b"HTTP/1.1 4")
    channel = front.knows(make_channel())
    assert front.post(channel, BODY, signed(BODY)) == 200


@pytest.mark.parametrize(
    "address", [b"/nowhere?q=\xe9\xff", b"/nowhere?q=%00%ff", b"/%00", b"/nowhere?" + b"a" * 20_000]
)
def test_odd_addresses_are_answered_without_a_fault(front: RunningFront, address: bytes) -> None:
    with socket.create_connection(("127.0.0.1", front.port), timeout=10) as line:
        line.sendall(b"GET " + address + b" HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")
        status = int(line.recv(100).split(b" ")[1])
    assert status in {302, 400, 404, 414, 431}
