"""Files that lie with Meta: from its own hosts alone, capped."""

from urllib.parse import urlsplit

from hark.channels.errors import Refused
from hark.channels.kit.once import attempt
from hark.channels.meta.graph import token_of
from hark.channels.types import Account
from hark.kernel.http import HttpRequest

HOSTS = (".fbcdn.net", ".fbsbx.com", ".cdninstagram.com")
SECONDS = 60.0


def bytes_at(account: Account, url: str, *, most: int, with_token: bool = False) -> bytes:
    """The bytes at an address of Meta's; the token goes along where they are asked for by it.

    Raises Refused for another host and for what is larger than `most`; Retry.
    """
    if not is_metas(account, url):
        raise Refused("foreign_host", "This file does not lie with Meta.")
    headers = {"authorization": f"Bearer {token_of(account)}"} if with_token else {}
    return attempt(HttpRequest("GET", url, headers, max_bytes=most, total_seconds=SECONDS)).body


def is_metas(account: Account, url: str) -> bool:
    """Is this an encrypted address at one of Meta's hosts, or at the host that stands in for it?"""
    try:
        asked, home = urlsplit(url), urlsplit(account.base_url)
        host = asked.hostname or ""
    except ValueError:
        return False
    if home.netloc and (asked.scheme, asked.netloc) == (home.scheme, home.netloc):
        return True
    return asked.scheme == "https" and f".{host}".endswith(HOSTS)
