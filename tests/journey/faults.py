"""Counterparts that fail on purpose: replies leave through the real out-box, arrivals come as badly as venues bring them.

What was said and what became of it is counted at the counterpart and in the tables, for the table of faults.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from django.db import connections

from hark.channels.accounts import account_of
from hark.channels.email import sending
from hark.channels.kit.oauth import ACCESS, Grant
from hark.channels.kit.once import READS
from hark.channels.testing.conformance.bench import Bench, Counterpart
from hark.channels.types import Raw
from hark.conversations.models import Message
from hark.conversations.types import Direction
from hark.delivery import actions
from hark.delivery.jobs import send_due
from hark.delivery.models import OutboxItem
from hark.delivery.queries import delivery_words
from hark.delivery.types import About, OutboxState, pack
from hark.intake.actions import accept
from hark.intake.types import NewArrival
from hark.kernel import http
from hark.kernel.ids import new_uuid, public_key
from hark.kernel.time import database_now, now
from hark.organisation.actions.channel_sign_in import keep_sign_in
from hark.organisation.actions.channels import connect_channel, resume_sending
from hark.organisation.models import Channel
from hark.organisation.types import ChannelState
from tests.delivery.test_sending import time_passes
from tests.journey.makers import make_inbox
from tests.journey.venue import drain

HELD, SHOWN, UNTIMED = "✓", "may have been sent", "✓ (no time told)"
UNSURE = ("hang", "answer lost")  # whoever forgets ids cannot be asked again
IMPATIENT_SECONDS = 0.5
COPIES, AT_ONCE = 50, 5


@dataclass
class Row:
    """What became of everything at one venue."""

    name: str
    cells: dict[str, str] = field(default_factory=dict)
    replies: int = 0
    taken: int = 0
    shown: int = 0
    messages: int = 0
    lost: int = 0
    doubled: int = 0


def channel_at(bench: Bench, place: Counterpart) -> Channel:
    """A channel connected to this counterpart a month ago, signed in where somebody has to."""
    account = place.account
    settings = {**account.settings, "self_ids": sorted(account.self_ids), "handles": sorted(account.handles)}
    channel = connect_channel(
        actor="system",
        venue=bench.venue.key,
        external_id=account.external_id or "plum",
        name=bench.venue.name,
        inbox=make_inbox(),
        settings={**settings, **({"base_url": account.base_url} if account.base_url else {})},
        secrets=dict(account.secrets),
        connected_at=now() - timedelta(days=30),
    )
    oauth = bench.venue.oauth(account_of(channel))
    if oauth:
        keep_sign_in(
            channel_id=channel.pk, of=oauth.of, grant=Grant(account.secrets[ACCESS], "a-refresh-token"), actor="system"
        )
    return channel


# ── what goes out ──


class Desk:
    """Replies over one channel, and a counterpart that fails when told to."""

    def __init__(self, bench: Bench, channel: Channel, place: Counterpart) -> None:
        """Nothing is written yet."""
        self.bench, self.channel, self.place = bench, channel, place
        self.written: list[OutboxItem] = []

    def write(self, thread: str) -> OutboxItem:
        """One more reply in the out-box, with words of its own."""
        key, number = new_uuid(), len(self.written) + 1
        target = self.bench.target
        if self.bench.venue.caps_for(self.place.account).one_reply:  # each to another review
            target = replace(target, external_id=f"{target.external_id}{number}")
        said = self.bench.reply(f"Answer {number}: it is on its way.", id=key, target=target)
        item = actions.enqueue(
            channel_id=self.channel.pk,
            idempotency_key=key,
            thread=thread,
            inbox_id=self.channel.inbox_id,
            payload=pack(said, About(public_key("msg"), visitor="conv_x")),
            not_before=database_now(),
        )
        self.written.append(item)
        return item

    def later(self, **time: float) -> None:
        """Some time goes by, five minutes where nothing is said, and all that is due is sent."""
        time_passes(**(time or {"minutes": 5}))
        while send_due():
            pass

    def copies(self, item: OutboxItem) -> int:
        """How often the counterpart has this reply."""
        return sum(each["text"].strip() == item.payload["text"] for each in self.place.received())

    def is_shown(self, item: OutboxItem) -> bool:
        """Is a person asked whether it was sent?"""
        words = delivery_words(item, channel_state=self.channel.state, at=database_now())
        return words.words.startswith("This may have been sent") and "send_again" in words.acts


def patience(desk: Desk, how: str, times: int = 1) -> str:
    """The venue asks for patience, so many times; the reply waits and leaves."""
    item = desk.write(how)
    for attempt in range(1, times + 1):
        desk.place.fail(how)
        desk.later()
        item.refresh_from_db()
        assert (item.state, item.attempts, desk.copies(item)) == (OutboxState.QUEUED, attempt, 0)
        assert item.tried_at
        assert item.not_before - item.tried_at >= timedelta(seconds=2 if how == "429" else 0.5)
        assert not send_due(), "not before its time"
    desk.later()
    return fate(desk, item, attempts=times + 1)


def line_breaks(desk: Desk, how: str) -> str:
    """The venue falls silent after the reply has left; a day and more goes by."""
    item = desk.write(how)
    desk.place.fail(how)
    with impatient():
        desk.later()
    desk.later()
    desk.later(hours=30)
    remembers = desk.bench.venue.caps_for(desk.place.account).idempotent_send != "none"
    return fate(desk, item, attempts=2 if remembers else 1)


def revoked(desk: Desk, how: str) -> str:
    """The permission is taken away: all wait, what is written meanwhile too, and leave in their order."""
    items = [desk.write(how), desk.write(how)]
    desk.place.fail(how)
    desk.later()
    items.append(desk.write(how))
    desk.later(hours=30)
    desk.channel.refresh_from_db()
    assert desk.channel.state == ChannelState.AUTH_LOST
    assert [desk.copies(item) for item in items] == [0] * len(items)
    assert resume_sending(channel_id=desk.channel.pk, actor="test")
    desk.channel.refresh_from_db()
    desk.later()
    texts = [item.payload["text"] for item in items]
    assert [one["text"].strip() for one in desk.place.received()][-len(items) :] == texts
    cells = {fate(desk, item) for item in items}
    return cells.pop() if len(cells) == 1 else "in part"


def fate(desk: Desk, item: OutboxItem, attempts: int = 0) -> str:
    """What became of it: sent and there once, or shown to a person and there once at most."""
    item.refresh_from_db()
    assert not attempts or item.attempts == attempts
    if item.state == OutboxState.SENT and desk.copies(item) == 1:
        return HELD
    return SHOWN if desk.is_shown(item) and desk.copies(item) <= 1 else f"{item.state}: {item.error}"


@contextmanager
def impatient() -> Iterator[None]:
    """Whoever writes waits half a second for an answer, not ten (SMTP: sixty)."""
    fetch = http.fetch

    def quick(request: http.HttpRequest, **more: Any) -> http.HttpResponse:
        shorter = request if request.method in READS else replace(request, total_seconds=IMPATIENT_SECONDS)
        return fetch(shorter, **more)

    with patch.object(http, "fetch", quick), patch.object(sending, "VERDICT_SECONDS", IMPATIENT_SECONDS):
        yield


OUT: dict[str, Callable[[Desk], str]] = {
    "429": lambda desk: patience(desk, "429"),
    "429 alone": lambda desk: patience(desk, "429 alone"),
    "500 twice": lambda desk: patience(desk, "500", times=2),
    "hang": lambda desk: line_breaks(desk, "hang"),
    "answer lost": lambda desk: line_breaks(desk, "drop_reply"),
    "revoked": lambda desk: revoked(desk, "401"),
}


def send_badly(bench: Bench, channel: Channel, place: Counterpart, row: Row) -> None:
    """Every fault of sending; what is lost and doubled goes into the row."""
    desk = Desk(bench, channel, place)
    row.cells |= {name: play(desk) for name, play in OUT.items()}
    for item in desk.written:
        item.refresh_from_db()
        there, doubt = desk.copies(item), item.state == OutboxState.AMBIGUOUS
        row.taken, row.shown = row.taken + there, row.shown + doubt
        row.lost += not there and not doubt
        row.doubled += max(0, there - 1)
    row.replies = len(desk.written)
    row.doubled += len(place.received()) - row.taken  # whatever else it took, we have not written


# ── what comes in ──


class Post:
    """What a customer says, each time in other words, and how it comes."""

    def __init__(self, bench: Bench, channel: Channel) -> None:
        """Nothing is said yet."""
        self.bench, self.channel = bench, channel
        self.said: list[str] = []

    def says(self, thread: str, ago: timedelta = timedelta()) -> Raw:
        """One more thing."""
        number = len(self.said) + 1
        self.said.append(f"Case {number}: no signal since Monday.")
        at = (now() - ago).replace(microsecond=0, second=number)
        return self.bench.says(self.said[-1], self.bench.seen, thread=thread, at=at)

    def comes(self, *raws: Raw, key: str = "") -> None:
        """These are stored in one go, as the front door and the readers do, received now."""
        new = [NewArrival(key or (raw.id if len(raw.id) > 3 else ""), "", raw.headers, raw.body, now()) for raw in raws]
        accept(channel_id=self.channel.pk, arrivals=new)

    def read(self, *texts: str) -> list[Message]:
        """The messages with these words, in the order in which they were said."""
        return list(Message.objects.filter(channel=self.channel, text__in=texts).order_by("sent_at"))


Look = Callable[[], str]


def thrice(post: Post) -> Look:
    """The same call three times, the last one under another delivery's name."""
    raw, text = post.says("t1"), post.said[-1]
    post.comes(raw)
    post.comes(raw)
    post.comes(raw, key="another-delivery")
    return lambda: HELD if len(post.read(text)) == 1 else "not once"


