"""The verbs of web chat."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from hark.channels.base import Venue
from hark.channels.errors import Refused
from hark.channels.kit.careful_json import Unreadable, loads
from hark.channels.kit.carried import stored_bytes
from hark.channels.kit.setting import setting
from hark.channels.kit.signatures import live_secrets
from hark.channels.kit.sites import SITES_HELP, bad_sites, site_objections
from hark.channels.kit.words import claimed_addresses, text_of
from hark.channels.types import (
    Accepted,
    Account,
    AttachmentRef,
    Caps,
    Change,
    Health,
    Inbound,
    Limit,
    Outbound,
    Person,
    Raw,
    Receipt,
    Rejected,
    Reply,
    Request,
    SharedSecret,
    Verdict,
)
from hark.channels.webchat.files import LARGEST, STORED, file_of
from hark.channels.webchat.lines import MAX_BODY, MAX_TEXT, Line, read_line
from hark.channels.webchat.tokens import Visitor, visitor_of
from hark.channels.webchat.vouching import signing_code

VISITOR, SITE_PERSON = "hark-visitor", "hark-site-person"
LINES_PER_MINUTE = 30
MAX_FILES_OUT = 100 << 20
IDENTITY = SharedSecret(
    "identity",
    "Signed-in visitors",
    "Your site signs with it who is signed in there. The chat then knows the person and opens earlier talks.",
)


@dataclass(frozen=True)
class Settings:
    """`sites`: the origins whose pages may show the chat, such as https://shop.example."""

    sites: tuple[str, ...] = setting((), label="Sites that may show it", help=SITES_HELP)
    greeting: str = setting("", label="First words", help="The brand says them in the empty chat.")
    files: bool = setting(default=True, label="Visitors may send pictures and files")
    mailbox: str = setting(
        "",
        part="When the visitor has gone",
        label="Mailbox",
        channel_of="email",
        help="The visitor may leave an e-mail address; what is answered after that goes there by this mailbox.",
    )
    away_minutes: int = setting(
        2,
        label="Minutes until a visitor counts as gone",
        low=1,
        high=60,
        help="Without the chat open before the visitor's eyes for so long, unread answers go on by e-mail.",
    )


class WebChat(Venue):
    """A visitor of the company's site writes in a chat page of ours; who he is, his signed token says."""

    key: ClassVar[str] = "webchat"
    name: ClassVar[str] = "Web chat"
    icon: ClassVar[str] = "chat"
    intro: ClassVar[str] = "A chat on your own site. No account anywhere is needed."
    proof: ClassVar[str] = "real server"
    caps: ClassVar[Caps] = Caps(
        private=True,
        media=True,
        max_length=MAX_TEXT,
        edits_in=True,
        edits_out=True,
        deletes_in=True,
        deletes_out=True,
        idempotent_send="natural",
        webhook=True,
        own_venue=True,
        files_out=MAX_FILES_OUT,
    )
    Settings = Settings
    shared_secrets: ClassVar[tuple[SharedSecret, ...]] = (IDENTITY,)
    body_bytes: ClassVar[int] = MAX_BODY

    def objections(self, account: Account) -> Mapping[str, str]:
        """Sites are origins."""
        return site_objections(account)

    def code(self, account: Account, address: str) -> tuple[tuple[str, str], ...]:
        """What the site signs with, in four languages."""
        return signing_code(account)

    def check(self, account: Account) -> Health:
        """Is there a signing secret, and are the sites origins?"""
        problems = [] if live_secrets(account, "signing") else ["This channel has no signing secret; connect it again."]
        problems += [f"{site!r} is not an origin such as https://shop.example." for site in bad_sites(account)]
        return Health(tuple(problems), self_ids=(account.key,), caps=self.caps)

    def verify(self, account: Account, request: Request) -> Verdict:
        """A valid token of this channel and a readable line; the token itself is not kept."""
        if len(request.body) > MAX_BODY:
            return _rejected(413, "too long")
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        visitor = visitor_of(account, token.strip(), at=request.received_at) if scheme.lower() == "bearer" else None
        if visitor is None:
            return _rejected(401, "start again")
        try:
            line = read_line(request.body)
        except Unreadable as problem:
            return _rejected(422, str(problem))
        if None in [file_of(account, visitor.id, one, at=request.received_at) for one in line.files]:
            return _rejected(422, "a file is not here any more; please add it again")
        return Accepted(
            dedupe_key=f"{visitor.id}:{line.id}",
            lane_key=visitor.id,
            headers=_kept(visitor),
            limits=(Limit(f"chat|{account.key}|{visitor.id}", LINES_PER_MINUTE, LINES_PER_MINUTE),),
        )

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        """One event a post. What a visitor typed about himself is a claim; only the site's word is proof."""
        try:
            line = read_line(raw.body)
        except Unreadable as problem:
            return [Inbound("unknown", account=account.key, raw_id=raw.id, problem=str(problem))]
        return [_event(account, raw, line)]

    def media(self, account: Account, ref: str) -> Iterator[bytes]:
        """The bytes that the visitor's page has brought before its line."""
        yield stored_bytes(ref.removeprefix(STORED), most=LARGEST)

    def send(self, account: Account, outbound: Outbound) -> Receipt:
        """The page shows what the out-box has sent, so the receipt is made here; one key, one receipt."""
        _check_length(outbound.text)
        return Receipt((f"out:{outbound.id}",), state="delivered")

    def change(self, account: Account, change: Change) -> Receipt:
        """The page shows what Hark itself has made of the reply."""
        _check_length(change.text)
        return Receipt(change.of, state="delivered")


