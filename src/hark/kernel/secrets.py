"""The key ring: secrets sealed at rest with AES-256-GCM, and signatures with a key of their own for each purpose.

A ring is lines (or words) `id:base64`, from HARK_KEYS or the file `keys` (mode 0600) in the data folder. The first key
writes, all read; so a new key is put in front, what the old ones sealed is sealed again, and only then may they go.
"""

import base64
import binascii
import hashlib
import hmac
import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from hark.kernel import ids
from hark.kernel.db import execute, fetch_all
from hark.kernel.errors import HarkError

FORMAT = b"\x01"
NONCE_BYTES = 12
CHECK_WORD, CHECK_PLACE = b"hark", "kernel_keycheck|sealed|1"
KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


class NoKey(HarkError):
    """There is no key: set HARK_KEYS, or make one with `hark keys new`."""


class BadKeyRing(HarkError):
    """The key ring cannot be used. Lines are `id:base64 of 32 bytes`, in a file for its owner only."""


class CannotOpen(HarkError):
    """A sealed value does not open: it was changed, moved to another place, or its key is not in the ring."""


class WrongKey(HarkError):
    """The data in this database belong to another key. Put the old key back into the key ring, then start again."""


@dataclass(frozen=True, slots=True)
class Key:
    """One 256-bit key and the id that stands in front of what it sealed."""

    id: str
    secret: bytes

    def __repr__(self) -> str:
        return f"Key({self.id})"

    def line(self) -> str:
        """The key as it stands in the file or in HARK_KEYS."""
        return f"{self.id}:{base64.b64encode(self.secret).decode()}"


def key_file() -> Path:
    """Where the ring lies when HARK_KEYS is not set."""
    folder: Path = settings.HARK_DATA
    return folder / "keys"


def key_ring() -> tuple[Key, ...]:
    """The ring, newest first; read again when its file has changed. Raises NoKey or BadKeyRing."""
    if settings.HARK_KEYS:
        return parse_ring(settings.HARK_KEYS)
    try:
        state = key_file().stat()
    except FileNotFoundError:
        raise NoKey from None
    except PermissionError:
        raise BadKeyRing(f"{key_file()} may not be read") from None
    if state.st_mode & 0o077:
        raise BadKeyRing(f"others may read {key_file()}: chmod 600 it")
    return _ring_of_file(key_file(), state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=4)
def _ring_of_file(path: Path, mtime_ns: int, size: int) -> tuple[Key, ...]:
    return parse_ring(path.read_text(encoding="ascii", errors="replace"))


@lru_cache(maxsize=4)
def parse_ring(text: str) -> tuple[Key, ...]:
    """The keys of a ring, separated by line ends, blanks or commas. Raises BadKeyRing, which never shows a key."""
    keys = []
    for place, word in enumerate(re.split(r"[\s,]+", text.strip()), start=1):
        name, _, encoded = word.partition(":")
        try:
            secret = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            secret = b""
        if not KEY_ID.fullmatch(name) or len(secret) != 32:
            raise BadKeyRing(f"key {place} is not one")
        keys.append(Key(name, secret))
    if len({key.id for key in keys}) != len(keys):
        raise BadKeyRing("two keys have the same id")
    return tuple(keys)


def new_key() -> Key:
    """A fresh random key with a random id."""
    return Key("k" + ids.random_bytes(4).hex(), ids.random_bytes(32))


def add_key_to_file() -> Key:
    """Put a fresh key in front of the ring's file (made with mode 0600, replaced in one step and synced to disk)."""
    path, key = key_file(), new_key()
    older = key_ring() if path.exists() else ()
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".keys.{key.id}")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:  # noqa: PTH123
        file.write("".join(each.line() + "\n" for each in (key, *older)))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    return key


def seal(plain: bytes, *, aad: str) -> bytes:
    """Encrypt `plain` with the first key. `aad` names its place (table|column|key): only there will it open again."""
    key = key_ring()[0]
    head = FORMAT + bytes([len(key.id)]) + key.id.encode()
    nonce = ids.random_bytes(NONCE_BYTES)
    return head + nonce + AESGCM(key.secret).encrypt(nonce, plain, head + aad.encode())