def backwards(post: Post) -> Look:
    """Three things in one talk come the last one first, which is read at once; three others come in order beside them.

    Where a talk is one review, they are three reviews.
    """
    one_talk = len({event.external_id for raw in three(post, "t2") for event in post.bench.parsed(raw)}) == 3
    del post.said[-3:]
    post.comes(*three(post, "t2", one_talk=one_talk))
    in_order = post.said[-3:]
    first, second, last = three(post, "t3", one_talk=one_talk)
    turned = post.said[-3:]
    timed = tells_time(post.bench, first)
    post.comes(last)
    drain()
    post.comes(second, first)

    def look() -> str:
        made, beside = post.read(*turned), post.read(*in_order)
        talks, usual = ({one.conversation_id for one in each} for each in (made, beside))
        if len(made) != 3 or len(talks) != len(usual) or timed and [one.text for one in made] != turned:
            return f"{len(made)} messages in {len(talks)} talks"
        return HELD if timed else UNTIMED

    return look


def three(post: Post, thread: str, *, one_talk: bool = True) -> list[Raw]:
    """Three things said, a minute apart."""
    talks = [thread if one_talk else f"{thread}{place}" for place in range(3)]
    return [post.says(talk, ago=timedelta(minutes=9 - place)) for place, talk in enumerate(talks)]


