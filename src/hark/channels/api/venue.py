"""The verbs of the API channel."""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal
from urllib.parse import urlsplit

from hark.channels.api.events import mistakes, read_events
from hark.channels.api.signing import TIMESTAMP, NotSigned, check_signed, signed_headers
from hark.channels.base import Venue
from hark.channels.errors import Ambiguous, AuthLost, Refused, Retry, SendError
from hark.channels.kit.careful_json import MAX_BATCH_BYTES, Json, Unreadable, loads
from hark.channels.kit.carried import bytes_of
from hark.channels.kit.limits import MOST_PARTS, PARTS_HELP, UNIT_WORDS, narrowed, refuse_longer
from hark.channels.kit.once import attempt, error_of
from hark.channels.kit.setting import setting
from hark.channels.kit.signatures import live_secrets
from hark.channels.kit.sites import bad_sites
from hark.channels.kit.words import id_of, text_of, time_of
from hark.channels.types import (
    Accepted,
    Account,
    Caps,
    Change,
    Health,
    Inbound,
    Limit,
    Outbound,
    OutboundFile,
    Raw,
    Receipt,
    Rejected,
    Reply,
    Request,
    SharedSecret,
    Verdict,
)
from hark.kernel.http import HttpRequest, HttpResponse
from hark.kernel.time import now

CALLS_PER_MINUTE = 600
MAX_TEXT = 10_000
MAX_MEDIA = 5_000_000
MAX_FILES_OUT = 5_000_000
INCOMING = SharedSecret("incoming", "Calls to Hark", "Your program signs its calls with it.")
OUTGOING = SharedSecret("outgoing", "Calls from Hark", "Hark signs with it, so that your program can believe a reply.")

SNIPPETS = Path(__file__).parent / "snippets"
CODE = (("Shell: post", "post.sh.txt"), ("Python: post", "post.py.txt"), ("Python: take replies", "take.py.txt"))
NO_INCOMING = "Make the secret for calls to Hark, so that your program can sign."
NO_OUTGOING = "Make the secret for calls from Hark, so that your program can believe a reply."


@dataclass(frozen=True)
class Settings:
    """`base_url` takes the replies; without it the channel only listens. `sites`: where attachments may lie.

    `changes`: the program understands `reply.edited` and `reply.deleted`, which an older one would pass over.
    """

    base_url: str = setting("", label="Where replies go", help="Such as https://shop.example/hark. Empty: no replies.")
    max_length: int = setting(MAX_TEXT, label="Longest reply", low=1, high=MAX_TEXT)
    unit: Literal["chars", "graphemes", "utf16", "bytes", "weighted", "sms"] = setting(
        "chars", label="Your program counts in", words=UNIT_WORDS
    )
    max_parts: int = setting(1, label="Parts of one answer", help=PARTS_HELP, low=1, high=MOST_PARTS)
    sites: tuple[str, ...] = setting(
        (), label="Where attachments lie", help="Besides the address for replies, such as https://files.example."
    )
    changes: bool = setting(
        default=False,
        label="It can change and delete replies",
        help="Your program understands reply.edited and reply.deleted.",
    )


