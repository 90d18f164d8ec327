"""What passes between Hark's core and a venue: requests, raw arrivals, normalised events, replies, receipts, abilities.

Frozen, without Django, so that a third-party venue needs nothing else (channels reference, section 2).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

Kind = Literal[
    "message",
    "edit",
    "delete",
    "receipt",
    "echo",
    "reaction",
    "review",
    "profile",
    "consent_stop",
    "channel_health",
    "unknown",
]

# How a venue counts: code points, what people see as one character (UAX #29), bytes of UTF-8, units of UTF-16, X's
# weighted characters (a link 23, CJK and emoji two), or text messages (160 or 70 units, joined ones 153 or 67).
Unit = Literal["chars", "graphemes", "bytes", "utf16", "weighted", "sms"]


@dataclass(frozen=True, slots=True)
class Account:
    """One connected account, as its venue's code sees it. `secrets` never show in a repr.

    `terms` are the words that it listens for where its venue can search (`Caps.listen_keywords`).
    """

    key: str
    external_id: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    self_ids: frozenset[str] = frozenset()
    handles: frozenset[str] = frozenset()
    base_url: str = ""
    terms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """A call that reached us, raw. Header names are in lower case. `address` is the caller's, for limits."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime
    address: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the caller is answered."""

    status: int = 200
    body: bytes = b'{"ok":true}'
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Limit:
    """A rate limit that this request uses up one token of: `burst` at once, `per_minute` on the long run."""

    key: str
    burst: int
    per_minute: float


@dataclass(frozen=True, slots=True)
class Accepted:
    """Genuine: store it, then answer `reply`.

    `dedupe_key` is the venue's delivery id (empty: SHA-256 of the bytes is used); `lane_key` is the venue's thread
    where it can be told cheaply; `headers` are what `parse` will need again; `limits` are checked before storing.
    `later` is what the caller gets when a limit is used up or nothing can be stored just now (None: a few words of the
    front door, which sets the status and Retry-After in either case).
    """

    dedupe_key: str = ""
    lane_key: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    reply: Reply = field(default_factory=Reply)
    limits: tuple[Limit, ...] = ()
    later: Reply | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """Not genuine, or not acceptable: nothing is stored."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Answered:
    """A handshake: answer it, store nothing."""

    reply: Reply


Verdict = Accepted | Rejected | Answered


@dataclass(frozen=True, slots=True)
class Raw:
    """One stored arrival, exactly as the venue delivered it."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    id: str = ""
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """An author as the venue names him.

    `claims` are (network, value) pairs he typed; `proved` is set only by a signed token.
    """

    external_id: str
    network: str = ""
    scope: str = ""
    handle: str = ""
    name: str = ""
    url: str = ""
    avatar: str = ""
    is_self: bool = False
    followers: int | None = None
    verified: bool = False
    proved: bool = False
    claims: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in the text; `start` and `end` count code points of `text`."""

    external_id: str
    handle: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class AttachmentRef:
    """A reference only; nothing is downloaded by `parse`. `inline`: the HTML shows it by its `content_id`."""

    ref: str
    mime: str = ""
    size: int | None = None
    name: str = ""
    content_id: str = ""
    inline: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says of the mails before it: the core finds the conversation by it, never by the subject.

    `tokens` are names that only Hark gives out (see `Venue.marks`): whoever has one got our mail. `references` are
    names that anybody may know, nearest first. `own` is the name under which later mails speak of this one. `forged`:
    the sender's domain says that he did not send it. `beside` are the (address, name) of others whom it names.
    """

    tokens: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    own: str = ""
    forged: bool = False
    beside: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Inbound:
    """One normalised event of a venue (channels reference, section 2.1). Ids are text; times are aware UTC.

    `policy` has `backfilled` for what is older than the channel, `automatic` for what no person wrote to us, `settled`
    for what leaves nothing to do, `consent_start` for what takes an earlier `consent_stop` back.
    `html` is clean (`channels.kit.formatted`); `hidden_text` is what it had hidden from its readers.
    """

    kind: Kind
    external_id: str | None = None
    account: str = ""
    raw_id: str = ""
    thread_id: str | None = None
    parent_id: str | None = None
    root_id: str | None = None
    visibility: Literal["public", "private", "limited"] | None = None
    author: Person | None = None
    message_kind: str = ""
    subject: str = ""
    text: str | None = None
    html: str | None = None
    quote_from: int | None = None  # from this code point of `text` on it is a quotation
    lang: str | None = None
    attachments: tuple[AttachmentRef, ...] = ()
    mentions: tuple[Mention, ...] = ()
    rating: int | None = None
    sent_at: datetime | None = None
    permalink: str | None = None
    targets_us: Literal["mention", "reply", "owned_venue", "keyword", "none"] = "none"
    client_ref: str | None = None
    state: Literal["accepted", "sent", "delivered", "read", "failed"] | None = None
    state_of: str | None = None
    expires_reply_at: datetime | None = None
    policy: tuple[str, ...] = ()
    problem: str | None = None
    letter: Letter | None = None
    hidden_text: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a reply goes, in the venue's ids."""

    external_id: str = ""
    thread: str = ""
    root: str = ""
    parent: str = ""
    person: str = ""


