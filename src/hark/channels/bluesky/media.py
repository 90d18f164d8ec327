"""Pictures and films: blobs that lie at their author's server, which his identity names."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

from hark.channels.bluesky.calls import ports_of, refusal
from hark.channels.errors import Refused, Retry
from hark.channels.kit.careful_json import Unreadable, loads
from hark.channels.kit.once import attempt
from hark.channels.types import Account
from hark.kernel.http import HttpRequest

DIRECTORY = "https://plc.directory"
REF = re.compile(r"(did:(?:plc:[a-z2-7]{24}|web:[a-z0-9.-]{1,250}))/([a-z0-9]{20,120})")
LARGEST, LARGEST_IDENTITY = 15_000_000, 100_000
SECONDS = 30.0


def blob(account: Account, ref: str) -> Iterator[bytes]:
    """The bytes of `did/cid`, from the server that the author's identity names, and no other."""
    found = REF.fullmatch(ref)
    if not found:
        raise Refused("foreign_host", "This attachment does not lie at the venue.")
    did, cid = found.groups()
    query = urlencode({"did": did, "cid": cid})
    address = f"{_server(account, did)}/xrpc/com.atproto.sync.getBlob?{query}"
    wanted = HttpRequest("GET", address, max_bytes=LARGEST, total_seconds=SECONDS, ports=ports_of(account))
    yield attempt(wanted, refusal=refusal).body


def _server(account: Account, did: str) -> str:
    """The personal data server of an identity (atproto.com/specs/did)."""
    directory = str(account.settings.get("directory_url") or DIRECTORY).rstrip("/")
    web = did.removeprefix("did:web:")
    address = f"{directory}/{did}" if web == did else f"https://{web}/.well-known/did.json"
    answer = attempt(HttpRequest("GET", address, max_bytes=LARGEST_IDENTITY), refusal=refusal)
    try:
        said = loads(answer.body, max_bytes=LARGEST_IDENTITY)
    except Unreadable as problem:
        raise Retry(detail=f"the identity is {problem}") from problem
    services: Any = said.get("service") if isinstance(said, dict) else None
    for one in services if isinstance(services, list) else ():
        if isinstance(one, dict) and str(one.get("id")).endswith("#atproto_pds"):
            return _origin(str(one.get("serviceEndpoint")))
    raise Refused("no_server", "The author's identity names no server.")


def _origin(address: str) -> str:
    """Nothing but a scheme, a host and a port."""
    place = urlsplit(address)
    return f"{place.scheme}://{place.netloc}"
