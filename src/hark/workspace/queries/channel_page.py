"""One channel's page: the steps of its connection with their state, its health, what its venue allows."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from hark.channels.accounts import account_of, caps_of
from hark.channels.in_words import Allowed, allows
from hark.channels.registry import UnknownVenue, venue
from hark.channels.types import Caps
from hark.conversations.models import Message
from hark.conversations.queries.going_on import mailbox_of, named_mailbox
from hark.conversations.silence import hour_of_week, longest_allowed
from hark.conversations.types import FORM
from hark.delivery.queries import delivery_words
from hark.kernel.errors import HarkError
from hark.kernel.time import now
from hark.organisation.models import Channel, ChannelHealth
from hark.organisation.types import ChannelState
from hark.workspace.queries.costs import CostsShown, costs_shown
from hark.workspace.queries.signing_in import SignInShown, sign_in_of
from hark.workspace.queries.words import ago, span_words

FRESH = timedelta(minutes=30)
COME_IN = "Write something to it from outside, as a customer would. This page notices by itself."
LEARNING = "Hark is still learning what is usual here; it needs three weeks."

RENEW = "Type the renewed password or permission below and keep it. What waits in the out-box then leaves."
OWN_PAGES = frozenset({"webchat", "form", "api", "encounter", "simulated"})  # nobody elsewhere has to be told of them
MEND = "Do what the sentence above asks for. What waits in the out-box then leaves."


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the connection. `state` is done, now, todo or bad; `lines` are further sentences."""

    name: str
    title: str
    words: str
    state: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChannelPage:
    """What the page shows beside the form. `test` is the message that a test reply would answer;
    `shares`: there are secrets that programs of the company hold too. `by_mail`: where a form's answers go beside.
    `calls`: (title, words) to copy to a venue that calls us."""

    steps: tuple[Step, ...]
    allowed: tuple[Allowed, ...]
    usual: str
    checked: str
    test: Message | None
    shares: bool
    public_out: bool
    sign_in: SignInShown | None = None
    by_mail: str = ""
    costs: CostsShown | None = None
    calls: tuple[tuple[str, str], ...] = ()

    @property
    def waits(self) -> bool:
        """Will a step change by itself?"""
        return any(step.name in {"in", "out"} and step.state in {"todo", "now"} for step in self.steps)


def channel_page(channel: Channel) -> ChannelPage:
    """Everything about one channel. Eight queries, and one for a form."""
    at, caps = now(), _caps(channel)
    health = ChannelHealth.objects.filter(channel=channel).first() or ChannelHealth(channel=channel)
    newest, sign_in = _newest(channel, "in"), sign_in_of(channel)
    steps = (
        Step("settings", "Settings", "Kept. Secrets are sealed and never shown again.", "done"),
        *_signed_in(sign_in, at),
        _checked(health, at, sign_in),
        _switched_on(channel, health, sign_in),
        _comes_in(newest, caps, at),
        *([_goes_out(channel, at)] if caps.public or caps.private else []),
    )
    return ChannelPage(
        steps=steps,
        allowed=allows(caps),
        usual=usual_words(health, at),
        checked=_when(health.checked_at, at) if health.checked_at else "never",
        shares=_shares(channel),
        public_out=caps.public,
        sign_in=sign_in,
        by_mail=_by_mail(channel),
        costs=costs_shown(channel, at=at),
        calls=_calls(channel, caps),
        test=newest if newest and _may_be_tested(channel, newest, at) else None,
    )


def usual_words(health: ChannelHealth, at: datetime) -> str:
    """The usual longest silence of this hour and when the alarm comes, in a sentence."""
    allowed = longest_allowed(health.usual_gaps, at)
    if allowed is None:
        return LEARNING
    usual = span_words(health.usual_gaps[hour_of_week(at)])
    return f"At this hour a silence of {usual} is usual; after {span_words(allowed)} there is an alarm."


def _checked(health: ChannelHealth, at: datetime, sign_in: SignInShown | None) -> Step:
    if sign_in and sign_in.state != "well":
        return Step("check", "Check", "Done when somebody has signed in.", "todo")
    if health.checked_at is None:
        return Step("check", "Check", "Not done yet.", "now")
    if health.problems:
        return Step("check", "Check", f"It failed {_when(health.checked_at, at)}:", "bad", tuple(health.problems))
    lines = tuple(health.warnings)
    return Step(
        "check", "Check", f"All well, {_when(health.checked_at, at)}. It is repeated every hour.", "done", lines
    )