class ApiChannel(Venue):
    """Any program of the company's stands for a place where customers speak."""

    key: ClassVar[str] = "api"
    name: ClassVar[str] = "API"
    intro: ClassVar[str] = "Any program of yours posts messages and gets the replies. Signed both ways."
    proof: ClassVar[str] = "real server"
    caps: ClassVar[Caps] = Caps(
        public=True,
        private=True,
        threaded=True,
        max_length=MAX_TEXT,
        max_parts=MOST_PARTS,
        media=True,
        edits_in=True,
        edits_out=True,
        deletes_in=True,
        deletes_out=True,
        receipts=True,
        idempotent_send="key",
        echo=True,
        webhook=True,
        files_out=MAX_FILES_OUT,
    )
    Settings = Settings
    shared_secrets: ClassVar[tuple[SharedSecret, ...]] = (INCOMING, OUTGOING)
    body_bytes: ClassVar[int] = MAX_BATCH_BYTES

    def caps_for(self, account: Account) -> Caps:
        """Replies only where there is an address for them, and as long as the program takes them, in its own count."""
        speaks = bool(account.base_url)
        changes = speaks and account.settings.get("changes") is True
        caps = replace(narrowed(self.caps, account.settings), public=speaks, private=speaks, threaded=speaks)
        return replace(caps, edits_out=changes, deletes_out=changes)

    def objections(self, account: Account) -> Mapping[str, str]:
        """Addresses are web addresses."""
        found, bad, url = {}, bad_sites(account), text_of(account.settings.get("base_url"))
        if url and (urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname):
            found["base_url"] = "An address begins with https://, such as https://bridge.example/hark."
        if bad:
            found["sites"] = f"{bad[0]!r} is not written like https://files.example."
        return found

    def code(self, account: Account, address: str) -> tuple[tuple[str, str], ...]:
        """What a program needs for both directions."""
        return tuple((title, (SNIPPETS / file).read_text("utf-8").replace("ADDRESS", address)) for title, file in CODE)

    def check(self, account: Account) -> Health:
        """Are there secrets, and does the program answer a ping? Each step has its own sentence."""
        needed = (("incoming", NO_INCOMING), *((("outgoing", NO_OUTGOING),) if account.base_url else ()))
        problems = [words for name, words in needed if not live_secrets(account, name)]
        if problems or not account.base_url:
            return Health(tuple(problems), (account.key,), caps=self.caps_for(account))
        try:
            said = _post(account, {"type": "ping"})
        except SendError as error:
            return Health((_step(error),), caps=self.caps_for(account))
        listed = said.get("missing")
        missing = tuple(text_of(one)[:80] for one in listed) if isinstance(listed, list) else ()
        problems = [f"Your program says that it lacks {one}." for one in missing]
        ends = time_of(said.get("expires_at"))
        return Health(tuple(problems), (account.key,), (), missing, ends, self.caps_for(account))

    def verify(self, account: Account, request: Request) -> Verdict:
        """Signed, fresh, and readable as a whole: else nothing of the call is taken, and the answer says why."""
        if len(request.body) > self.body_bytes:
            return _rejected(413, [f"a call holds at most {self.body_bytes:,} bytes"])
        try:
            check_signed(account, request)
        except NotSigned as error:
            return _rejected(401, [error.detail])
        if wrong := mistakes(request.body):
            return _rejected(422, wrong)
        stamp = request.headers[TIMESTAMP]
        return Accepted(
            dedupe_key=f"{stamp}.{hashlib.sha256(request.body).hexdigest()}",
            limits=(Limit(f"api|{account.key}", CALLS_PER_MINUTE, CALLS_PER_MINUTE),),
        )

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        """The events of a call, in order."""
        return read_events(account, raw)

    def send(self, account: Account, outbound: Outbound) -> Receipt:
        """One signed POST. The program remembers the reply's id, so that one that comes twice is taken once."""
        self._check(account, outbound.text)
        answer = _post(account, _as_json(account, outbound), key=str(outbound.id))
        taken, state = id_of(answer.get("id")) or f"out:{outbound.id}", text_of(answer.get("state"))
        link = text_of(answer.get("url"))
        return Receipt(
            (taken,),
            state=state if state in {"accepted", "delivered"} else "sent",  # type: ignore[arg-type]
            permalink=link if link.startswith(("https://", "http://")) else "",
        )

    def change(self, account: Account, change: Change) -> Receipt:
        """One signed POST that says what the reply shall be; the program knows it by the id Hark gave it."""
        self._check(account, change.text)
        said: dict[str, Json] = {
            "type": "reply.deleted" if change.gone else "reply.edited",
            "id": str(change.id),
            "reply": str(change.reply),
            "of": change.of[0] if change.of else "",
            "channel": account.key,
            "thread": change.target.thread,
            "person": change.target.person,
            "visibility": change.visibility,
        }
        _post(account, said if change.gone else {**said, "text": change.text}, key=str(change.id))
        return Receipt(change.of)

    def _check(self, account: Account, text: str) -> None:
        refuse_longer(self.caps_for(account), text)
        if not account.base_url:
            raise Refused("no_address", "This channel has no address for replies; an administrator can set it.")

    def media(self, account: Account, ref: str) -> Iterator[bytes]:
        """An attachment from a place that the settings name, asked for with a signature over its address."""
        if not _is_theirs(account, ref):
            raise Refused("foreign_host", "This attachment does not lie where the channel's settings say.")
        headers = signed_headers(account, ref.encode("utf-8", "replace"), at=now())
        yield attempt(HttpRequest("GET", ref, headers, max_bytes=MAX_MEDIA)).body


