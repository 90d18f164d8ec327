"""A whole Hark under load, to be killed at: `python -m tests.faults.world DATA PORT SEED RATE`.

Two simulated accounts: `keys` stands at a venue that remembers idempotency keys, `forgets` at one that does not. A few
people write to both without pause; the venues' own ledgers say what was offered, acknowledged and received. SIGUSR1
stops the writing and lets the rest be worked off.
"""

import os
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

from hark.channels.testing.stand_in import StandIn
from hark.kernel.time import now, sleep
from hark.site import boot, supervisor

PASSWORD = "a drill on this machine"
TOKENS = {"keys": "token-of-keys", "forgets": "token-of-forgets"}
PEOPLE = 8


class World:
    """The venues, the organisation and those who write."""

    def __init__(self, data: Path, seed: int, rate: float) -> None:
        """`data` is the folder of this drill, `rate` how many posts are written in a second."""
        self.rate = rate
        self.random = Random(seed)
        self.venues = {
            "keys": StandIn(data / "venue-keys.jsonl"),
            "forgets": StandIn(data / "venue-forgets.jsonl", remembers_keys=False),
        }
        self.hooks: dict[str, str] = {}
        self.writing = threading.Event()
        self.writing.set()

    def found(self) -> None:
        """Set up one inbox with both accounts and one agent; called after the migrations."""
        boot.enter()
        from django.db import connection

        from hark.organisation.actions.channels import connect_channel
        from hark.organisation.actions.set_up import set_up
        from hark.organisation.types import NewInbox

        founded = set_up(
            organisation="Drill",
            owner_name="Dora Drill",
            owner_email="dora@drill.example",
            password=PASSWORD,
            inbox=NewInbox("Drill", undo_seconds=1),
        )
        for name, venue in self.venues.items():
            channel = connect_channel(
                actor="drill",
                venue="simulated",
                external_id=name,
                name=name,
                inbox=founded.inbox,
                settings={"base_url": venue.base_url(name), "self_ids": [name], "idempotent": name == "keys"},
                secrets={"webhook": f"secret-of-{name}", "token": TOKENS[name]},
            )
            self.hooks[name] = channel.key
        connection.close()

    def ready(self, address: str) -> None:
        """Tell the venues where to post, and begin."""
        for name, venue in self.venues.items():
            hook = f"{address}/in/{self.hooks[name]}"
            venue.connect(name, hook=hook, secret=f"secret-of-{name}", token=TOKENS[name], own_id=name)
        threading.Thread(target=self.write, daemon=True).start()

    def write(self) -> None:
        """Posts by several people in many threads, now and then the same call several times at once."""
        number = 0
        while self.writing.is_set():
            number += 1
            name = self.random.choice(sorted(self.venues))
            copies = 3 if self.random.random() < 0.1 else 1
            self.venues[name].offer(name, [self.post(number)], copies=copies)
            sleep(1 / self.rate)

    def post(self, number: int) -> Mapping[str, Any]:
        """One direct message."""
        who = self.random.randrange(PEOPLE)
        return {
            "type": "direct",
            "id": f"post-{number}",
            "thread": f"thread-{who}-{number % 5}",
            "author": {"id": f"person-{who}", "name": f"Person {who}", "handle": f"@person{who}"},
            "text": f"Line {number}: my parcel is late again, please help.",
            "at": now().isoformat(),
        }


def main() -> int:
    """Run until SIGTERM."""
    data, port, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    world = World(data, seed, rate=float(sys.argv[4]))
    os.environ["HARK_ALLOWED_NETWORKS"] = ",".join(venue.place for venue in world.venues.values())
    signal.signal(signal.SIGUSR1, lambda *_: world.writing.clear())
    plan = supervisor.Plan(port=port, data=data, seed=world.found, ready=world.ready)
    with world.venues["keys"], world.venues["forgets"]:
        return supervisor.up(plan)


if __name__ == "__main__":
    sys.exit(main())
