"""The outgoing client: where it goes, what it never does, and what its errors promise."""

import gzip
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from hark.kernel import http
from hark.kernel.addresses import may_be_reached
from hark.kernel.errors import HarkError
from hark.kernel.http import AddressRefused, BrokenAfterWrite, HttpRequest, NotConnected, TooLarge

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class StandIn:
    """A server on loopback that reads one request a connection and answers with raw bytes."""

    def __init__(self, *answers: bytes, read: bool = True, hold: float = 0) -> None:
        """The n-th connection gets the n-th answer, the last one for ever."""
        self.answers, self.read, self.hold = list(answers), read, hold
        self.requests: list[bytes] = []
        self.line = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.line.getsockname()[1])
        threading.Thread(target=self.serve, daemon=True).start()

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        """An address on it."""
        return f"http://{host}:{self.port}{path}"

    def serve(self) -> None:
        """Until closed."""
        while True:
            try:
                caller, _ = self.line.accept()
            except OSError:
                return
            with caller:
                caller.settimeout(5)
                if self.read:
                    self.requests.append(self.whole_request(caller))
                time.sleep(self.hold)
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if answer == b"RESET":
                    caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                else:
                    caller.sendall(answer)

    @staticmethod
    def whole_request(caller: socket.socket) -> bytes:
        """Head and announced body."""
        got = b""
        while b"\r\n\r\n" not in got:
            got += caller.recv(65536)
        head, _, body = got.partition(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        while lengths and len(body) < int(lengths[0].split(b":")[1]):
            body += caller.recv(65536)
        return head + b"\r\n\r\n" + body


@pytest.fixture
def stand_in(settings: Settings) -> Iterator[Callable[..., StandIn]]:
    """Makes servers that an owner has allowed."""
    made: list[StandIn] = []

    def make(*answers: bytes, **options: object) -> StandIn:
        server = StandIn(*answers, **options)  # type: ignore[arg-type]
        made.append(server)
        settings.HARK_ALLOWED_NETWORKS = [*settings.HARK_ALLOWED_NETWORKS, f"127.0.0.1:{server.port}"]
        return server

    yield make
    for server in made:
        server.line.close()


@contextmanager
def counted_connections(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """Every TCP connection that anybody opens meanwhile."""
    opened: list[object] = []
    original = socket.create_connection

    def opening(address: tuple[str, int], *rest: object, **more: object) -> socket.socket:
        opened.append(address)
        return original(address, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "create_connection", opening)
    yield opened


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0x7f.1/", "http://0177.1/",
        "http://0177.0.0.1/", "http://①②⑦.⓪.⓪.①/", "http://127。0。0。1/", "http://１２７.0.0.1/", "http://localhost/",
        "http://LOCALHOST./", "http://0/", "http://0.0.0.0/", "http://[::]/", "http://[::1]/", "http://[0:0:0:0:0:0:0:1]/",
        "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[::127.0.0.1]/", "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/", "http://[2001:0:7f00:1::]/", "http://[2001:0:808:808::80ff:fffe]/",
        "http://[fe80::1]/", "http://[fe80::1%25eth0]/", "http://[fc00::1]/", "http://[fec0::1]/", "http://[ff02::1]/",
        "http://10.0.0.1/", "http://172.16.0.1/", "http://192.168.1.1/", "http://169.254.169.254/latest/meta-data/",
        "http://100.64.0.1/", "http://198.18.0.1/", "http://192.0.2.1/", "http://224.0.0.1/", "http://255.255.255.255/",
        "http://240.0.0.1/", "http://[2001:db8::1]/", "http://[64:ff9b:1::1]/", "http://[2606:4700::5efe:127.0.0.1]/",
        "http://%31%32%37.0.0.1/", "http://example.org\\@127.0.0.1/", "http://user@8.8.8.8/", "http://user:pw@8.8.8.8/",
        "http://8.8.8.8:22/", "http://8.8.8.8:8080/", "http://8.8.8.8:99999/", "http://8.8.8.8:0/", "ftp://8.8.8.8/",
        "file:///etc/passwd", "gopher://8.8.8.8/", "//8.8.8.8/", "8.8.8.8", "", "http://", "http:///x", "http:8.8.8.8",
        "http://[::1", "http://\x00/", "http://ex ample/", "http://" + "a" * 9000,
    ],
)  # fmt: skip
def test_no_connection_is_made_to_a_place_that_is_not_public(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with counted_connections(monkeypatch) as opened, pytest.raises(NotConnected):
        http.fetch(HttpRequest("GET", url, total_seconds=2))
    assert opened == []


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_plain_public_addresses_may_be_reached(address: str) -> None:
    assert may_be_reached(address)


@given(number=st.integers(0, 2**32 - 1))
def test_wrapping_an_address_never_makes_it_reachable(number: int) -> None:
    quad = ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))
    high, low = f"{number >> 16:x}", f"{number & 0xFFFF:x}"
    plain = may_be_reached(quad)
    for wrapped in (f"::ffff:{quad}", f"64:ff9b::{high}:{low}", f"2002:{high}:{low}::1"):
        assert may_be_reached(wrapped) == plain


