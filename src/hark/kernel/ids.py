"""Ids and randomness: the only place in Hark that draws any."""

import base64
import secrets
import uuid

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: nothing to misread
FIVE_BITS = ALPHABET.encode() * 8  # any byte → the letter of its last five bits


def public_key(prefix: str) -> str:
    """A new random key that may leave the house, `case_7f3k…`: 26 characters, 130 bits, never a counting number."""
    return f"{prefix}_" + secrets.token_bytes(26).translate(FIVE_BITS).decode()


def new_uuid() -> uuid.UUID:
    """A random UUID, for idempotency keys."""
    return uuid.uuid4()


def new_token(bits: int = 256) -> str:
    """A random URL-safe secret of `bits` bits."""
    return base64.urlsafe_b64encode(secrets.token_bytes(bits // 8)).rstrip(b"=").decode()


def random_bytes(length: int) -> bytes:
    """`length` bytes from the operating system's generator."""
    return secrets.token_bytes(length)


def random_fraction() -> float:
    """A number in [0, 1), for jitter."""
    return secrets.randbits(53) / (1 << 53)