def tells_time(bench: Bench, raw: Raw) -> bool:
    """Does the venue say when it was said? Elsewhere it was said when it came."""
    times = {bench.parsed(one)[0].sent_at for one in (raw, replace(raw, received_at=now() + timedelta(hours=1)))}
    return len(times) == 1


def late(post: Post) -> Look:
    """It was said three days ago."""
    raw = post.says("t5", ago=timedelta(days=3))
    text, timed = post.said[-1], tells_time(post.bench, raw)
    post.comes(raw)

    def look() -> str:
        made = post.read(text)
        old = [one for one in made if now() - one.sent_at > timedelta(days=2, hours=23)]
        if len(made) != 1 or len(old) != timed:
            return f"{len(made)} messages"
        return HELD if timed else UNTIMED

    return look


def at_once(post: Post) -> Look:
    """Fifty copies over several lines at the same moment."""
    raw, text, start = post.says("t6"), post.said[-1], threading.Barrier(AT_ONCE)

    def line() -> None:
        try:
            start.wait(30)
            post.comes(*[raw] * (COPIES // AT_ONCE))
        finally:
            connections.close_all()

    lines = [threading.Thread(target=line) for _ in range(AT_ONCE)]
    for one in lines:
        one.start()
    for one in lines:
        one.join()
    return lambda: HELD if len(post.read(text)) == 1 else "not once"


IN: dict[str, Callable[[Post], Look]] = {
    "three times": thrice,
    "backwards": backwards,
    "three days late": late,
    "50 at once": at_once,
}


def bring_badly(bench: Bench, channel: Channel, row: Row) -> None:
    """Every fault of arriving; what is lost and doubled goes into the row."""
    post = Post(bench, channel)
    looks = {name: play(post) for name, play in IN.items()}
    drain()
    row.cells |= {name: look() for name, look in looks.items()}
    texts = list(Message.objects.filter(channel=channel, direction=Direction.INBOUND).values_list("text", flat=True))
    row.messages = len(texts)
    row.lost += sum(text not in texts for text in post.said)
    row.doubled += len(texts) - sum(text in texts for text in post.said)  # or what nobody has said


def fault_table(rows: Sequence[Row]) -> str:
    """Markdown: a row a venue, a column a fault, and what was counted."""
    heads = ["Venue", *OUT, *IN, "replies", "taken", "shown", "messages", "lost", "doubled"]
    lines = [heads, ["---"] * len(heads)]
    for row in rows:
        counted = (row.replies, row.taken, row.shown, row.messages, row.lost, row.doubled)
        lines.append([row.name, *(row.cells.get(name, "–") for name in (*OUT, *IN)), *map(str, counted)])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
