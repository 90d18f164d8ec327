"""Mail servers that misbehave on demand: IMAP as far as Hark speaks it, and SMTP. The real ones are in tests/venues."""
# ruff: noqa: N802, N815 - the commands' own names

import base64
import re
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from typing import Any

WHO, PASSWORD = "care@plum.example", "a-password-of-the-suite"
SIZES = "RFC822.SIZE"


@dataclass
class Folder:
    """Mails by UID, as (date, bytes)."""

    validity: int = 7
    next_uid: int = 1
    mails: dict[int, tuple[datetime, bytes]] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)


@dataclass
class MailServers:
    """What both servers know, and how they fail next."""

    folders: dict[str, Folder] = field(default_factory=lambda: {"INBOX": Folder(), "Sent": Folder()})
    sent: list[tuple[str, str, bytes]] = field(default_factory=list)  # return path, recipients, mail
    smtp_faults: list[str] = field(default_factory=list)
    break_after_mails: int = -1  # the line breaks in the middle of the next mail after so many
    commands: list[str] = field(default_factory=list)
    news: threading.Condition = field(default_factory=threading.Condition)
    imap_port: int = 0
    smtp_port: int = 0
    can_idle: bool = True
    refuses_uid: int = 0
    tokens: set[str] = field(default_factory=set)  # access tokens that are taken; SASL ways besides passwords:
    ways: tuple[str, ...] = ("XOAUTH2",)
    smtp_says: bytes = b"535 5.7.3 Authentication unsuccessful"
    smtp: "Threaded | None" = None

    def hang_up(self) -> None:
        """Nobody listens for replies any more."""
        assert self.smtp
        self.smtp.shutdown()
        self.smtp.server_close()

    def put(self, raw: bytes, folder: str = "INBOX", at: datetime | None = None) -> int:
        """A mail arrives."""
        with self.news:
            place = self.folders[folder]
            uid, place.next_uid = place.next_uid, place.next_uid + 1
            place.mails[uid] = (at or datetime.now(UTC), raw)
            self.news.notify_all()
        return uid

    def renumber(self, folder: str = "INBOX") -> None:
        """UIDVALIDITY changes: the same mails under other UIDs."""
        old = self.folders[folder]
        fresh = Folder(validity=old.validity + 1)
        for mail in old.mails.values():
            fresh.mails[fresh.next_uid] = mail
            fresh.next_uid += 1
        self.folders[folder] = fresh

    @property
    def allowed(self) -> list[str]:
        """For HARK_ALLOWED_NETWORKS."""
        return [f"127.0.0.1:{self.imap_port}", f"127.0.0.1:{self.smtp_port}"]

    def settings(self, **more: Any) -> dict[str, Any]:
        """A channel's settings for these servers."""
        place = {"imap_host": "127.0.0.1", "imap_port": self.imap_port, "imap_security": "none"}
        place |= {"smtp_host": "127.0.0.1", "smtp_port": self.smtp_port, "smtp_security": "none"}
        return {**place, "address": WHO, "user": WHO, "incoming": "imap", **more}