def _as_json(account: Account, outbound: Outbound) -> dict[str, Json]:
    target = outbound.target
    numbered: dict[str, Json] = {"part": outbound.part, "parts": outbound.parts} if outbound.parts > 1 else {}
    return {
        **numbered,
        "type": "reply",
        "id": str(outbound.id),
        "channel": account.key,
        "thread": target.thread,
        "parent": target.parent or target.external_id,
        "person": target.person,
        "visibility": outbound.visibility,
        "text": outbound.text,
        "by": outbound.author_kind,
        "files": [_file(each) for each in outbound.attachments],
    }


def _file(file: OutboundFile) -> Json:
    """A file within the call: what is signed is whole, and no address has to be open to anybody for it."""
    data = base64.b64encode(bytes_of(file)).decode("ascii")
    return {"name": file.name, "mime": file.mime, "size": file.size, "data": data}


def _post(account: Account, said: dict[str, Json], key: str = "") -> dict[str, Json]:
    """One signed call of ours; what is answered beside a 2xx is welcome and not needed."""
    body = json.dumps(said).encode()
    headers = {"content-type": "application/json", **signed_headers(account, body, at=now())}
    if key:
        headers["idempotency-key"] = key
    try:
        answer = loads(attempt(HttpRequest("POST", account.base_url, headers, body), refusal=_in_its_words).body)
    except Unreadable:
        return {}
    return answer if isinstance(answer, dict) else {}


def _in_its_words(response: HttpResponse) -> SendError:
    """A refusal with the reason that the program gives, for the agent who wrote the reply."""
    error = error_of(response)
    try:
        said = loads(response.body)
    except Unreadable:
        return error
    words = text_of(said.get("error")).strip()[:200] if isinstance(said, dict) else ""
    return Refused(error.code, f"It was refused there: {words}") if isinstance(error, Refused) and words else error


def _step(error: SendError) -> str:
    """The step that failed, for an administrator."""
    if isinstance(error, AuthLost):
        return "Your program refused our signature (401). Does it hold the secret for calls from Hark?"
    if isinstance(error, Ambiguous):
        return "Your program took our ping and gave no answer in time."
    if isinstance(error, Retry):
        return f"Your program could not be reached ({error.detail})."
    if isinstance(error, Refused) and error.code == "address":
        return error.human
    code = error.code if isinstance(error, Refused) else "no code"
    return f"Your program answered our ping with {code}; any 2xx would do."


def _is_theirs(account: Account, ref: str) -> bool:
    listed = account.settings.get("sites", ())
    homes = [_origin(str(each)) for each in (account.base_url, *listed)]
    return _origin(ref) in homes and bool(_origin(ref)[1])


def _origin(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", ""
    return parts.scheme, parts.netloc


def _rejected(status: int, words: list[str]) -> Rejected:
    return Rejected(Reply(status, json.dumps({"errors": words}).encode()))