def test_one_private_address_among_public_ones_refuses_the_host() -> None:
    def mixed(host: str, port: int) -> Sequence[str]:
        return ["8.8.8.8", "10.0.0.7"]

    with pytest.raises(AddressRefused):
        http.fetch(HttpRequest("GET", "http://mixed.example/"), resolver=mixed)


def test_rebinding_resolver_is_asked_once_and_its_first_answer_is_connected_to(
    stand_in: Callable[..., StandIn], settings: Settings
) -> None:
    server = stand_in(OK)
    settings.HARK_ALLOWED_NETWORKS = [f"rebind.example:{server.port}"]
    answers = [["127.0.0.1"], ["127.0.0.2"]]
    asked: list[str] = []

    def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return answers[len(asked) - 1]

    done = http.fetch(HttpRequest("GET", server.url(host="rebind.example")), resolver=rebinding)
    assert done.body == b"ok"
    assert asked == ["rebind.example"]
    assert f"host: rebind.example:{server.port}".encode() in server.requests[0].lower()


def test_address_that_turns_private_between_redirects_is_refused(stand_in: Callable[..., StandIn]) -> None:
    for target in (
        "http://127.0.0.1/",
        "http://169.254.169.254/",
        "http://[::1]/",
        "ftp://8.8.8.8/",
        "http://8.8.8.8:22/",
    ):
        server = stand_in(f"HTTP/1.1 302 F\r\nlocation: {target}\r\ncontent-length: 0\r\n\r\n".encode())
        with pytest.raises(AddressRefused):
            http.fetch(HttpRequest("GET", server.url()))


