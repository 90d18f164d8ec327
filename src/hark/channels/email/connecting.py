"""Lines to mail servers: checked, encrypted, and every step that fails named in a sentence for the administrator."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from hark.channels.email.settings import MailSettings, Security
from hark.channels.errors import Refused, Retry
from hark.kernel.http import AddressRefused, NotConnected
from hark.kernel.lines import leads_home, open_line, tls

CONNECT_SECONDS = 10.0
STEP_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server as the settings name it."""

    what: Literal["IMAP", "SMTP"]
    host: str
    port: int
    security: Security

    @property
    def place(self) -> str:
        """The server in a sentence."""
        return f"the {self.what} server {self.host}, port {self.port}"


def imap_server(settings: MailSettings) -> Server:
    """Where mail is read."""
    return Server("IMAP", settings.imap_host, settings.imap_port, settings.imap_security)


def smtp_server(settings: MailSettings) -> Server:
    """Where mail is sent."""
    return Server("SMTP", settings.smtp_host, settings.smtp_port, settings.smtp_security)


def connected(server: Server) -> socket.socket:
    """A line to the server, encrypted already where it is to be so from the first byte.

    Raises Retry, or Refused for what will not get better by waiting.
    """
    if not server.host:
        raise Refused("no_server", f"No {server.what} server is named in the settings of this channel.")
    try:
        line = open_line(server.host, server.port, connect_seconds=CONNECT_SECONDS, seconds=STEP_SECONDS)
    except AddressRefused as error:
        human = (
            f"Hark may not connect to {server.place}: its address is not a public one. "
            f"An owner can allow {server.host}:{server.port} in HARK_ALLOWED_NETWORKS."
        )
        raise Refused("address", human) from error
    except NotConnected as error:
        raise Retry(detail=_not_connected(server, error.detail)) from error
    if server.security == "none" and not leads_home(line):
        line.close()
        human = "Without encryption Hark connects to this machine alone. Choose TLS or STARTTLS."
        raise Refused("plain", human)
    return encrypted(server, line) if server.security == "tls" else line


def encrypted(server: Server, line: socket.socket) -> ssl.SSLSocket:
    """The line after the TLS handshake; closed when that fails."""
    with naming_the_step(server):
        try:
            return tls().wrap_socket(line, server_hostname=server.host)
        except OSError:
            line.close()
            raise


@contextmanager
def naming_the_step(server: Server) -> Iterator[None]:
    """What breaks in this block is said of this server."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        why = f"its certificate is not valid ({error.verify_message})"
        raise Retry(detail=f"The encrypted line to {server.place} was not made: {why}.") from error
    except ssl.SSLError as error:
        why = "it does not speak TLS there. Check the port and the kind of encryption"
        raise Retry(detail=f"The encrypted line to {server.place} was not made: {why}.") from error
    except TimeoutError as error:
        raise Retry(detail=f"T{server.place[1:]}, fell silent.") from error
    except OSError as error:
        raise Retry(detail=f"The line to {server.place} broke.") from error


def _not_connected(server: Server, detail: str) -> str:
    if "no such host" in detail or "did not resolve" in detail:
        return f"There is no server named {server.host}. Check the name of the {server.what} server."
    if "refused" in detail:
        return f"{server.host} refuses connections on port {server.port}. Check the {server.what} port."
    return f"{server.host} did not answer on port {server.port}. Check the name and port of the {server.what} server."
