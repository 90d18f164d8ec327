"""One attempt to send a mail, step by step, because the step that fails says what has become of it.

Until the first byte of the mail itself has left, nothing was sent. After its last byte only the server's answer tells.
"""

import re
import smtplib
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.message import EmailMessage

from hark.channels.email import sasl
from hark.channels.email.connecting import Server, connected, encrypted, naming_the_step, smtp_server
from hark.channels.email.settings import MailSettings, Proof
from hark.channels.errors import Ambiguous, AuthLost, Refused, Retry, SendError
from hark.kernel.time import monotonic

PERMISSION = frozenset({530, 534, 535, 538})
SOON = re.compile(r"\b(?:in|after|for)\s+(\d{1,5})\s*(s|sec|m|min)", re.IGNORECASE)
SAID = 200
SWITCHED_OFF = "5.7.139"  # Exchange Online: SMTP AUTH is off for the tenant or the mailbox
NOT_ON = "Microsoft has Authenticated SMTP switched off for this mailbox. Its administrator can switch it on."
# A mail server may be slow on purpose, and a large mail over a thin line is slow by itself.
STEP_SECONDS, UPLOAD_SECONDS, VERDICT_SECONDS = 25.0, 240.0, 60.0
LONGEST_SECONDS = 550.0  # connecting, eight steps, the mail, the verdict
END = b".\r\n"
PIECE = 256 << 10


class _Smtp(smtplib.SMTP):
    """smtplib over a line of ours."""

    def __init__(self, server: Server) -> None:
        self.server = server
        super().__init__(timeout=STEP_SECONDS)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        line = connected(self.server)
        line.settimeout(STEP_SECONDS)
        return line

    def patience(self, seconds: float) -> None:
        """How long the next step may take."""
        if self.sock is not None:
            self.sock.settimeout(seconds)

    def open(self) -> None:
        """Connect, greet and encrypt."""
        code, said = self.connect(self.server.host, self.server.port)
        if code != 220:
            raise _error(code, said)
        self.ehlo_or_helo_if_needed()
        if self.server.security == "starttls":
            self._encrypt()

    def _encrypt(self) -> None:
        if not self.has_extn("starttls"):
            raise Refused("plain", f"{self.server.host} does not offer STARTTLS. Choose TLS, or another port.")
        code, said = self.docmd("STARTTLS")
        if code != 220:
            raise _error(code, said)
        assert self.sock is not None  # noqa: S101 - connected above
        self.sock = encrypted(self.server, self.sock)
        self.file = None
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features, self.does_esmtp = {}, False
        self.ehlo()


@contextmanager
def logged_in(settings: MailSettings, proof: Proof) -> Iterator[_Smtp]:
    """A line that may send. Raises Retry, AuthLost or Refused, each with a sentence."""
    server = smtp_server(settings)
    if settings.smtp_login and proof.missing:
        raise AuthLost(proof.missing)
    line = _Smtp(server)
    try:
        with naming_the_step(server), _naming_refusals(server):
            line.open()
            if settings.smtp_login:
                _log_in(line, proof)
        yield line
    finally:
        line.close()


def _log_in(line: _Smtp, proof: Proof) -> None:
    if not proof.by_token:
        line.login(proof.user, proof.password)
        return
    offered = line.esmtp_features.get("auth", "").upper().split()
    way = next((name for name in sasl.WAYS if name in offered), None)
    if way is None:
        raise smtplib.SMTPNotSupportedError
    steps = sasl.steps(way, proof, line.server.host, line.server.port)
    try:
        line.auth(way, lambda _challenge=None: next(steps).decode())
    except smtplib.SMTPAuthenticationError as error:
        said = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        if 400 <= error.smtp_code < 500:
            raise
        raise AuthLost(NOT_ON if SWITCHED_OFF in said else sasl.not_accepted(line.server.host, proof.user)) from None


def send_mail(
    settings: MailSettings, proof: Proof, mail: EmailMessage, recipients: Sequence[str], *, automatic: bool
) -> None:
    """Hand one mail over, to all of its recipients or to none. Automatic mail has no return path for robots."""
    raw = mail.as_bytes()
    with logged_in(settings, proof) as line:
        server = line.server
        with naming_the_step(server), _naming_refusals(server):
            largest = line.esmtp_features.get("size", "")
            if largest.isdigit() and 0 < int(largest) < len(raw):
                raise Refused("too_large", f"The mail server takes mails up to {int(largest) // 1_000_000} MB only.")
            _expect(line.mail("" if automatic else settings.address), {250})
            for recipient in recipients:
                _expect(line.rcpt(recipient), {250, 251})
            _expect(line.docmd("DATA"), {354})
        _hand_over(line, raw)


def _hand_over(line: _Smtp, raw: bytes) -> None:
    """Piece by piece: a mail without its end was not sent. Once that has left, a line that breaks tells nothing."""
    *pieces, last = _pieces(_dotted(raw))
    with naming_the_step(line.server), _naming_refusals(line.server):
        until = monotonic() + UPLOAD_SECONDS
        for piece in pieces:
            line.patience(max(until - monotonic(), 0.1))
            line.send(piece)
    try:
        line.patience(VERDICT_SECONDS)
        line.send(last)
        answer = line.getreply()
    except (OSError, smtplib.SMTPException) as error:
        raise Ambiguous("the line broke after the mail had left") from error
    _expect(answer, {250})


def _pieces(wire: bytes) -> list[bytes]:
    """The mail in pieces; the last is its end, without which it was not sent."""
    end = len(wire) - len(END)
    return [*(wire[at : min(at + PIECE, end)] for at in range(0, end, PIECE)), wire[end:]]


def _expect(answer: tuple[int, bytes], wanted: set[int]) -> None:
    if answer[0] not in wanted:
        raise _error(*answer)


def _error(code: int, said: bytes) -> SendError:
    """What an answer of the server means."""
    words = f"{code} {' '.join(said.decode('utf-8', 'replace').split())}"[:SAID]
    if code in PERMISSION:
        return AuthLost(words)
    if 400 <= code < 500:
        soon = SOON.search(words)
        unit = 60 if soon and soon.group(2).lower().startswith("m") else 1
        return Retry(float(soon.group(1)) * unit if soon else None, f"the mail server answered {words}")
    return Refused(str(code), f"The mail server refused this mail: {words}")


@contextmanager
def _naming_refusals(server: Server) -> Iterator[None]:
    """smtplib's own errors, before anything of the mail has left."""
    try:
        yield
    except smtplib.SMTPAuthenticationError as error:
        if 400 <= error.smtp_code < 500:
            raise Retry(detail="the mail server cannot check passwords just now") from None
        raise AuthLost(f"{server.host} did not accept the user name or the password.") from None
    except smtplib.SMTPNotSupportedError as error:
        raise Refused("login", f"{server.host} offers no way to log in that Hark knows.") from error
    except smtplib.SMTPServerDisconnected as error:
        raise Retry(detail=f"The SMTP server {server.host} hung up.") from error
    except smtplib.SMTPResponseException as error:
        said = error.smtp_error
        raise _error(error.smtp_code, said if isinstance(said, bytes) else said.encode()) from None
    except smtplib.SMTPException as error:
        raise Retry(detail=f"The SMTP server {server.host} does not answer like one.") from error


def _dotted(raw: bytes) -> bytes:
    """The mail as DATA wants it: CRLF, a dot before leading dots, the end."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", raw)
    lines = re.sub(rb"(?m)^\.", b"..", lines)
    return (lines if lines.endswith(b"\r\n") else lines + b"\r\n") + END