def open_sealed(blob: bytes, *, aad: str) -> bytes:
    """What `seal` was given. Raises CannotOpen for a changed value, another place or an unknown key."""
    blob = bytes(blob)
    key_id, end = _head(blob)
    for key in key_ring():
        if key.id == key_id:
            nonce, sealed = blob[end : end + NONCE_BYTES], blob[end + NONCE_BYTES :]
            try:
                return AESGCM(key.secret).decrypt(nonce, sealed, blob[:end] + aad.encode())
            except (InvalidTag, ValueError):
                raise CannotOpen from None
    raise CannotOpen(f"no key {key_id}")


def sealed_with(blob: bytes) -> str:
    """The id of the key that sealed it."""
    return _head(bytes(blob))[0]


def reseal(blob: bytes, *, aad: str) -> bytes | None:
    """The same value sealed with the first key; None when it is so already."""
    if sealed_with(blob) == key_ring()[0].id:
        return None
    return seal(open_sealed(blob, aad=aad), aad=aad)


def _head(blob: bytes) -> tuple[str, int]:
    """The key's id and where the nonce begins."""
    end = 2 + blob[1] if len(blob) > 1 else 0
    if not blob.startswith(FORMAT) or len(blob) < end + NONCE_BYTES + 16:
        raise CannotOpen("not a sealed value")
    name = blob[2:end].decode("ascii", errors="replace")
    if not KEY_ID.fullmatch(name):
        raise CannotOpen("not a sealed value")
    return name, end


@lru_cache(maxsize=256)
def derived(secret: bytes, purpose: str) -> bytes:
    """A 256-bit key for one purpose; knowing it tells nothing of the others."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"hark|" + purpose.encode()).derive(secret)


def sign(purpose: str, message: bytes) -> str:
    """HMAC-SHA256 of `message` under the first key's derivation for `purpose`: 43 URL-safe characters."""
    return _signature(key_ring()[0], purpose, message)


def verify_signature(purpose: str, message: bytes, signature: str) -> bool:
    """Was it signed for this purpose with a key of the ring? Constant-time for each key; an empty one never matches."""
    given = signature.encode("utf-8", errors="replace")
    found = [hmac.compare_digest(_signature(key, purpose, message).encode(), given) for key in key_ring()]
    return any(found)


def _signature(key: Key, purpose: str, message: bytes) -> str:
    digest = hmac.new(derived(key.secret, f"sign|{purpose}"), message, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def django_secret_keys() -> list[str]:
    """Django's SECRET_KEY and behind it the fallbacks, one for each key of the ring."""
    return [derived(key.secret, "django").hex() for key in key_ring()]


def belongs_to_a_key() -> bool:
    """Are there data in this database that were written under some key?"""
    return bool(fetch_all("SELECT 1 FROM kernel_keycheck"))


def check_database() -> None:
    """Refuse data that belong to another key ring: opens the check value, or stores one in a new database.

    Safe in several processes at once. Raises WrongKey, NoKey or BadKeyRing.
    """
    found = fetch_all("SELECT sealed FROM kernel_keycheck")
    if not found:
        execute(
            "INSERT INTO kernel_keycheck (only_one, sealed) VALUES (true, %s) ON CONFLICT DO NOTHING",
            [seal(CHECK_WORD, aad=CHECK_PLACE)],
        )
        found = fetch_all("SELECT sealed FROM kernel_keycheck")
    try:
        open_sealed(found[0][0], aad=CHECK_PLACE)
    except CannotOpen as problem:
        raise WrongKey(problem.detail) from None


def reseal_check() -> None:
    """Seal the check value with the first key of the ring."""
    execute("UPDATE kernel_keycheck SET sealed = %s", [seal(CHECK_WORD, aad=CHECK_PLACE)])