def _check_length(text: str) -> None:
    if len(text) > MAX_TEXT:
        raise Refused("too_long", f"A chat message holds at most {MAX_TEXT:,} characters.")


def _event(account: Account, raw: Raw, line: Line) -> Inbound:
    visitor = text_of(raw.headers.get(VISITOR))
    kind, about = ("edit", line.edit) if line.edit else ("delete", line.delete) if line.delete else ("message", line.id)
    return Inbound(
        kind,  # type: ignore[arg-type]
        external_id=f"{visitor}:{about}" if visitor else about,
        account=account.key,
        raw_id=raw.id,
        thread_id=visitor or None,
        visibility="private",
        author=_author(account, raw.headers, visitor, line.text) if visitor else None,
        message_kind="chat",
        text=None if line.delete else line.text,
        attachments=tuple(
            AttachmentRef(file.ref, size=file.size, name=file.name)
            for file in dict.fromkeys(file_of(account, visitor, one) for one in line.files)
            if file
        ),
        sent_at=raw.received_at,
        targets_us="owned_venue",
        problem=None if visitor else f"the visitor is not named (header {VISITOR})",
    )


def _author(account: Account, headers: Mapping[str, str], visitor: str, text: str) -> Person:
    claims = claimed_addresses(text)
    try:
        said = loads(headers.get(SITE_PERSON, "").encode("utf-8", "replace"))
    except Unreadable:
        said = None
    if not isinstance(said, dict) or not said.get("key"):
        return Person(visitor, network="webchat", scope=account.key, claims=claims)
    if said.get("email"):
        claims = tuple(dict.fromkeys((("email", text_of(said["email"])), *claims)))
    key, name = text_of(said["key"]), text_of(said.get("name"))
    return Person(key, network="site", scope=account.key, name=name, proved=True, claims=claims)


def _kept(visitor: Visitor) -> dict[str, str]:
    """What `parse` needs of the token."""
    if visitor.person is None:
        return {VISITOR: visitor.id}
    person = visitor.person
    return {
        VISITOR: visitor.id,
        SITE_PERSON: json.dumps({"key": person.key, "name": person.name, "email": person.email}),
    }


def _rejected(status: int, words: str) -> Rejected:
    return Rejected(Reply(status, json.dumps({"error": words}).encode()))
