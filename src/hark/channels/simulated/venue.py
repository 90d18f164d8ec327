"""The verbs of the simulated venue."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal
from urllib.parse import quote, urlsplit

from hark.channels.base import Venue
from hark.channels.errors import Ambiguous, Refused, Retry, SendError
from hark.channels.kit.careful_json import MAX_BATCH_BYTES, Json, Unreadable, loads
from hark.channels.kit.carried import bytes_of
from hark.channels.kit.limits import MOST_PARTS, PARTS_HELP, UNIT_WORDS, narrowed, refuse_longer
from hark.channels.kit.once import attempt
from hark.channels.kit.setting import setting
from hark.channels.kit.signatures import genuine, hex_code
from hark.channels.kit.words import id_of, text_of, time_of
from hark.channels.simulated.events import read_events
from hark.channels.simulated.likeness import ITSELF, LIKE, SET_UP, model_of, names, played
from hark.channels.types import (
    Accepted,
    Account,
    Caps,
    Change,
    Health,
    Inbound,
    Outbound,
    OutboundFile,
    Page,
    Raw,
    Receipt,
    Rejected,
    Reply,
    Request,
    Verdict,
)
from hark.kernel.http import HttpRequest

WINDOW_SECONDS = 300
MAX_LENGTH = 500
MAX_MEDIA = 5_000_000
PAGE = 50
SCOPES = frozenset({"read", "write"})
OWN_RULES = ("like", (ITSELF,))  # asked only of an account that plays no venue
NOT_OURS = Rejected(Reply(401, b'{"error":"signature"}'))


@dataclass(frozen=True)
class Settings:
    """`base_url` is the stand-in's; `network` names the made-up place; `idempotent` no: it forgets keys, as many do.

    `max_length`, `unit` and `max_parts` let an account be as narrow as real networks are.
    """

    like: Literal[LIKE] = setting(  # type: ignore[valid-type]
        ITSELF,
        label="Behaves like",
        words=names(),
        help="Its length and its rules, tried without an account there.",
    )
    base_url: str = setting(
        "",
        label="Address of a stand-in",
        help="Such as http://127.0.0.1:9000/plum. Empty: nothing leaves this machine, replies count as delivered.",
    )
    network: str = setting("", label="Made-up network", help="People are one and the same within it.")
    self_ids: tuple[str, ...] = setting((), label="Our own ids there", help="Posts by them are our own.")
    handles: tuple[str, ...] = setting((), label="Our own names there")
    idempotent: bool = setting(default=True, label="It remembers keys, so that nothing is posted twice", only=OWN_RULES)
    max_length: int = setting(MAX_LENGTH, label="Longest post", low=1, high=MAX_LENGTH, only=OWN_RULES)
    unit: Literal["chars", "graphemes", "utf16", "bytes", "weighted", "sms"] = setting(
        "graphemes", label="It counts in", words=UNIT_WORDS, only=OWN_RULES
    )
    max_parts: int = setting(1, label="Parts of one answer", help=PARTS_HELP, low=1, high=MOST_PARTS, only=OWN_RULES)
    moves: Literal["none", "reply_once", "always"] = setting(
        "none",
        label="From public to private",
        words={"none": "Never", "reply_once": "One message", "always": "Always"},
        only=OWN_RULES,
    )
    token: str = setting("", label="Token", secret=True, help="We are known by it there.")
    webhook: str = setting("", label="Webhook secret", secret=True, help="Its calls are signed with it.")


class Simulated(Venue):
    """A made-up network. It signs its calls, repeats them, forgets, breaks and echoes like the real ones."""

    key: ClassVar[str] = "simulated"
    name: ClassVar[str] = "Simulated"
    icon: ClassVar[str] = "sim"
    intro: ClassVar[str] = "A made-up network for trying out, never a real one."
    proof: ClassVar[str] = "simulated"
    caps: ClassVar[Caps] = Caps(
        public=True,
        private=True,
        threaded=True,
        max_length=MAX_LENGTH,
        unit="graphemes",
        max_parts=MOST_PARTS,
        media=True,
        edits_in=True,
        edits_out=True,
        deletes_in=True,
        deletes_out=True,
        receipts=True,
        can_move_private="always",
        idempotent_send="key",
        echo=True,
        webhook=True,
        poll=True,
        native_reply_url=True,
        files_out=MAX_MEDIA,
    )
    Settings = Settings
    body_bytes: ClassVar[int] = MAX_BATCH_BYTES

    def caps_for(self, account: Account) -> Caps:
        """Without memory for keys a send whose fate is unknown must not be repeated; as long as the settings say."""
        if model := model_of(account):
            return played(model.key, self.caps)
        forgets, moves = account.settings.get("idempotent") is False, account.settings.get("moves")
        caps = narrowed(self.caps, account.settings)
        caps = replace(caps, can_move_private=moves if moves in {"reply_once", "always"} else "none")
        return replace(caps, idempotent_send="none") if forgets else caps

    def objection(self, account: Account, outbound: Outbound) -> Refused | None:
        """Its own rules, or those of the venue that it plays, in that venue's words."""
        model = model_of(account)
        theirs = model.objection(_unset(account, model), outbound) if model else None
        return super().objection(account, outbound) or theirs

    def check(self, account: Account) -> Health:
        """Ask the venue who we are, what we may do and until when."""
        if not account.base_url:
            return Health((), (account.external_id or "self",), caps=self.caps_for(account))
        try:
            me = _json(attempt(_request(account, "GET", "/me")).body)
        except SendError as error:
            return Health((error.message,), caps=self.caps_for(account))
        granted = {text_of(scope) for scope in me.get("scopes", ())}
        missing = tuple(sorted(SCOPES - granted))
        problems = tuple(f"The permission to {scope} is missing." for scope in missing)
        return Health(
            problems,
            tuple(filter(None, [id_of(me.get("id"))])),
            tuple(sorted(granted)),
            missing,
            time_of(me.get("expires_at")),
            self.caps_for(account),
        )

    def verify(self, account: Account, request: Request) -> Verdict:
        """HMAC-SHA256 over `timestamp.body`, and a timestamp within five minutes of the moment it reached us."""
        if len(request.body) > MAX_BATCH_BYTES:
            return Rejected(Reply(413, b'{"error":"too long"}'))
        stamp = request.headers.get("simulated-timestamp", "")
        given = request.headers.get("simulated-signature", "")
        message = stamp.encode("utf-8", "replace") + b"." + request.body
        if not genuine(account, "webhook", message, given, hex_code) or not _fresh(stamp, request):
            return NOT_OURS
        return Accepted(
            dedupe_key=request.headers.get("simulated-delivery", "")[:200],
            lane_key=request.headers.get("simulated-thread", "")[:200],
        )

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        """The events of a call or of a page of the poll."""
        return read_events(account, raw)

    def poll(self, account: Account, cursor: str) -> Page:
        """The events behind the cursor, oldest first, each as an arrival of its own."""
        page = _json(attempt(_request(account, "GET", f"/events?limit={PAGE}&after={quote(cursor)}")).body)
        events = page.get("events", [])
        raws = tuple(Raw(json.dumps({"events": [event]}).encode()) for event in events)
        return Page(raws, text_of(page.get("next")) or cursor, page.get("more") is True)

    def send(self, account: Account, outbound: Outbound) -> Receipt:
        """One POST with our key; the venue answers twice the same where it remembers keys."""
        self.obey(account, outbound)
        if not account.base_url:
            return Receipt((f"sim-{outbound.id}",), state="delivered")
        said: dict[str, Any] = {
            "client_ref": str(outbound.id),
            "text": outbound.text,
            "audience": outbound.visibility,
            "thread": outbound.target.thread,
            "root": outbound.target.root,
            "to": outbound.target.person,
            "parent": outbound.target.parent or outbound.target.external_id,
            "by": outbound.author_kind,
            "private_of": outbound.private_of,
        }
        if outbound.attachments:
            said["files"] = [_upload(account, file) for file in outbound.attachments]
        response = attempt(_request(account, "POST", "/messages", json.dumps(said).encode(), str(outbound.id)))
        try:
            answer = _json(response.body)
        except Retry:  # it was taken all the same; its echo brings the id
            answer = {}
        taken = id_of(answer.get("id"))
        return Receipt((taken,) if taken else (), permalink=text_of(answer.get("permalink")))

    def change(self, account: Account, change: Change) -> Receipt:
        """One POST for each of its posts: the first says all of it, or all of them go. What is unknown is gone."""
        refuse_longer(self.caps_for(account), change.text)
        if not account.base_url:
            return Receipt(change.of[:1])
        for place, post in enumerate(change.of):
            said: dict[str, Json] = {"deleted": True} if change.gone or place else {"text": change.text}
            path = f"/messages/{quote(post, safe='')}"
            try:
                attempt(_request(account, "POST", path, json.dumps(said).encode(), f"{change.id}-{place}"))
            except Refused as error:
                if error.code != "404" or "deleted" not in said:
                    raise
        return Receipt(change.of[:1])

    def media(self, account: Account, ref: str) -> Iterator[bytes]:
        """An attachment from the venue's own host, and from no other."""
        wanted = urlsplit(ref)
        home = urlsplit(account.base_url)
        if (wanted.scheme, wanted.netloc) != (home.scheme, home.netloc) or not home.netloc:
            raise Refused("foreign_host", "This attachment does not lie at the venue.")
        yield attempt(HttpRequest("GET", ref, max_bytes=MAX_MEDIA)).body


