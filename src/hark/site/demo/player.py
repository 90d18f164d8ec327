"""Plays the traffic: first a short past, then live, and customers who come back after an answer."""

import threading
from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any
from urllib.parse import quote

from hark.channels.testing.ledger import read_ledger
from hark.channels.testing.stand_in import StandIn
from hark.kernel.time import monotonic, now
from hark.site.demo.cast import BY_ACCOUNT
from hark.site.demo.correcting import Correcting
from hark.site.demo.seed import Wire
from hark.site.demo.traffic import Post, Traffic, post_of

PAST_BEATS = 26
PAST_SECONDS_A_BEAT = 150.0
ANSWERED_AFTER_SECONDS = 12.0
ANSWERED_IN_THE_PAST = 0.4
ANSWER = "We are looking into it and will write here again today."


class Player:
    """Posts over the stand-in until it is stopped. Start it once Hark answers."""

    def __init__(self, stand_in: StandIn, wires: Sequence[Wire], *, base_url: str, rate: float, seed: int) -> None:
        """`rate`: posts a minute."""
        self.stand_in, self.rate, self.base_url = stand_in, rate, base_url
        self.traffic, self.correcting = Traffic(seed), Correcting()
        self.random = Random(seed + 1)  # noqa: S311 - stories, not secrets
        self.said: dict[str, Post] = {}
        self.answered: dict[str, tuple[float, bool]] = {}  # by thread: when, and in private?
        self._read = 0
        self._stop = threading.Event()
        for wire in wires:
            hook = f"{base_url}/in/{wire.channel_key}"
            stand_in.connect(wire.account, hook=hook, secret=wire.secret, token=wire.token, own_id=wire.account)

    def play(self, seconds: float | None = None) -> None:
        """The past at once, then one beat after the other; returns after `seconds` or when stopped."""
        self.tell_the_past()
        until = monotonic() + seconds if seconds is not None else None
        while not self._stop.wait(self.pause()) and (until is None or monotonic() < until):
            for post in self.traffic.next_beat():
                self.post(post)
            for cue in self.correcting.step():
                self.post(post_of(cue))
            self.come_back()

    def tell_the_past(self) -> None:
        """The last hour in its order; some of those who wrote had an answer in the venue's own app."""
        for beat in range(PAST_BEATS, 0, -1):
            for post in self.traffic.next_beat():
                self.post(post, seconds_ago=beat * PAST_SECONDS_A_BEAT)
                if self.has_answer(post):
                    answer = answer_of(post, beat * PAST_SECONDS_A_BEAT - self.random.uniform(60, 140))
                    self.stand_in.offer(post.account, [answer])
            self.stand_in.settled()

    def has_answer(self, post: Post) -> bool:
        """Did a colleague answer it in the past?"""
        if post.answered is not None:
            return post.answered
        return bool(post.after_answer) and self.random.random() < ANSWERED_IN_THE_PAST

    def stop(self) -> None:
        """No more posts."""
        self._stop.set()

    def pause(self) -> float:
        """Seconds to the next beat, a little uneven as people are."""
        return 60 / self.rate * self.random.uniform(0.5, 1.5)

    def post(self, post: Post, *, seconds_ago: float = 0.0) -> None:
        """Hand one post to the venue, which brings it to Hark."""
        self.said[post.thread] = post
        self.stand_in.offer(post.account, [event_of(post, seconds_ago, home=self.base_url)])

    def come_back(self) -> None:
        """Some of those who were answered say how it went, a little later."""
        lines = list(read_ledger(self.stand_in.ledger.path, "received"))
        for line in lines[self._read :]:
            self.answered.setdefault(str(line.get("thread")), (monotonic(), line.get("visibility") == "private"))
        self._read = len(lines)
        due = [thread for thread, (at, _) in self.answered.items() if monotonic() - at > ANSWERED_AFTER_SECONDS]
        for thread in due:
            _, private = self.answered.pop(thread)
            self.follow_up(thread, private=private)

    def follow_up(self, thread: str, *, private: bool) -> None:
        """One line of thanks or of patience running out, when the scene has one; in private to whom we asked there."""
        last = self.said.get(thread)
        if last is None or not last.after_answer:
            return
        text = self.random.choice(last.after_answer)
        moved = private and is_public(last)
        self.post(
            Post(
                last.account,
                f"{last.id}-again",
                f"dm-{thread}" if moved else thread,
                last.author,
                text,
                private=moved or last.private,
            )
        )


def is_public(post: Post) -> bool:
    """Can everybody read it?"""
    return BY_ACCOUNT[post.account].visibility == "public" and not post.private


def event_of(post: Post, seconds_ago: float = 0.0, *, home: str = "") -> dict[str, Any]:
    """A post in the simulated venue's own words; `home` is where the demo's pages are, one of which shows it."""
    stage, public = BY_ACCOUNT[post.account], is_public(post)
    at = now() - timedelta(seconds=seconds_ago, hours=post.hours_ago)
    author = {
        "id": post.author.id,
        "name": post.author.name,
        "handle": post.author.handle,
        "followers": post.author.followers,
    }
    event = {
        "type": "direct" if post.private else stage.kind,
        "id": post.id,
        "thread": post.thread,
        "audience": "public" if public else "private",
        "author": author,
        "text": post.text,
        "subject": post.subject,
        "rating": post.rating,
        "targets_us": stage.targets_us,
        "at": at.isoformat(),
    }
    if public and home:
        event["permalink"] = f"{home}/demo/venue/?post={quote(post.id)}"
    if not public and stage.hours:
        event["reply_until"] = (at + timedelta(hours=stage.hours)).isoformat()
    if post.action == "edit":
        event |= {"type": "edit", "of": post.id, "id": f"{post.id}-edit"}
    return event


def answer_of(post: Post, seconds_ago: float) -> dict[str, Any]:
    """A colleague's answer, written in the venue's own app."""
    stage = BY_ACCOUNT[post.account]
    return {
        "type": stage.kind if stage.kind != "review" else "comment",
        "id": f"{post.id}-answer",
        "thread": post.thread,
        "parent": post.id,
        "audience": stage.visibility,
        "author": {"id": post.account},
        "text": f"Hello {post.author.name.partition(' ')[0]}, thank you for telling us. {ANSWER}",
        "at": (now() - timedelta(seconds=seconds_ago)).isoformat(),
    }
