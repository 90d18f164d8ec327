"""Made-up customers of the simulated venue: posts, comments and direct messages as webhooks of 1 KB, always the same.

Few write much and most write once, as everywhere: authors and threads follow a power law. Half of the messages begin a
thread. About forty signs to three hundred are words; the rest of the kilobyte is what venues send along.
"""

import json
import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

BODY_BYTES = 1_024
SENTENCES = (
    "My parcel has not come and nobody answers.", "Thanks, that was quick!", "Is the Kestrel still in stock?",
    "Since Monday there is no signal in our street.", "I was charged twice for the same order, please look into it.",
    "Love the new colours.", "The lid broke on the second day.", "How do I change the address of my order?",
    "This is the third time I ask.", "You promised a call and I waited the whole afternoon for nothing.",
    "Works as it should.", "Wann kommt meine Bestellung an?", "Je n'arrive plus à ouvrir mon compte.",
    "Still waiting for the refund from last month.", "Great service in the shop on Mill Lane today.",
)  # fmt: skip
KINDS = (("direct", 0.35), ("comment", 0.3), ("post", 0.35))


class Call(NamedTuple):
    """One webhook: which channel, its message's id and thread, the body."""

    channel: int
    external_id: str
    thread: str
    body: bytes


def calls(count: int, channels: int, *, salt: str = "", began: datetime | None = None) -> Iterator[Call]:
    """`count` webhooks over `channels` channels, one message each, in the order of their time."""
    dice = random.Random(f"{count} {salt}")
    began = began or datetime.now(UTC) - timedelta(seconds=count / 100)
    threads: list[list[tuple[str, str, str]]] = [[] for _ in range(channels)]
    for number in range(count):
        channel = dice.randrange(channels)
        known = threads[channel]
        who = f"u{int(count / 2 * dice.paretovariate(1.2) % (count / 2))}"
        if known and dice.random() < 0.5:
            kind, thread, writer = known[-1 - int(dice.paretovariate(0.8)) % len(known)]
            who = who if kind != "direct" and dice.random() < 0.3 else writer
        else:
            kind = dice.choices([name for name, _ in KINDS], [share for _, share in KINDS])[0]
            thread = f"{salt}t{number}"
            known.append((kind, thread, who))
        said = {
            "type": kind, "id": f"{salt}m{number}", "thread": thread, "text": " ".join(
                dice.choices(SENTENCES, k=dice.choice((1, 1, 2, 3, 5)))
            ),
            "author": {"id": who, "handle": f"@{who}", "name": f"Name of {who}", "followers": hash_of(who) % 5_000},
            "at": (began + timedelta(milliseconds=10 * number)).isoformat(),
            "permalink": f"https://simulated.example/{channel}/{thread}/{number}",
            "targets_us": "keyword" if kind == "post" and dice.random() < 0.3 else "mention",
        }  # fmt: skip
        yield Call(channel, f"{salt}m{number}", thread, padded(said))


def padded(said: Mapping[str, object]) -> bytes:
    """The body, filled to its size with a field that nobody reads."""
    bare = json.dumps({"events": [{**said, "entities": ""}]}, ensure_ascii=False).encode()
    return bare[:-4] + b"x" * (BODY_BYTES - len(bare)) + bare[-4:]


def hash_of(text: str) -> int:
    """A number that is the same in each process."""
    return int.from_bytes(text.encode()[-6:])