def _unset(account: Account, model: Venue) -> Account:
    """An account at the venue that is played, of which nothing is known yet but what it cannot do without."""
    return Account(account.key, account.external_id, SET_UP.get(model.key, {}))


def _upload(account: Account, file: OutboundFile) -> dict[str, Json]:
    """Bring a file to the venue, which knows it by its hash: a second time it is the same file.

    Nothing is published by it, so a line that breaks here is no doubt about the reply.
    """
    try:
        attempt(_request(account, "POST", f"/files/{file.sha256}", bytes_of(file)))
    except Ambiguous as error:
        raise Retry(detail="the line broke while a file was sent") from error
    return {"ref": file.sha256, "name": file.name, "mime": file.mime, "size": file.size}


def _fresh(stamp: str, request: Request) -> bool:
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        return False
    return abs(request.received_at.timestamp() - int(stamp)) <= WINDOW_SECONDS


def _request(account: Account, method: str, path: str, body: bytes = b"", key: str = "") -> HttpRequest:
    headers = {"authorization": f"Bearer {account.secrets.get('token', '')}", "content-type": "application/json"}
    if key:
        headers["idempotency-key"] = key
    return HttpRequest(method, account.base_url.rstrip("/") + path, headers, body)


def _json(body: bytes) -> dict[str, Json]:
    """An answer's object; one that cannot be read is the venue's fault and may pass."""
    try:
        answer = loads(body, max_bytes=MAX_BATCH_BYTES)
    except Unreadable as problem:
        raise Retry(detail=f"the venue's answer is {problem}") from problem
    return answer if isinstance(answer, dict) else {}
