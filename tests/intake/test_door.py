"""The front door answers strangers shortly, friends only after the commit, and is not held up by either."""

import hashlib
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from hark.intake.models import Arrival
from hark.intake.views import door
from hark.kernel import raw_asgi
from hark.kernel.db import fetch_all
from tests.intake.bell import signed
from tests.intake.running import RunningFront, make_channel, until

pytestmark = pytest.mark.django_db(transaction=True)
BODY = b'{"text":"my line is dead"}'


def test_genuine_call_is_stored_before_it_is_acknowledged(front: RunningFront) -> None:
    channel = front.knows(make_channel())
    status, headers, body = front.call("POST", f"/in/{channel.key}", BODY, signed(BODY, delivery="d1", thread="t"))
    assert (status, body) == (200, b'{"ok":true}')
    row = Arrival.objects.get()
    assert (row.channel_id, row.dedupe_key, bytes(row.body), row.state) == (channel.pk, "d1", BODY, "received")
    assert row.headers["address"] == "127.0.0.1"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert "default-src 'none'" in headers["content-security-policy"]


def test_fifty_copies_at_once_make_one_arrival(front: RunningFront) -> None:
    channel = front.knows(make_channel())
    with ThreadPoolExecutor(50) as pool:
        statuses = list(pool.map(lambda _: front.post(channel, BODY, signed(BODY, delivery="same")), range(50)))
    assert statuses == [200] * 50
    assert Arrival.objects.count() == 1


def test_call_without_a_delivery_id_is_known_by_its_bytes(front: RunningFront) -> None:
    channel = front.knows(make_channel())
    assert [front.post(channel, BODY, signed(BODY)) for _ in range(3)] == [200] * 3
    assert Arrival.objects.get().dedupe_key == hashlib.sha256(BODY).hexdigest()


def test_one_delivery_id_with_other_bytes_hides_nothing(front: RunningFront) -> None:
    channel = front.knows(make_channel())
    for text in (b"first", b"second", b"second", b"first"):
        assert front.post(channel, text, signed(text, delivery="d")) == 200
    keys = dict(Arrival.objects.values_list("dedupe_key", "body"))
    assert {key: bytes(value) for key, value in keys.items()} == {
        "d": b"first",
        "d#" + hashlib.sha256(b"second").hexdigest()[:12]: b"second",
    }


def test_unknown_channel_and_bad_signature_get_the_same_answer(front: RunningFront) -> None:
    channel = front.knows(make_channel())
    bad = front.call("POST", f"/in/{channel.key}", BODY, {"x-signature": "0" * 64})
    unknown = front.call("POST", "/in/chan_nothere", BODY, signed(BODY))
    without = front.call("POST", f"/in/{channel.key}", BODY)
    assert {key: value for key, value in bad[1].items() if key != "date"} == {
        key: value for key, value in unknown[1].items() if key != "date"
    }
    assert bad[0] == unknown[0] == without[0] == 404
    assert bad[2] == unknown[2] == without[2]
    assert not Arrival.objects.exists()


@pytest.mark.parametrize("place", [0, 31, 63])
def test_flipped_digit_of_the_signature_is_refused(front: RunningFront, place: int) -> None:
    channel = front.knows(make_channel())
    good = signed(BODY)["x-signature"]
    flipped = good[:place] + ("0" if good[place] != "0" else "1") + good[place + 1 :]
    assert front.post(channel, BODY, {"x-signature": flipped}) == 404


def test_malformed_call_is_refused_in_the_venues_words(front: RunningFront) -> None:
    channel = front.knows(make_channel())
    status, _, body = front.call("POST", f"/in/{channel.key}", BODY, signed(BODY, malformed="yes"))
    assert (status, body) == (400, b'{"error":"no clapper"}')
    assert not Arrival.objects.exists()