def _signed_in(sign_in: SignInShown | None, at: datetime) -> list[Step]:
    """Where somebody signs in elsewhere for the channel, it is a step of its own."""
    if sign_in is None:
        return []
    title = f"Sign-in with {sign_in.provider}"
    if sign_in.state == "missing":
        return [Step("sign", title, sign_in.words, "now")]
    if sign_in.state == "ended":
        more = "Everything else is kept: replies wait in the out-box, mail waits in the mailbox."
        return [Step("sign", title, sign_in.words, "bad", (more,))]
    since = f"Somebody signed in {_when(sign_in.row.signed_in_at, at)}. " if sign_in.row else ""
    return [Step("sign", title, f"{since}{sign_in.words}", "done")]


def _switched_on(channel: Channel, health: ChannelHealth, sign_in: SignInShown | None) -> Step:
    if channel.state == ChannelState.ACTIVE:
        return Step("on", "Switched on", "It hears and speaks.", "done")
    if channel.state == ChannelState.AUTH_LOST:
        if sign_in and sign_in.state != "well":
            return Step("on", "Cut off", "Replies wait. They leave when somebody has signed in again.", "bad")
        why = channel.state_reason or "The venue no longer accepts our permission"
        words = RENEW if sign_in is None else MEND
        return Step("on", "Cut off", f"{why.rstrip('.')}.", "bad", (words,))
    waits = "now" if health.checked_at and not health.problems else "todo"
    return Step("on", "Switched off", channel.state_reason or "Paused: replies wait, what comes in is kept.", waits)


def _comes_in(newest: Message | None, caps: Caps, at: datetime) -> Step:
    if newest:
        return Step("in", "A message comes in", f"The newest came {_when(newest.received_at, at)}.", "done")
    if not (caps.webhook or caps.poll):
        return Step("in", "A message comes in", "This venue brings nothing in.", "todo")
    return Step("in", "A message comes in", COME_IN, "todo")


def _goes_out(channel: Channel, at: datetime) -> Step:
    ours = _newest(channel, "out")
    title = "A reply goes out"
    if ours is None or ours.outbox_item is None:
        return Step("out", title, "Answer a message, from here or from its case.", "todo")
    words = delivery_words(ours.outbox_item, channel_state=channel.state, at=at)
    state = "bad" if words.bad else "done" if words.state in {"sent", "delivered", "read"} else "now"
    return Step("out", title, f"The newest: {words.words.rstrip('.')}, written {_when(ours.sent_at, at)}.", state)


def _newest(channel: Channel, direction: str) -> Message | None:
    rows = Message.objects.filter(channel=channel, direction=direction, deleted_at=None)
    return rows.select_related("identity", "conversation__case", "outbox_item").order_by("-id").first()


def _may_be_tested(channel: Channel, newest: Message, at: datetime) -> bool:
    """A fresh private message with a case: most likely the test that somebody has just written."""
    fresh = newest.visibility == "private" and at - newest.received_at < FRESH
    return fresh and newest.conversation.case_id is not None and channel.state == ChannelState.ACTIVE


def _when(then: datetime, at: datetime) -> str:
    """How long ago, inside a sentence."""
    words = ago(then, at)
    return "just now" if words == "now" else words


def _shares(channel: Channel) -> bool:
    try:
        return bool(venue(channel.venue).shared_secrets)
    except UnknownVenue:
        return False


def _calls(channel: Channel, caps: Caps) -> tuple[tuple[str, str], ...]:
    """The address that a venue calls, and what else the other side needs. What goes with a secret stands beside it."""
    if channel.venue in OWN_PAGES or not caps.webhook:
        return ()
    address = f"{settings.HARK_BASE_URL}/in/{channel.key}"
    needed = () if _shares(channel) else venue(channel.venue).code(account_of(channel), address)
    shown = any(words.strip() == address for _, words in needed)
    return needed if shown else (("This channel's address", address), *needed)


def _caps(channel: Channel) -> Caps:
    try:
        return caps_of(channel)
    except HarkError:
        return Caps()


def _by_mail(channel: Channel) -> str:
    """Where the answers to a form go beside its page, in words; empty for other venues."""
    if channel.venue != FORM:
        return ""
    if channel.settings.get("by_mail") is False:
        return "Answers are seen on the form's page only: e-mail is switched off here."
    box = named_mailbox(channel)
    if box is None:
        return "Answers are seen on the form's page only: its inbox has no mailbox that could send them."
    if mailbox_of(channel) is None:
        return f"Answers wait for {box.name}, which cannot send just now; the form's page shows them at once."
    return f"Whoever leaves an e-mail address gets the answer there too, from {box.name}."
