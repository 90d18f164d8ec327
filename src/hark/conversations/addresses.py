"""Mail addresses as agents type them. Pure."""

import re

ADDRESS = re.compile(r"[^\s@<>(),;:\\\"\[\]\0-\x1f\x7f]{1,64}@[^\s@<>(),;:\\\"\[\]\0-\x1f\x7f]{1,255}")


def one_address(typed: str) -> str:
    """The one address that was typed, as identities keep it; empty where it is none, or more than one."""
    address = typed.strip().lower()
    return address if ADDRESS.fullmatch(address) else ""