def test_stranger_cannot_redirect_into_a_network_that_an_owner_has_allowed(
    stand_in: Callable[..., StandIn], monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = stand_in(OK)
    outside = stand_in(f"HTTP/1.1 302 F\r\nlocation: {inside.url()}\r\ncontent-length: 0\r\n\r\n".encode())
    monkeypatch.setattr(http, "may_be_reached", lambda address: address == "127.0.0.9")

    def resolver(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.9" if host == "outside.example" else "127.0.0.1"]

    outside.line.close()
    line = socket.create_server(("127.0.0.9", 0))
    far = StandIn.__new__(StandIn)
    far.answers, far.read, far.hold, far.requests, far.line = outside.answers, True, 0, [], line
    far.port = int(line.getsockname()[1])
    threading.Thread(target=far.serve, daemon=True).start()
    with pytest.raises(AddressRefused):
        http.fetch(
            HttpRequest("GET", far.url(host="outside.example"), ports=frozenset({far.port, inside.port})),
            resolver=resolver,
        )
    line.close()
    assert inside.requests == []


def test_credentials_are_dropped_when_the_host_changes(stand_in: Callable[..., StandIn]) -> None:
    second = stand_in(OK)
    first = stand_in(f"HTTP/1.1 307 T\r\nlocation: {second.url('/next')}\r\ncontent-length: 0\r\n\r\n".encode())
    headers = {"Authorization": "Bearer s3cret", "X-Api-Key": "s3cret", "Accept": "image/png"}
    assert http.fetch(HttpRequest("GET", first.url(), headers)).url == second.url("/next")
    assert b"s3cret" in first.requests[0]
    assert b"s3cret" not in second.requests[0]
    assert b"image/png" in second.requests[0]


def test_redirects_end_after_three_and_are_never_followed_for_a_send(stand_in: Callable[..., StandIn]) -> None:
    again = stand_in(b"HTTP/1.1 302 F\r\nlocation: /again\r\ncontent-length: 0\r\n\r\n")
    with pytest.raises(BrokenAfterWrite, match="redirects"):
        http.fetch(HttpRequest("GET", again.url()))
    assert len(again.requests) == 4
    assert http.fetch(HttpRequest("POST", again.url(), body=b"reply")).status == 302
    assert len(again.requests) == 5


def test_request_is_sent_as_given(stand_in: Callable[..., StandIn]) -> None:
    server = stand_in(b"HTTP/1.1 201 C\r\ncontent-length: 2\r\nRetry-After: 3\r\n\r\n{}")
    done = http.fetch(
        HttpRequest("POST", server.url("/a?b=c%20d"), {"Idempotency-Key": "k1", "Host": "evil"}, b'{"x":1}')
    )
    assert (done.status, done.body, done.headers["retry-after"]) == (201, b"{}", "3")
    sent = server.requests[0]
    assert sent.startswith(b"POST /a?b=c%20d HTTP/1.1\r\n")
    assert sent.endswith(b'{"x":1}')
    assert b"evil" not in sent


def test_header_cannot_smuggle_another(stand_in: Callable[..., StandIn]) -> None:
    server = stand_in(OK)
    for headers in ({"X": "a\r\nY: b"}, {"X\r\nY": "b"}, {"X": "\udcff"}):
        with pytest.raises(NotConnected):
            http.fetch(HttpRequest("GET", server.url(), headers))


def test_refused_connection_says_that_nothing_was_sent(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as line:
        port = line.getsockname()[1]
    settings.HARK_ALLOWED_NETWORKS = [f"127.0.0.1:{port}"]
    with pytest.raises(NotConnected):
        http.fetch(HttpRequest("POST", f"http://127.0.0.1:{port}/", body=b"x"))


@pytest.mark.parametrize(
    "answer", [b"RESET", b"", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", b"nonsense\r\n\r\n"]
)
def test_line_that_breaks_after_the_request_says_so(answer: bytes, stand_in: Callable[..., StandIn]) -> None:
    server = stand_in(answer)
    with pytest.raises(BrokenAfterWrite):
        http.fetch(HttpRequest("POST", server.url(), body=b"reply"))
    assert server.requests[0].endswith(b"reply")


def test_silent_server_ends_at_the_deadline_even_when_it_drips(stand_in: Callable[..., StandIn]) -> None:
    silent = stand_in(OK, hold=3)
    begun = time.monotonic()
    with pytest.raises(BrokenAfterWrite):
        http.fetch(HttpRequest("GET", silent.url(), total_seconds=0.3))
    assert time.monotonic() - begun < 1

    line = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        caller, _ = line.accept()
        with caller:
            try:
                caller.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n")
                for _ in range(50):
                    caller.sendall(b".")
                    time.sleep(0.05)
            except OSError:
                return

    threading.Thread(target=drip, daemon=True).start()
    http.settings.HARK_ALLOWED_NETWORKS.append(f"127.0.0.1:{line.getsockname()[1]}")
    begun = time.monotonic()
    with pytest.raises(BrokenAfterWrite):
        http.fetch(HttpRequest("GET", f"http://127.0.0.1:{line.getsockname()[1]}/", total_seconds=0.4))
    assert time.monotonic() - begun < 1
    line.close()


def test_slow_resolver_ends_at_the_connection_limit() -> None:
    def slow(host: str, port: int) -> Sequence[str]:
        time.sleep(1)
        return ["8.8.8.8"]

    begun = time.monotonic()
    with pytest.raises(NotConnected, match="in time"):
        http.fetch(HttpRequest("GET", "http://slow.example/", connect_seconds=0.2), resolver=slow)
    assert time.monotonic() - begun < 0.6


def test_answers_are_capped_before_and_after_unpacking(stand_in: Callable[..., StandIn]) -> None:
    def packed(body: bytes, encoding: str) -> bytes:
        head = f"HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\ncontent-length: {len(body)}\r\n\r\n"
        return head.encode() + body

    exact = stand_in(packed(b"x" * 1000, "identity"))
    assert len(http.fetch(HttpRequest("GET", exact.url(), max_bytes=1000)).body) == 1000
    with pytest.raises(TooLarge):
        http.fetch(HttpRequest("GET", exact.url(), max_bytes=999))
    endless = stand_in(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 300_000)
    with pytest.raises(TooLarge):
        http.fetch(HttpRequest("GET", endless.url(), max_bytes=100_000))
    honest = stand_in(packed(gzip.compress(b"hello " * 100), "gzip"))
    assert http.fetch(HttpRequest("GET", honest.url(), max_bytes=600)).body == b"hello " * 100
    bomb = stand_in(packed(gzip.compress(b"\0" * 50_000_000), "gzip"))
    with pytest.raises(TooLarge):
        http.fetch(HttpRequest("GET", bomb.url()))
    deflated = stand_in(packed(zlib.compress(b"hello"), "deflate"))
    assert http.fetch(HttpRequest("GET", deflated.url())).body == b"hello"
    for encoding, body in (("br", b"?"), ("gzip", b"not gzip"), ("gzip, gzip", b"x")):
        with pytest.raises(BrokenAfterWrite):
            http.fetch(HttpRequest("GET", stand_in(packed(body, encoding)).url()))


def test_certificates_are_checked_and_a_failed_handshake_has_sent_nothing(stand_in: Callable[..., StandIn]) -> None:
    plain = stand_in(b"this is not TLS\r\n\r\n", read=False)
    with pytest.raises(NotConnected):
        http.fetch(HttpRequest("POST", f"https://127.0.0.1:{plain.port}/", body=b"reply"))
    assert http._tls().verify_mode == ssl.CERT_REQUIRED
    assert http._tls().check_hostname


def test_errors_and_representations_hold_no_secret(stand_in: Callable[..., StandIn]) -> None:
    server = stand_in(b"RESET")
    request = HttpRequest("POST", server.url("/bot123:s3cret/send"), {"Authorization": "s3cret"}, b"s3cret")
    with pytest.raises(HarkError) as caught:
        http.fetch(request)
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in repr(HttpRequest("POST", "https://x/", {"Authorization": "s3cret"}, b"s3cret"))
