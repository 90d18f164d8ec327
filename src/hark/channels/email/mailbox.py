"""A mailbox over IMAP: one line, whose folders are read page by page from a place, and which can wait for news.

Nothing is marked or moved by reading (BODY.PEEK). What a server can do to a reader, and what is done about it:
`UID n:*` also gives the last mail when its UID is below n; UIDVALIDITY changes, and every UID means something else; the
line breaks in the middle of a mail; a mail is gone between the search and the fetch, or cannot be fetched at all.
"""

import imaplib
import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from imap_tools import BaseMailBox
from imap_tools.errors import ImapToolsError, MailboxFolderSelectError, MailboxLoginError

from hark.channels.email import sasl
from hark.channels.email.connecting import STEP_SECONDS, Server, connected, encrypted, imap_server, naming_the_step
from hark.channels.email.settings import MailSettings, Proof
from hark.channels.errors import AuthLost, Refused, Retry, SendError
from hark.channels.types import Raw

PAGE_MAILS, PAGE_BYTES = 50, 20_000_000
LARGEST = 35_000_000  # of a larger mail the headers are kept
SLACK = timedelta(days=2)  # a server's day is not ours
ABOUT = re.compile(rb"(?=.*\bUID (\d+))(?=.*\bRFC822\.SIZE (\d+))(?=.*\bINTERNALDATE \"([^\"]+)\")", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Place:
    """How far a folder has been read: up to `uid` under `validity`.

    Below `known_below` only what came from the day `since` on is read: what was there when the channel was connected
    (then it is also below `old_below`), or when UIDVALIDITY changed. The latter is read again up to what was read last;
    Hark knows what it has by its bytes and by Message-IDs.
    """

    validity: int
    uid: int
    known_below: int
    old_below: int
    since: date


@dataclass(slots=True)
class Chunk:
    """Some mails of a folder, oldest first, with their UIDs, and the place behind them."""

    place: Place
    more: bool = False
    raws: list[Raw] = field(default_factory=list)
    uids: list[int] = field(default_factory=list)
    size: int = 0


class _Client(imaplib.IMAP4):
    """imaplib over a line of ours."""

    def __init__(self, server: Server) -> None:
        self.server = server
        super().__init__(server.host, server.port, timeout=STEP_SECONDS)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return connected(self.server)

    def starttls(self, ssl_context: Any = None) -> Any:
        """As imaplib does it, with our checks of the certificate."""
        if "STARTTLS" not in self.capabilities:
            raise Refused("plain", f"{self.server.host} does not offer STARTTLS. Choose TLS, or another port.")
        answer, _ = self._simple_command("STARTTLS")
        if answer != "OK":
            raise Retry(detail=f"{self.server.host} did not begin STARTTLS.")
        self.sock = encrypted(self.server, self.sock)
        self.file = self.sock.makefile("rb")
        self._tls_established = True
        self._get_capabilities()
        return answer


class Mailbox(BaseMailBox):
    """One logged-in line."""

    def __init__(self, server: Server) -> None:
        """Connects."""
        self.server = server
        self.next_uids: dict[str, int] = {}
        super().__init__()

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        client = _Client(self.server)
        if self.server.security == "starttls":
            try:
                client.starttls()
            except SendError:
                client.shutdown()
                raise
        return client

    @property
    def can_idle(self) -> bool:
        """Does the server tell us of news?"""
        return b"IDLE" in bytes(self.client.capability()[1][-1] or b"").upper().split()

    def enter(self, folder: str, *, marking: bool) -> tuple[int, int]:
        """Go into a folder; gives its UIDVALIDITY and the UID that the next mail will get."""
        try:
            self.folder.set(folder, readonly=not marking)
        except MailboxFolderSelectError as error:
            raise Refused("folder", f"There is no folder named {folder} in this mailbox.") from error
        self.next_uids[folder] = self._number("UIDNEXT") or self._highest() + 1
        return self._number("UIDVALIDITY"), self.next_uids[folder]

    def read(self, place: Place) -> Chunk:
        """The next mails behind a place of the folder that was entered."""
        waiting, place = self._waiting(place)
        chunk = Chunk(place, more=len(waiting) > PAGE_MAILS)
        about = self._about(waiting[:PAGE_MAILS])
        for uid in waiting[:PAGE_MAILS]:
            if chunk.size >= PAGE_BYTES:
                chunk.more = True
                break
            try:
                raw = self._raw(uid, *about[uid], place) if uid in about else None
            except (imaplib.IMAP4.abort, OSError):
                if not chunk.raws:
                    raise
                chunk.more = True  # what came before the line broke is kept; the next page fails, or goes on
                break
            chunk.place = replace(chunk.place, uid=uid)
            if raw is not None:
                chunk.raws.append(raw)
                chunk.uids.append(uid)
                chunk.size += len(raw.body)
                if uid >= place.known_below:
                    chunk.place = replace(chunk.place, since=max(chunk.place.since, about[uid][1].date() - SLACK))
        return chunk

    def mark_seen(self, uids: list[int]) -> None:
        """Mark these as read. Only for what is stored."""
        if uids:
            self.client.uid("STORE", _listed(uids), "+FLAGS.SILENT", r"(\Seen)")

    def wait(self, seconds: float) -> Iterator[bool]:
        """Wait for news; gives False every second where there is none, and True once, at the end, where there is."""
        self.idle.start()  # type: ignore[no-untyped-call]
        left = seconds
        news: list[bytes] = []
        try:
            while left > 0 and not news:
                news = self.idle.poll(timeout=1.0)
                yield bool(news)
                left -= 1.0
        finally:
            self.client.sock.settimeout(5.0)  # whoever waits here may have been told to stop
            self.idle.stop()  # type: ignore[no-untyped-call]  # on a broken line this fails, and that is told
            self.client.sock.settimeout(STEP_SECONDS)

    def _waiting(self, place: Place) -> tuple[list[int], Place]:
        """The UIDs behind a place: first of what was there, then what came later."""
        if place.uid < place.known_below - 1:
            days = place.since.strftime("%d-%b-%Y")
            known = self._search(f"UID {place.uid + 1}:{place.known_below - 1} SINCE {days}")
            known = [uid for uid in known if place.uid < uid < place.known_below]
            if known:
                return known, place
            place = replace(place, uid=place.known_below - 1)
        return [uid for uid in self._search(f"UID {place.uid + 1}:*") if uid > place.uid], place

    def _search(self, criteria: str) -> list[int]:
        return sorted(map(int, self.uids(criteria, charset=None)))

    def _about(self, uids: list[int]) -> dict[int, tuple[int, datetime]]:
        """Size and the server's date of each."""
        if not uids:
            return {}
        _, lines = self.client.uid("FETCH", _listed(uids), "(UID RFC822.SIZE INTERNALDATE)")
        found = {}
        for line in lines or ():
            match = ABOUT.search(line) if isinstance(line, bytes) else None
            if match:
                found[int(match[1])] = int(match[2]), _moment(match[3].decode("ascii", "replace"))
        return found

    def _raw(self, uid: int, size: int, at: datetime, place: Place) -> Raw | None:
        """One mail as it is; of one that is too large its headers; None when it is gone."""
        headers = {"internal-date": at.isoformat()}
        if uid < place.old_below:
            headers["backfilled"] = "yes"
        if size > LARGEST:
            headers["too-large"] = str(size)
        body = self._fetched(uid, "BODY.PEEK[HEADER]" if size > LARGEST else "BODY.PEEK[]")
        if body is None:
            return None
        if not body:  # the server cannot hand it over: it is shown all the same
            return Raw(b"", {**headers, "not-given": "yes"}, id=f"{place.validity}:{uid}")
        return Raw(body, headers)

    def _fetched(self, uid: int, what: str) -> bytes | None:
        try:
            answer, parts = self.client.uid("FETCH", str(uid), f"(UID {what})")
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            return b""
        if answer != "OK":
            return b""
        return next((part[1] for part in parts or () if isinstance(part, tuple)), None)

    def _number(self, name: str) -> int:
        _, data = self.client.response(name)
        return int(data[-1]) if data and data[-1] else 0

    def _highest(self) -> int:
        return max(self._search("ALL"), default=0)


@contextmanager
def opened(settings: MailSettings, proof: Proof) -> Iterator[Mailbox]:
    """A logged-in line, closed at the end. Raises Retry, AuthLost or Refused, each with a sentence."""
    server = imap_server(settings)
    if proof.missing:
        raise AuthLost(proof.missing)
    with naming_the_step(server):
        box = _begun(server)
        try:
            _log_in(box, proof)
            yield box
        except imaplib.IMAP4.error as error:  # `abort`, a line that broke, among them
            raise Retry(detail=f"The IMAP server {server.host} broke off.") from error
        except ImapToolsError as error:
            raise Retry(detail=f"The IMAP server {server.host} refused a command.") from error
        finally:
            _hang_up(box)


def _begun(server: Server) -> Mailbox:
    try:
        return Mailbox(server)
    except imaplib.IMAP4.error as error:
        raise Retry(detail=f"{server.host} does not answer like an IMAP server. Check its port.") from error


def _log_in(box: Mailbox, proof: Proof) -> None:
    if proof.by_token:
        _sign_in(box, proof)
        return
    try:
        plain = proof.user.isascii() and proof.password.isascii()
        (box.login if plain else box.login_utf8)(proof.user, proof.password, initial_folder=None)
    except (MailboxLoginError, imaplib.IMAP4.error) as error:
        if isinstance(error, imaplib.IMAP4.abort):
            raise
        raise AuthLost(f"{box.server.host} did not accept the user name or the password.") from None


def _sign_in(box: Mailbox, proof: Proof) -> None:
    """AUTHENTICATE with an access token, the way that the server offers."""
    server, steps = box.server, None
    for name in sasl.WAYS:
        if f"AUTH={name}" in box.client.capabilities:
            steps = sasl.steps(name, proof, server.host, server.port)
            break
    if steps is None:
        raise Refused(
            "login", f"{server.host} does not take the sign-in of Google or Microsoft. Check the server’s name."
        )
    try:
        box.client.authenticate(name, lambda _challenge: next(steps))
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error:
        raise AuthLost(sasl.not_accepted(server.host, proof.user)) from None


def _hang_up(box: Mailbox) -> None:
    with suppress(imaplib.IMAP4.error, OSError):  # it may be gone already
        box.client.sock.settimeout(2.0)
        box.client.logout()
    with suppress(OSError):
        box.client.shutdown()


def _listed(uids: list[int]) -> str:
    return ",".join(map(str, uids))


def _moment(text: str) -> datetime:
    """A server's INTERNALDATE; the beginning of time where it cannot be read."""
    try:
        return datetime.strptime(text.strip(), "%d-%b-%Y %H:%M:%S %z").astimezone(UTC)
    except (ValueError, OverflowError):
        return datetime(1970, 1, 4, tzinfo=UTC)


def first_place(validity: int, next_uid: int, *, read_back_days: int, today: date) -> Place:
    """Where a new channel begins: at what comes from now on, or so many days back."""
    since = today - timedelta(days=read_back_days)
    return Place(validity, 0 if read_back_days else next_uid - 1, next_uid, next_uid, since)


def place_after_change(before: Place, validity: int, next_uid: int) -> Place:
    """Where to go on when every UID means something else now."""
    return Place(validity, 0, next_uid, 0, before.since)


def places_in(cursor: str) -> dict[str, Place]:
    """The places that a cursor holds, by folder."""
    said = json.loads(cursor) if cursor else {}
    return {
        folder: Place(validity, uid, known_below, old_below, date.fromisoformat(day))
        for folder, (validity, uid, known_below, old_below, day) in said.items()
    }


def cursor_with(places: dict[str, Place]) -> str:
    """The places as a cursor."""
    kept = {
        name: [one.validity, one.uid, one.known_below, one.old_below, one.since.isoformat()]
        for name, one in places.items()
    }
    return json.dumps(kept, sort_keys=True, separators=(",", ":"))
