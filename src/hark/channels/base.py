"""The contract between Hark's core and a venue: eight verbs. Their types are in `types`, their errors in `errors`.

A channel is pure translation plus HTTP. It never touches the database, threads, retries, clocks, rate-limit waiting or
routing (channels reference, section 1).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from hark.channels.errors import Refused
from hark.channels.kit import rules
from hark.channels.types import (
    Account,
    Caps,
    Change,
    Grant,
    Guide,
    Health,
    Inbound,
    OAuth,
    Outbound,
    Page,
    Raw,
    Receipt,
    Rejected,
    Reply,
    Request,
    SharedSecret,
    Verdict,
)


@dataclass(frozen=True)
class NoSettings:
    """A venue that needs nothing from an administrator."""


class Venue(Protocol):
    """One kind of place. All is pure but `check`, `poll`, `watch`, `send`, `change` and `media`; `parse` is total.

    A venue derives from this class and writes the verbs that its `caps` promise; the others refuse by themselves.
    """

    key: ClassVar[str]
    name: ClassVar[str]
    icon: ClassVar[str] = "post"  # of the desk: chat, forum, mail, person, photo, post, review, text, video
    intro: ClassVar[str] = ""  # a sentence for whoever chooses a venue
    caps: ClassVar[Caps]
    proof: ClassVar[str]  # "real server", "recorded data", "specification", "simulated"
    Settings: ClassVar[type[Any]] = NoSettings  # becomes the administrator's form (`kit.setting`)
    identified_by: ClassVar[str] = ""  # the setting that names the account there, such as an address
    folds_case: ClassVar[bool] = False  # are PLUM and plum one account there?
    shared_secrets: ClassVar[tuple[SharedSecret, ...]] = ()  # made and replaced by hand, on the channel's own page
    send_seconds: ClassVar[float] = 30.0  # no attempt to send takes longer; nobody else takes it up meanwhile
    polled_type: ClassVar[str] = "application/json"  # what the bytes of a polled arrival are
    poll_seconds: ClassVar[float] = 60.0  # the rest between two readings of a polled channel
    body_bytes: ClassVar[int] = 1 << 20  # a longer call is refused before it is read; at most 4 MiB, for batches

    def caps_for(self, account: Account) -> Caps:
        """What this account can do, as far as its settings narrow the venue's `caps`. Pure."""
        return self.caps

    def objections(self, account: Account) -> Mapping[str, str]:
        """What cannot be used in the settings: a sentence by the field's name. Pure."""
        return {}

    def code(self, account: Account, address: str) -> tuple[tuple[str, str], ...]:
        """(title, code) for whoever builds the other side, with this channel's own `address` in it. Pure."""
        return ()

    def oauth(self, account: Account) -> OAuth | None:
        """Where somebody signs in for this account; None: it needs no such sign-in. Pure.

        The verbs that call the venue then find a live access token among the account's secrets (`kit.oauth.ACCESS`).
        """
        return None

    def session(self, account: Account) -> str:
        """Under which name the core keeps a session that this account opens by its secrets; empty: it has none. Pure.

        Other secrets, another name. The verbs that call the venue find its access token as with `oauth`.
        """
        return ""

    def open_session(self, account: Account, refresh: str) -> Grant:
        """A session: prolonged by `refresh`, or a new one where that is empty. One call.

        Raises GrantEnded (what `refresh` belonged to is over), AuthLost or Retry, each with a sentence.
        """
        raise Refused("no_session", f"{self.name} needs no session.")

    def guides(self, redirect: str) -> tuple[Guide, ...]:
        """What to do at providers before somebody can sign in; they send him back to our `redirect`. Pure."""
        return ()

    def check(self, account: Account) -> Health:
        """Connection test."""
        return Health(caps=self.caps_for(account))

    def verify(self, account: Account, request: Request) -> Verdict:
        """Is it genuine? Over the raw bytes, constant-time, before any parsing, no I/O."""
        return Rejected(Reply(404, b'{"error":"nothing here"}'))

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        """The events in it, in order. Pure and total: what it does not know is `unknown`."""
        ...

    def poll(self, account: Account, cursor: str) -> Page:
        """One page from an opaque cursor (empty: from the start)."""
        return Page((), cursor)

    def watch(self, account: Account, cursor: str) -> Iterator[Page]:
        """Page after page; whoever asks for the next one has stored the one before.

        Ends when nothing more is there. A venue that can wait for news goes on over one line instead, and gives a page
        (an empty one where nothing has come) every few seconds, so that it can be told to stop; closing it hangs up.
        """
        page = self.poll(account, cursor)
        yield page
        while page.more:
            page = self.poll(account, page.next_cursor)
            yield page

    def read_cost(self, account: Account, page: Page) -> tuple[str, str] | None:
        """What reading this page cost, as (amount, currency), where the venue charges for it. Pure."""
        return None

    def objection(self, account: Account, outbound: Outbound) -> Refused | None:
        """The rule of the venue that this reply would break, in words for an agent; None: it may leave. Pure.

        Asked before anything is written, and again by `send`. A venue with rules beyond its `caps` adds them.
        """
        return rules.objection(self.caps_for(account), outbound)

    def obey(self, account: Account, outbound: Outbound) -> None:
        """Raise Refused for what `objection` says: the first line of every `send`."""
        if refused := self.objection(account, outbound):
            raise refused

    def send(self, account: Account, outbound: Outbound) -> Receipt:
        """Exactly one attempt; raises one of the four errors."""
        raise Refused("no_api", f"{self.name} takes no replies from Hark.")

    def change(self, account: Account, change: Change) -> Receipt:
        """Give a published reply other words, or take it away: one attempt, which raises one of the four errors.

        It says how things shall be, so that doing it twice does no harm: the core repeats one whose fate is unknown.
        What is gone there already is taken away. An empty receipt keeps the ids as they are.
        """
        raise Refused("no_change", f"{self.name} does not let a reply be changed.")

    def marks(self, account: Account, outbound: Outbound) -> tuple[str, ...]:
        """Names by which an answer to this reply will speak of it, known to nobody but its recipient. Pure."""
        return ()

    def part(self, account: Account, raw: Raw, ref: str) -> bytes | None:
        """The bytes of an attachment that came with the arrival; None where `media` must be asked. Pure."""
        return None

    def media(self, account: Account, ref: str) -> Iterator[bytes]:
        """The bytes of an attachment, capped."""
        raise Refused("no_media", f"{self.name} has no attachments.")
