"""Logging in to a mail server with an access token: XOAUTH2 as Google and Microsoft describe it, and RFC 7628.

A server that refuses first says why, and goes on only when it has got an answer to that; then it says no.
"""

from collections.abc import Iterator

from hark.channels.email.settings import Proof

# Both providers document XOAUTH2; OAUTHBEARER, the standard, is for servers that offer only that.
WAYS = ("XOAUTH2", "OAUTHBEARER")


def steps(way: str, proof: Proof, host: str, port: int) -> Iterator[bytes]:
    """What the client says: the token, then what acknowledges a refusal, as often as it is asked. Not yet base64."""
    if way == "OAUTHBEARER":
        user = proof.user.replace("=", "=3D").replace(",", "=2C")  # RFC 5801, 4
        yield f"n,a={user},\x01host={host}\x01port={port}\x01auth=Bearer {proof.token}\x01\x01".encode()
        while True:
            yield b"\x01"  # RFC 7628, 3.2.3
    yield f"user={proof.user}\x01auth=Bearer {proof.token}\x01\x01".encode()
    while True:
        yield b""


def not_accepted(host: str, user: str) -> str:
    """Why a server may refuse a token that is alive."""
    why = "Was it made with another account, or is this way in switched off?"
    return f"{host} did not accept the sign-in for {user}. {why}"