@dataclass(frozen=True, slots=True)
class OutboundFile:
    """A file that goes with a reply; `hark.channels.kit.carried.bytes_of` gives its bytes."""

    sha256: str
    name: str
    mime: str
    size: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand between us and a person as a reply leaves: what a venue's rules ask about.

    `at` is the moment of sending (venues read no clock), `window_ends` the end of the time in which we may answer.
    `targets_us` and `policy` are those of the post that is answered; `replies` of ours to it are out already,
    `private_replies` of them in private. `stopped`: the person wants no more messages from us.
    """

    at: datetime | None = None
    window_ends: datetime | None = None
    targets_us: Literal["mention", "reply", "owned_venue", "keyword", "none"] = "mention"
    replies: int = 0
    private_replies: int = 0
    policy: tuple[str, ...] = ()
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Outbound:
    """One reply to publish. `id` is the idempotency key and the client reference.

    `private_of` is the public post from which the talk moves to private: the reply reaches its author alone.
    `copies` are addresses of others who take part, where the venue is mail. A long answer comes as `parts`: each is an
    outbound of its own, with its number in the text, and with the post before it as the target's parent.
    `unsubscribe`: the https address where its recipient, one of us, ends such mails with one click.
    """

    id: UUID
    target: Target
    visibility: Literal["public", "private", "limited"]
    text: str
    html: str = ""
    author_kind: Literal["human", "bot"] = "human"
    private_of: str = ""
    subject: str = ""
    attachments: tuple[OutboundFile, ...] = ()
    copies: tuple[str, ...] = ()
    unsubscribe: str = ""
    part: int = 1
    parts: int = 1
    standing: Standing = Standing()


@dataclass(frozen=True, slots=True)
class Change:
    """What shall become of a reply that is published: it says `text` from now on, or is taken away (`gone`).

    `id` is the idempotency key; `reply` is the id under which it was sent, `of` are the ids that its receipt gave.
    """

    id: UUID
    reply: UUID
    of: tuple[str, ...]
    target: Target
    visibility: Literal["public", "private", "limited"]
    text: str = ""
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """The venue has taken it; a long text may have become several posts."""

    external_ids: tuple[str, ...]
    state: Literal["accepted", "sent", "delivered"] = "sent"
    permalink: str = ""
    cost: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a poll: what was there, where to go on, whether there is more right now."""

    raws: tuple[Raw, ...]
    next_cursor: str
    more: bool = False


@dataclass(frozen=True, slots=True)
class Caps:
    """What a venue can do; `check` narrows it per account. A flag that no test proves is false.

    `own_venue`: the venue is Hark itself (chat, form), so a reply leaves over no network and cannot fail on the way.
    `files_out`: how many bytes of files a reply may carry in all; 0: it carries none. `change_seconds`: for how long
    after its sending a reply may be changed or taken away there; None: always. `max_length` counts in `unit`. An answer
    that is longer leaves as up to `max_parts` numbered posts (1: it is never split), each an answer to the one before
    where the venue is `threaded`; `numbering` is where their number stands.
    """

    public: bool = False
    private: bool = False
    threaded: bool = False
    max_length: int | None = None
    unit: Unit = "chars"
    max_parts: int = 1
    numbering: Literal["before", "after", "none"] = "before"
    media: bool = False
    edits_in: bool = False
    edits_out: bool = False
    deletes_in: bool = False
    deletes_out: bool = False
    change_seconds: int | None = None
    receipts: bool = False
    can_move_private: Literal["none", "reply_once", "dm_if_open", "always"] = "none"
    bot_reply: Literal["allowed", "disclose", "forbidden", "approval"] = "allowed"
    unsolicited_reply: bool = True
    one_reply: bool = False
    idempotent_send: Literal["key", "natural", "none"] = "none"
    echo: bool = False
    webhook: bool = False
    poll: bool = False
    listen_keywords: bool = False
    must_purge_on_delete: bool = False
    storage: Literal["full", "none"] = "full"
    off_platform_match: bool = True
    native_reply_url: bool = False
    own_venue: bool = False
    files_out: int = 0

    @property
    def comes_by_itself(self) -> bool:
        """Does anything arrive there that nobody here writes?"""
        return self.webhook or self.poll


@dataclass(frozen=True, slots=True)
class Health:
    """What a connection test found. `problems` are sentences for the administrator; empty means well.

    `warnings` are sentences on what works today and will not for ever.
    """

    problems: tuple[str, ...] = ()
    self_ids: tuple[str, ...] = ()
    granted: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    expires_at: datetime | None = None
    caps: Caps | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OAuth:
    """Where somebody signs in for an account by OAuth 2, and for what: facts only; the core does the signing in.

    `meanings` are (code, sentence): what an error of this provider, or the code that begins its description, means.
    `secret_ends` is the day on which the client secret ends, where somebody has said so; `of` names the grant: under
    other settings it is another one.
    """

    provider: str
    authorize_url: str
    token_url: str
    scopes: tuple[str, ...]
    client_id: str
    client_secret: str = field(repr=False)
    more: Mapping[str, str] = field(default_factory=dict)
    meanings: tuple[tuple[str, str], ...] = ()
    secret_ends: date | None = None
    short_lived: str = ""  # what to say where the provider itself ends a sign-in after days
    secret_in_header: bool = False  # the client proves itself by HTTP Basic (RFC 6749, 2.3.1), not in the form

    @property
    def of(self) -> str:
        """To whom what is granted belongs."""
        return f"{self.client_id}|{self.token_url}"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a provider grants. `refresh` is empty where the one before goes on; None seconds: it says no end."""

    access: str = field(repr=False)
    refresh: str = field(default="", repr=False)
    access_seconds: int = 3600
    refresh_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Guide:
    """What to do at a provider before an account is connected: steps, and (label, value) to copy there."""

    title: str
    steps: tuple[str, ...]
    values: tuple[tuple[str, str], ...] = ()
    link: str = ""
    only: tuple[str, tuple[str, ...]] | None = None  # as of a setting: where it is of use


@dataclass(frozen=True, slots=True)
class SharedSecret:
    """A secret that Hark makes and somebody else must hold too: shown once, two valid while it is replaced."""

    name: str
    title: str
    words: str
