"""Arrivals come as badly as they can, again, late and in the wrong order: what became of each is counted."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from django.db import connections

from hark.channels.testing.conformance.bench import Bench
from hark.channels.types import Raw
from hark.conversations.models import Message
from hark.conversations.types import Direction
from hark.intake.actions import accept
from hark.intake.types import NewArrival
from hark.kernel.time import now
from hark.organisation.models import Channel
from tests.journey.fault_rows import HELD, UNTIMED, Row
from tests.journey.venue import drain

COPIES, AT_ONCE = 50, 5


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
    timed = tells_time(post.bench)
    post.comes(last)
    drain()
    post.comes(second, first)

    def look() -> str:
        made, beside = post.read(*turned), post.read(*in_order)
        talks, usual = ({one.conversation_id for one in each} for each in (made, beside))
        if len(made) != 3 or len(talks) != len(usual) or (timed and [one.text for one in made] != turned):
            return f"{len(made)} messages in {len(talks)} talks"
        return HELD if timed else UNTIMED

    return look


def three(post: Post, thread: str, *, one_talk: bool = True) -> list[Raw]:
    """Three things said, a minute apart."""
    talks = [thread if one_talk else f"{thread}{place}" for place in range(3)]
    return [post.says(talk, ago=timedelta(minutes=9 - place)) for place, talk in enumerate(talks)]


def tells_time(bench: Bench) -> bool:
    """Does the venue say when it was said? Elsewhere it was said when it came."""
    raw = bench.says("When?", bench.seen, at=now() - timedelta(days=3))
    came = (replace(raw, received_at=now() + timedelta(hours=hours)) for hours in (1, 2))
    times = {bench.parsed(one)[0].sent_at for one in came}
    return len(times) == 1


def late(post: Post) -> Look:
    """It was said three days ago."""
    raw = post.says("t5", ago=timedelta(days=3))
    text, timed = post.said[-1], tells_time(post.bench)
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
