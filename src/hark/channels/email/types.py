"""A mail as it was read: what the reader gives, whatever bytes it was given. Frozen, without Django."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox: `ann@example.org` (domain in lower case) and the name beside it, decoded, on one line."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class MailPart:
    """A part offered as a file. `ref` finds its bytes again in the same raw mail; `size` is theirs, decoded.

    `name` is one line without folders, never empty. `inline`: the HTML shows it by its `content_id` (without brackets).
    """

    ref: str
    name: str
    mime: str
    size: int
    content_id: str = ""
    inline: bool = False


@dataclass(frozen=True, slots=True)
class Bounce:
    """A mail of ours came back, or waits. `status` as in RFC 3463 (`5.1.1`); each is empty where nobody said it.

    `permanent` is false for a delay notice. `original_message_id` is in angle brackets.
    """

    recipient: str = ""
    status: str = ""
    permanent: bool = True
    original_message_id: str = ""


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, read as far as its caps allow.

    `ok` is false with a `note` when a cap, a time limit or damage stopped the reading of a part; what was read before
    is there. `external_id` is the Message-ID, else `sha256:` of the bytes: never empty, the same for the same bytes.
    Message ids are in angle brackets. `text` is what an agent sees; from the code point `quote_from` on it is the
    quoted part. `auto_reply` (a robot, a list, a complaint) and `bounce` exclude each other; Hark answers neither by
    itself. `html` is clean (see `hark.kernel.html`). `authentication_results` are the headers as given, topmost
    first: only those of the one configured authserv-id mean anything.
    """

    ok: bool = True
    note: str = ""
    external_id: str = ""
    message_id: str = ""
    from_name: str = ""
    from_address: str = ""
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    delivered_to: tuple[str, ...] = ()
    subject: str = ""
    date: datetime | None = None
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    text: str = ""
    html: str = ""
    quote_from: int | None = None
    parts: tuple[MailPart, ...] = ()
    auto_reply: bool = False
    bounce: Bounce | None = None
    hidden_text: str = ""
    authentication_results: tuple[str, ...] = ()