def test_handshake_is_answered_and_stores_nothing(front: RunningFront) -> None:
    channel = front.knows(make_channel())
    status, headers, body = front.call("GET", f"/in/{channel.key}?hub.challenge=77")
    assert (status, body, headers["content-type"]) == (200, b"hub.challenge=77", "text/plain")
    assert not Arrival.objects.exists()


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused(front: RunningFront, method: str) -> None:
    channel = front.knows(make_channel())
    assert front.call(method, f"/in/{channel.key}", BODY, signed(BODY))[0] == 405


@pytest.mark.parametrize(
    "body", [b"", b"\0" * 1_000, b"\xff\xfe\x80", "☎ \U0001f4a5".encode(), b"[" * 100_000], ids=range(5)
)
def test_any_bytes_are_kept_as_they_came(front: RunningFront, body: bytes) -> None:
    channel = front.knows(make_channel())
    assert front.post(channel, body, signed(body)) == 200
    assert bytes(Arrival.objects.get().body) == body


@pytest.mark.parametrize("key", ["k" * 5_000, "caf\u00e9", "a\u00a0b"])
def test_any_delivery_id_is_kept(front: RunningFront, key: str) -> None:
    channel = front.knows(make_channel())
    for _ in range(2):
        assert front.post(channel, BODY, signed(BODY, delivery=key)) == 200
    assert Arrival.objects.count() == 1


def announce(front: RunningFront, path: str, length: str, chunk: bytes, times: int) -> tuple[bytes, int]:
    """Announce a body and send it piece by piece; what came back, and how many bytes went out before."""
    with socket.create_connection(("127.0.0.1", front.port), timeout=20) as line:
        line.sendall(f"POST {path} HTTP/1.1\r\nhost: x\r\n{length}\r\n\r\n".encode())
        sent = 0
        try:
            for _ in range(times):
                line.sendall(chunk)
                sent += len(chunk)
        except OSError:
            pass
        got = b""
        try:
            while part := line.recv(65536):
                got += part
        except OSError:
            pass
        return got, sent


def test_upload_of_500_megabytes_is_refused_unread_and_the_connection_closed(front: RunningFront) -> None:
    channel = front.knows(make_channel())
    began = time.monotonic()
    got, sent = announce(front, f"/in/{channel.key}", f"content-length: {500 << 20}", b"x" * 65_536, 8_000)
    assert got.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in got
    assert sent < 100 << 20
    assert time.monotonic() - began < 5
    assert front.post(channel, BODY, signed(BODY)) == 200


def test_endless_upload_without_a_length_is_cut_off(front: RunningFront) -> None:
    channel = front.knows(make_channel())
    piece = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    got, sent = announce(front, f"/in/{channel.key}", "transfer-encoding: chunked", piece, 8_000)
    assert got.startswith(b"HTTP/1.1 413")
    assert sent < 100 << 20


def test_venue_that_batches_may_send_more(front: RunningFront) -> None:
    big, small = front.knows(make_channel("big-bell")), None
    body = b"x" * (3 << 20)
    assert front.post(big, body, signed(body)) == 200
    small = front.knows(make_channel("bell", big.inbox))
    assert front.post(small, body, signed(body)) == 413
    assert [len(bytes(row.body)) for row in Arrival.objects.all()] == [3 << 20]


def test_limit_of_the_venue_is_kept_and_nothing_over_it_stored(front: RunningFront) -> None:
    channel = front.knows(make_channel())
    bodies = [b"%d" % number for number in range(5)]
    replies = [front.call("POST", f"/in/{channel.key}", body, signed(body, limit="a")) for body in bodies]
    assert [status for status, _, _ in replies] == [200, 200, 200, 429, 429]
    assert int(replies[-1][1]["retry-after"]) >= 1
    assert Arrival.objects.count() == 3


