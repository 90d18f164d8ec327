"""The one outgoing HTTP client. It goes to plain global addresses only, whatever a stranger's URL says.

The address is parsed once, resolved once, checked, and exactly the checked address is connected to: a second resolution
never happens. No connection is used twice, because a server may drop an idle one at the moment a reply is written to
it, and then nobody knows whether that was sent. No retries (the out-box does those), no proxies of the environment.
"""

import socket
import ssl
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache

import httpcore
import httpx
from django.conf import settings

from hark.kernel.addresses import may_be_reached
from hark.kernel.errors import HarkError
from hark.kernel.pinned import Attempt, Pinned
from hark.kernel.time import monotonic

CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 10.0
MAX_BYTES = 1 << 20
MOST_REDIRECTS = 3
USUAL_PORTS = frozenset({80, 443})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
KEPT_ON_ANOTHER_HOST = frozenset({"accept", "accept-language", "user-agent"})
USER_AGENT = "Hark (+https://github.com/hark)"
LONGEST_URL = 8_192

Resolver = Callable[[str, int], Sequence[str]]


class HttpError(HarkError):
    """The request failed."""


class NotConnected(HttpError):
    """The other side could not be reached; nothing was sent."""


class AddressRefused(NotConnected):
    """Hark does not connect to this address: it is not a public one, and nobody has allowed it."""


class BrokenAfterWrite(HttpError):
    """The line broke or fell silent after the request had been sent; what became of it is not known."""


class TooLarge(BrokenAfterWrite):
    """The answer is larger than Hark takes."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request. Redirects are followed for GET and HEAD only. `ports` widens 80 and 443 where a channel says so."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    max_bytes: int = MAX_BYTES
    connect_seconds: float = CONNECT_SECONDS
    total_seconds: float = TOTAL_SECONDS
    ports: frozenset[int] = USUAL_PORTS


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """The answer, whatever its status. Header names are in lower case; the last of several wins."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    url: str = ""


def fetch(request: HttpRequest, *, resolver: Resolver | None = None) -> HttpResponse:
    """Send `request` once and read the whole answer. Blocks at most `total_seconds`, redirects included.

    Raises AddressRefused or NotConnected (nothing was written), BrokenAfterWrite or TooLarge (something was).
    `resolver` is for tests.
    """
    until = monotonic() + request.total_seconds
    url, headers = parsed(request.url, request.ports), {name.lower(): value for name, value in request.headers.items()}
    trusted = is_allowed_network(url)
    for _ in range(MOST_REDIRECTS + 1):
        answer = _once(request, url, headers, until=until, trusted=trusted, resolver=resolver or resolve)
        target = answer.headers.get("location", "")
        if answer.status not in REDIRECTS or not target or request.method not in {"GET", "HEAD"}:
            return answer
        following = parsed(_joined(url, target), request.ports)
        if origin(following) != origin(url):
            headers = {name: value for name, value in headers.items() if name in KEPT_ON_ANOTHER_HOST}
        # A stranger's redirect does not open the doors that an owner has opened for his own settings.
        url, trusted = following, trusted and is_allowed_network(following)
    raise BrokenAfterWrite(f"more than {MOST_REDIRECTS} redirects")


def parsed(text: str, ports: frozenset[int] = USUAL_PORTS) -> httpx.URL:
    """The address, parsed once: what is checked is what is used. Raises AddressRefused."""
    try:
        url = httpx.URL(text if len(text) <= LONGEST_URL else "")
        _, _, port = origin(url)
    except (httpx.InvalidURL, ValueError, TypeError):
        raise AddressRefused("not an address") from None
    if url.scheme not in {"http", "https"} or not url.host or url.userinfo:
        raise AddressRefused("not a plain http or https address")
    if port not in ports and not is_allowed_network(url):
        raise AddressRefused(f"port {port}")
    return url


def _joined(url: httpx.URL, target: str) -> str:
    try:
        return str(url.join(target))
    except (httpx.InvalidURL, ValueError):
        raise AddressRefused("not an address") from None


def origin(url: httpx.URL) -> tuple[str, str, int]:
    """Scheme, host and port."""
    usual = 443 if url.scheme == "https" else 80
    return url.scheme, url.host, usual if url.port is None else url.port


def is_allowed_network(url: httpx.URL) -> bool:
    """Has an owner allowed exactly this host and port (HARK_ALLOWED_NETWORKS)?"""
    _, host, port = origin(url)
    return is_allowed_place(host, port)


