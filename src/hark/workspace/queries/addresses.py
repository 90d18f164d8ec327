"""Addresses of files: signed, for one person, for one use of one file, good for five minutes."""

from hark.kernel.secrets import sign, verify_signature
from hark.kernel.time import now
from hark.organisation.models import Agent

PURPOSE = "file"
GOOD_FOR_SECONDS = 300


def file_token(agent: Agent, key: str, way: str) -> str:
    """The last part of the address under which `agent` gets the file, from now on for five minutes."""
    until = int(now().timestamp()) + GOOD_FOR_SECONDS
    return f"{until}.{sign(PURPOSE, _message(agent, key, way, until))}"


def is_file_token(agent: Agent, key: str, way: str, token: str) -> bool:
    """Was this address given to this agent, for this, and is it still good?"""
    until, _, signature = token.partition(".")
    if not (until.isascii() and until.isdigit() and len(until) <= 12):
        return False
    genuine = verify_signature(PURPOSE, _message(agent, key, way, int(until)), signature)
    return genuine and 0 <= int(until) - now().timestamp() <= GOOD_FOR_SECONDS


def _message(agent: Agent, key: str, way: str, until: int) -> bytes:
    return f"{agent.key}|{key}|{way}|{until}".encode()