def test_caller_that_hangs_up_strands_no_neighbour(front: RunningFront) -> None:
    channel = front.knows(make_channel())
    gone = []
    for number in range(20):
        body = b"gone %d" % number
        head = "".join(f"{name}: {value}\r\n" for name, value in signed(body).items())
        line = socket.create_connection(("127.0.0.1", front.port))
        start = f"POST /in/{channel.key} HTTP/1.1\r\nhost: x\r\n{head}content-length: {len(body)}\r\n\r\n"
        line.sendall(start.encode() + body)
        gone.append(line)
    for line in gone:
        line.close()
    with ThreadPoolExecutor(10) as pool:
        statuses = list(pool.map(lambda n: front.post(channel, b"%d" % n, signed(b"%d" % n)), range(30)))
    assert statuses == [200] * 30
    kept = [bytes(row.body) for row in Arrival.objects.all()]
    assert {body for body in kept if not body.startswith(b"gone")} == {b"%d" % number for number in range(30)}


def test_half_a_request_is_not_stored(front: RunningFront) -> None:
    channel = front.knows(make_channel())
    with socket.create_connection(("127.0.0.1", front.port)) as line:
        line.sendall(f"POST /in/{channel.key} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf".encode())
    assert front.post(channel, BODY, signed(BODY)) == 200
    assert Arrival.objects.count() == 1


def test_secret_that_changes_is_known_soon(front: RunningFront) -> None:
    channel = front.knows(make_channel())
    before = front.front.channels.find(channel.key)
    channel.settings = {"base_url": "https://new.example"}
    channel.save()
    deadline = time.monotonic() + 5
    while front.front.channels.find(channel.key) is before:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    known = front.front.channels.find(channel.key)
    assert known
    assert known.account.base_url == "https://new.example"


def test_arrival_of_a_channel_that_is_gone_fails_alone(front: RunningFront) -> None:
    channel = front.knows(make_channel())
    doomed = front.knows(make_channel("bell", channel.inbox))
    row = fetch_all("SELECT row_to_json(c)::text FROM organisation_channel c WHERE id = %s", [doomed.pk])
    assert json.loads(row[0][0])["key"] == doomed.key
    known = front.front.channels.find(doomed.key)
    doomed.delete()
    front.front.channels._by_key[doomed.key] = known  # type: ignore[assignment]  # the door has not noticed yet

    def post(number: int) -> int:
        body = b"%d" % number
        return front.post(doomed.key if number % 5 == 0 else channel.key, body, signed(body))

    with ThreadPoolExecutor(25) as pool:
        statuses = list(pool.map(post, range(1, 26)))
    assert [status for number, status in enumerate(statuses, 1) if number % 5] == [200] * 20
    assert {status for number, status in enumerate(statuses, 1) if not number % 5} <= {503, 404}
    assert Arrival.objects.count() == 20


def test_large_bodies_share_a_bounded_room_and_small_ones_pass(
    front: RunningFront, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw_asgi.large_bodies, "free", 1 << 20)
    channel = front.knows(make_channel())
    body = b"x" * (300 << 10)
    head = "".join(f"{name}: {value}\r\n" for name, value in signed(body).items())
    start = f"POST /in/{channel.key} HTTP/1.1\r\nhost: x\r\n{head}content-length: {len(body)}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", front.port), timeout=10) as slow:
        slow.sendall(start + body[: 200 << 10])
        until(lambda: raw_asgi.large_bodies.free < 1 << 20)
        assert front.post(channel, body, signed(body)) == 503
        assert front.post(channel, BODY, signed(BODY)) == 200
        slow.sendall(body[200 << 10 :])
        assert slow.recv(100).startswith(b"HTTP/1.1 200")
    assert raw_asgi.large_bodies.free == 1 << 20
    assert front.post(channel, body, signed(body)) == 200
    assert Arrival.objects.count() == 2


@pytest.mark.parametrize("begun", [b"", b"x" * 10, b"x" * 70_000], ids=["nothing", "a part", "a large part"])
def test_body_that_does_not_come_is_given_up(
    front: RunningFront, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr(door, "BODY_SECONDS", 0.4)
    channel = front.knows(make_channel())
    head = f"POST /in/{channel.key} HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", front.port), timeout=10) as line:
        line.sendall(head.encode() + begun)
        assert line.recv(100).startswith(b"HTTP/1.1 408")
    assert not Arrival.objects.exists()
