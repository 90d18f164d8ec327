"""A browser and its maker's push service: take pushes, check who sends them, read them, fail when told to.

What they do is written from RFC 8291 and 8292 on the reader's side; it shares no code with Hark.
"""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CURVE = ec.SECP256R1()


@dataclass
class Browser:
    """One subscription: the keys never leave it."""

    place: str
    path: str = "/push/1"
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(CURVE))
    auth: bytes = b"sixteen bytes..."

    @property
    def fields(self) -> dict[str, str]:
        """What its page posts."""
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"endpoint": f"http://{self.place}{self.path}", "p256dh": coded(point), "auth": coded(self.auth)}

    def read(self, body: bytes) -> dict[str, Any]:
        """Decrypt one push."""
        salt, point, sealed = body[:16], body[21:86], body[86:]
        theirs = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, point)
        ours = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        secret = hkdf(self.auth, self.key.exchange(ec.ECDH(), theirs), b"WebPush: info\0" + ours + point, 32)
        key = hkdf(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
        plain = AESGCM(key).decrypt(hkdf(salt, secret, b"Content-Encoding: nonce\0", 12), sealed, None)
        words, mark, _ = plain.rstrip(b"\0").rpartition(b"\x02")
        assert mark
        read: dict[str, Any] = json.loads(words)
        return read


@dataclass
class PushService:
    """What came: headers in lower case and bytes; `answers` are (status, headers) of the next calls, then 201."""

    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    place: str = ""

    def who(self, number: int = -1) -> dict[str, Any]:
        """The sender of a push, whose signature holds."""
        token, _, key = self.taken[number][0]["authorization"].removeprefix("vapid t=").partition(", k=")
        point = base64.urlsafe_b64decode(key + "=" * (-len(key) % 4))
        public = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, point)
        claims: dict[str, Any] = jwt.decode(token, public, ["ES256"], audience=f"http://{self.place}")
        return {**claims, "key": key}


def coded(plain: bytes) -> str:
    """As browsers write bytes."""
    return base64.urlsafe_b64encode(plain).rstrip(b"=").decode()


def hkdf(salt: bytes, material: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869."""
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(material)


@contextmanager
def push_service() -> Iterator[PushService]:
    """Running on a free port of this machine."""
    state = PushService()

    class Line(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            state.taken.append(({name.lower(): value for name, value in self.headers.items()}, body))
            status, headers = state.answers.pop(0) if state.answers else (201, {})
            self.send_response(status)
            for name, value in {"content-length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Line)
    server.daemon_threads = True
    state.place = f"127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
