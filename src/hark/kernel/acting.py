"""Who acts in the running request or command, and from which address: what the audit writes down without being told."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Acting:
    """`actor` is a public key, or `system`; `address` is empty where nobody called over the network."""

    actor: str = "system"
    address: str = ""


NOBODY = Acting()
_acting = ContextVar("acting", default=NOBODY)


def acting_now() -> Acting:
    """Who acts here."""
    return _acting.get()


@contextmanager
def acting(actor: str, address: str = "") -> Iterator[None]:
    """Inside, `actor` acts from `address`."""
    token = _acting.set(Acting(actor, address))
    try:
        yield
    finally:
        _acting.reset(token)
