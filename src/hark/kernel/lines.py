"""Checked TCP lines for what is not HTTP: IMAP and SMTP. The same rule as in `kernel.http`, and no second resolution.

Only the checked addresses of a host are connected to. One that is not a plain global address must be allowed by an
owner, as `host:port` in HARK_ALLOWED_NETWORKS.
"""

import socket
import ssl
from functools import cache
from ipaddress import ip_address

from hark.kernel.http import NotConnected, checked_addresses, is_allowed_place
from hark.kernel.time import monotonic


def open_line(host: str, port: int, *, connect_seconds: float, seconds: float) -> socket.socket:
    """A line to the first address of `host` that answers; each later step on it may take `seconds`.

    Raises AddressRefused or NotConnected, whose detail says whether the name, the port or the patience was missing.
    """
    until = monotonic() + connect_seconds
    addresses = checked_addresses(host, port, seconds=connect_seconds, trusted=is_allowed_place(host, port))
    problem = "no answer in time"
    for place, address in enumerate(addresses):
        share = max(0.1, (until - monotonic()) / (len(addresses) - place))
        try:
            line = socket.create_connection((address, port), timeout=share)
        except TimeoutError:
            problem = "no answer in time"
        except OSError as error:
            problem = "refused" if isinstance(error, ConnectionRefusedError) else error.strerror or "no way there"
        else:
            line.settimeout(seconds)
            line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            return line
    raise NotConnected(f"{host}: {problem}")


def leads_home(line: socket.socket) -> bool:
    """Does this line end on this very machine?"""
    return ip_address(line.getpeername()[0].partition("%")[0]).is_loopback


@cache
def tls() -> ssl.SSLContext:
    """Certificates are always checked, against the system's authorities."""
    return ssl.create_default_context()