def is_allowed_place(host: str, port: int) -> bool:
    """The same, for whatever is spoken there."""
    shown = f"[{host}]" if ":" in host else host
    return f"{shown}:{port}" in settings.HARK_ALLOWED_NETWORKS


def resolve(host: str, port: int) -> Sequence[str]:
    """All addresses of a host, by the system's resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@cache
def _resolver_threads() -> ThreadPoolExecutor:
    """The system's resolver knows no time limit, so it is asked in a thread that may be left behind."""
    return ThreadPoolExecutor(max_workers=8, thread_name_prefix="resolve")


def _addresses(url: httpx.URL, resolver: Resolver, *, seconds: float, trusted: bool) -> Sequence[str]:
    _, _, port = origin(url)
    return checked_addresses(url.raw_host.decode("ascii"), port, resolver, seconds=seconds, trusted=trusted)


def checked_addresses(
    host: str, port: int, resolver: Resolver = resolve, *, seconds: float, trusted: bool
) -> Sequence[str]:
    """Where a host lives. One address that may not be reached is enough to refuse them all, unless it is `trusted`."""
    asked: Future[Sequence[str]] = _resolver_threads().submit(resolver, host, port)
    try:
        found = asked.result(max(0.0, seconds))
    except TimeoutError:
        asked.cancel()
        raise NotConnected(f"{host}: its name did not resolve in time") from None
    except (OSError, UnicodeError):
        raise NotConnected(f"{host}: no such host") from None
    if not found:
        raise NotConnected(f"{host}: no such host")
    if not trusted and not all(may_be_reached(address) for address in found):
        raise AddressRefused(host)
    return found


def _once(
    request: HttpRequest, url: httpx.URL, headers: Mapping[str, str], *, until: float, trusted: bool, resolver: Resolver
) -> HttpResponse:
    """One connection, one request, one answer."""
    connect_until = min(until, monotonic() + request.connect_seconds)
    found = _addresses(url, resolver, seconds=connect_until - monotonic(), trusted=trusted)
    attempt = Attempt(found, connect_until, until)
    sent = httpcore.Request(
        request.method,
        httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=_wire_headers(request, url, headers),
        content=request.body,
    )
    try:
        with httpcore.ConnectionPool(
            ssl_context=_tls(), network_backend=Pinned(attempt), max_keepalive_connections=0, http2=False
        ) as pool:
            answer = pool.handle_request(sent)
            try:
                names = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
                body = b"" if request.method == "HEAD" else _body(answer.iter_stream(), names, request.max_bytes)
            finally:
                answer.close()
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, ssl.SSLError, OSError) as problem:
        cause = BrokenAfterWrite if attempt.wrote else NotConnected
        raise cause(f"{url.host}: {type(problem).__name__}") from None
    return HttpResponse(answer.status, names, body, str(url))


def _wire_headers(request: HttpRequest, url: httpx.URL, headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """What goes out: ours first, which nobody may override, then the caller's."""
    ours = {"host": url.netloc.decode("ascii"), "connection": "close", "accept-encoding": "identity"}
    if request.body or request.method in {"POST", "PUT", "PATCH"}:
        ours["content-length"] = str(len(request.body))
    wanted = {"user-agent": USER_AGENT, "accept": "*/*", **headers, **ours}
    try:
        return [(name.encode("ascii"), value.encode("latin-1")) for name, value in wanted.items()]
    except UnicodeError:
        raise NotConnected("a header holds what no header may") from None


def _body(chunks: Iterable[bytes], headers: Mapping[str, str], largest: int) -> bytes:
    """The answer's bytes, never more than `largest` in memory, before and after unpacking."""
    unpack = _unpacker(headers.get("content-encoding", "identity").strip().lower())
    parts, size = [], 0
    for chunk in chunks:
        part = unpack(chunk, largest - size + 1)
        size += len(part)
        if size > largest:
            raise TooLarge(f"more than {largest} bytes")
        parts.append(part)
    return b"".join(parts)


def _unpacker(encoding: str) -> Callable[[bytes, int], bytes]:
    if encoding in {"identity", ""}:
        return lambda chunk, _most: chunk
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        raise BrokenAfterWrite("an answer packed in a way Hark did not ask for")
    packed = zlib.decompressobj(wbits=47 if encoding != "deflate" else 15)

    def unpack(chunk: bytes, most: int) -> bytes:
        try:
            return packed.decompress(chunk, most)
        except zlib.error:
            raise BrokenAfterWrite("a damaged answer") from None

    return unpack


@cache
def _tls() -> ssl.SSLContext:
    """Certificates are always checked."""
    return httpx.create_ssl_context(trust_env=False)