class Threaded(socketserver.ThreadingTCPServer):
    """One thread a line; a line that was cut is no error of the suite."""

    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Silence."""


@contextmanager
def mail_servers() -> Iterator[MailServers]:
    """Both servers on free ports of this machine."""
    state = MailServers()
    lines = [Threaded(("127.0.0.1", 0), type("Line", (kind,), {"state": state})) for kind in (ImapLine, SmtpLine)]
    state.imap_port, state.smtp_port = (line.server_address[1] for line in lines)
    state.smtp = lines[1]
    threads = [threading.Thread(target=one.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True) for one in lines]
    for thread in threads:
        thread.start()
    try:
        yield state
    finally:
        for line in lines:
            line.shutdown()
            line.server_close()


class ImapLine(socketserver.StreamRequestHandler):
    """IMAP4rev1, the little that is needed."""

    disable_nagle_algorithm = True  # an answer in two pieces would wait for the other side

    state: MailServers

    def handle(self) -> None:
        self.folder = Folder()
        self.say("* OK stand-in")
        with suppress(ConnectionAbortedError):  # as asked for
            self.talk()

    def talk(self) -> None:
        while line := self.rfile.readline():
            tag, _, rest = line.decode("utf-8", "replace").rstrip("\r\n").partition(" ")
            self.tag = tag
            self.state.commands.append(rest if not rest.upper().startswith("LOGIN") else "LOGIN")
            name = rest.split(" ", 1)[0].upper()
            if name == "UID":
                name = "UID_" + rest.split(" ", 2)[1].upper()
            answer = getattr(self, f"do_{name}", None)
            self.say(f"{tag} {answer(rest) if answer else 'BAD unknown'} .")
            if name == "LOGOUT":
                return

    def say(self, line: str | bytes) -> None:
        self.wfile.write((line.encode() if isinstance(line, str) else line) + b"\r\n")

    def do_CAPABILITY(self, rest: str) -> str:
        ways = "".join(f" AUTH={way}" for way in self.state.ways)
        self.say("* CAPABILITY IMAP4rev1 AUTH=PLAIN" + ways + (" IDLE" if self.state.can_idle else ""))
        return "OK"

    def do_AUTHENTICATE(self, rest: str) -> str:
        """XOAUTH2 (Google's and Microsoft's pages) and OAUTHBEARER (RFC 7628): why first, then no."""
        self.say("+ ")
        if bearer_fits(self.rfile.readline(), self.state):
            return "OK"
        self.say(b"+ " + base64.b64encode(b'{"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"}'))
        assert base64.b64decode(self.rfile.readline().strip()) == (b"" if "XOAUTH2" in rest else b"\x01")
        return "NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)"

    def do_LOGIN(self, rest: str) -> str:
        return "OK" if rest.split(" ", 1)[1].replace('"', "") == f"{WHO} {PASSWORD}" else "NO wrong password"

    def do_SELECT(self, rest: str) -> str:
        name = rest.split(" ", 1)[1].strip('"')
        if name not in self.state.folders:
            return "NO there is none"
        self.folder = self.state.folders[name]
        self.told_of = len(self.folder.mails)
        self.say(f"* {self.told_of} EXISTS")
        self.say(f"* OK [UIDVALIDITY {self.folder.validity}] valid")
        self.say(f"* OK [UIDNEXT {self.folder.next_uid}] next")
        return "OK [READ-WRITE] done"

    do_EXAMINE = do_SELECT

    def do_UID_SEARCH(self, rest: str) -> str:
        found = set(self.folder.mails)
        if match := re.search(r"UID (\d+):(\d+|\*)", rest):
            first, last = int(match[1]), max(found, default=0) if match[2] == "*" else int(match[2])
            first, last = min(first, last), max(first, last)  # `n:*` is `*:n`
            found = {uid for uid in found if first <= uid <= last}
        if match := re.search(r"SINCE (\S+)", rest):
            day = datetime.strptime(f"{match[1]} +0000", "%d-%b-%Y %z").date()
            found = {uid for uid in found if self.folder.mails[uid][0].date() >= day}
        self.say("* SEARCH " + " ".join(map(str, sorted(found))))
        return "OK"

    def do_UID_FETCH(self, rest: str) -> str:
        _, _, listed, what = rest.split(" ", 3)
        for uid in map(int, listed.split(",")):
            if uid not in self.folder.mails:
                continue
            at, raw = self.folder.mails[uid]
            if SIZES in what:
                date = at.strftime("%d-%b-%Y %H:%M:%S +0000")
                self.say(f'* {uid} FETCH (UID {uid} RFC822.SIZE {len(raw)} INTERNALDATE "{date}")')
            elif uid == self.state.refuses_uid:
                return "NO this one is damaged"
            else:
                self.give(uid, raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if "HEADER" in what else raw)
        return "OK"

    def give(self, uid: int, raw: bytes) -> None:
        self.wfile.write(f"* {uid} FETCH (UID {uid} BODY[] {{{len(raw)}}}\r\n".encode())
        if self.state.break_after_mails == 0:
            self.state.break_after_mails = -1
            self.wfile.write(raw[: len(raw) // 2])
            raise ConnectionAbortedError
        self.state.break_after_mails -= self.state.break_after_mails > 0
        self.wfile.write(raw + b")\r\n")

    def do_UID_STORE(self, rest: str) -> str:
        self.folder.seen |= set(map(int, rest.split(" ")[2].split(",")))
        return "OK"

    def do_IDLE(self, rest: str) -> str:
        self.say("+ idling")
        with self.state.news:
            while len(self.folder.mails) == self.told_of and not self.told():
                self.state.news.wait(0.05)
        self.say(f"* {len(self.folder.mails)} EXISTS")
        self.rfile.readline()
        return "OK"

    def told(self) -> bool:
        """Has the client said DONE? Looked at whenever somebody moves."""
        self.connection.settimeout(0.01)
        try:
            self.connection.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return False
        else:
            return True
        finally:
            self.connection.settimeout(None)

    def do_NOOP(self, rest: str) -> str:
        return "OK"

    def do_LOGOUT(self, rest: str) -> str:
        self.say("* BYE")
        return "OK"


ANSWERS = {
    "429": b"450 4.7.1 greylisted, try again in 2 seconds\r\n",
    "429 alone": b"450 4.7.1 greylisted, try again later\r\n",
    "500": b"451 4.3.0 trouble here\r\n",
    "403": b"550 5.7.1 not for you\r\n",
}


class SmtpLine(socketserver.StreamRequestHandler):
    """ESMTP with AUTH PLAIN and LOGIN."""

    disable_nagle_algorithm = True  # an answer in two pieces would wait for the other side

    state: MailServers

    def handle(self) -> None:
        fault = self.state.smtp_faults.pop(0) if self.state.smtp_faults else ""
        sender, recipient = "", ""
        self.wfile.write(b"220 stand-in\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"EHLO":
                ways = " ".join(("PLAIN LOGIN", *self.state.ways)).encode()
                self.wfile.write(b"250-stand-in\r\n250-SIZE 50000000\r\n250 AUTH " + ways + b"\r\n")
            elif word == b"AUTH":
                self.log_in(line, fault)
            elif word == b"MAIL":
                sender, recipient = address_in(line), ""
                self.wfile.write(b"250 ok\r\n")
            elif word == b"RCPT":
                recipient = f"{recipient} {address_in(line)}".strip()
                self.wfile.write(ANSWERS.get(fault, b"250 ok\r\n"))
            elif word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                if not self.take(sender, recipient, fault):
                    return
                self.wfile.write(b"250 taken\r\n")
            else:
                self.wfile.write(b"250 ok\r\n")

    def log_in(self, line: bytes, fault: str) -> None:
        """By any password; or by a live token as for IMAP, with what the client says at once."""
        _, way, first = line.split()
        if way in {b"PLAIN", b"LOGIN"}:
            self.wfile.write(b"535 5.7.8 no\r\n" if fault == "401" else b"235 welcome\r\n")
            return
        if bearer_fits(first, self.state):
            self.wfile.write(b"235 2.7.0 Accepted\r\n")
            return
        self.wfile.write(b"334 " + base64.b64encode(b'{"status":"400"}') + b"\r\n")
        assert base64.b64decode(self.rfile.readline().strip()) == (b"" if way == b"XOAUTH2" else b"\x01")
        self.wfile.write(self.state.smtp_says + b"\r\n")

    def take(self, sender: str, recipient: str, fault: str) -> bool:
        """Take the mail, or some of it; does the line go on?"""
        if fault == "drop_mail":
            return False
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        if fault == "hang":
            self.rfile.read(1)  # until the other side gives up
            return False
        self.state.sent.append((sender, recipient, b"".join(lines)))
        return fault != "drop_reply"


def bearer_fits(said: bytes, state: MailServers) -> bool:
    """Is it our user with a live token, in one of the two forms?"""
    plain = base64.b64decode(said.strip()).decode()
    user, _, token = plain.partition("\x01")
    named = user in {f"user={WHO}", f"n,a={WHO},"}
    return named and plain.endswith("\x01\x01") and any(f"auth=Bearer {one}\x01" in token for one in state.tokens)


def address_in(line: bytes) -> str:
    """The address between the angle brackets."""
    found = re.search(rb"<([^>]*)>", line)
    return found.group(1).decode() if found else ""


def words_of(raw: bytes) -> str:
    """The text of a mail."""
    mail = message_from_bytes(raw)
    part = mail.get_payload(0) if mail.is_multipart() else mail
    return part.get_payload(decode=True).decode().rstrip("\r\n")  # type: ignore[union-attr]
