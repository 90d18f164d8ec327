"""What customers say at all venues at once: arrivals as each venue's own suite makes them, for tests and benchmarks."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache

from hark.channels.registry import venue
from hark.channels.testing.conformance import Bench
from hark.channels.types import Raw
from hark.intake.actions import accept
from hark.intake.types import NewArrival
from hark.organisation.actions.channels import connect_channel
from hark.organisation.models import Channel
from tests.channels.benches import benches
from tests.journey.makers import make_inbox

HAND_MADE = frozenset({"encounter", "webchat", "form"})  # what arrives there is written on pages of ours
Made = tuple[str, str, Raw]


@cache
def played() -> dict[str, Bench]:
    """The suites of all venues that deliver something from elsewhere."""
    return {key: bench for key, bench in benches().items() if key not in HAND_MADE}


def a_channel(key: str, bench: Bench) -> Channel:
    """A channel of this venue with the account of its suite."""
    account = bench.account()
    ids = sorted(account.self_ids | set(account.settings.get("self_ids", ())))
    return connect_channel(
        actor="system",
        venue=key,
        external_id=account.external_id or "plum",
        name=venue(key).name,
        inbox=make_inbox(),
        settings={**account.settings, "self_ids": ids, "handles": sorted(account.handles)},
        secrets=dict(account.secrets),
    )


def arrivals(each: int, *, at: datetime, only: str = "") -> list[Made]:
    """So many things said at each venue (or at one), in turn: (venue, text, arrival)."""
    made = []
    for number in range(each):
        for key, bench in played().items():
            if only and key != only:
                continue
            text = f"Case {number} of {key}: no signal since Monday, order {4711 + number}."
            when = at + timedelta(seconds=number)
            made.append((key, text, bench.says(text, bench.seen, thread=f"t{number}", at=when)))
    return made


def stored(channels: Mapping[str, Channel], made: Sequence[Made], *, at_once: int = 500) -> None:
    """Store them as the front door and the readers would, a few hundred at a time."""
    for start in range(0, len(made), at_once):
        chunk = made[start : start + at_once]
        for key, channel in channels.items():
            mine = [
                NewArrival(raw.id if len(raw.id) > 3 else "", "", raw.headers, raw.body, raw.received_at or when)
                for (name, _, raw), when in ((one, _moment(one[2])) for one in chunk)
                if name == key
            ]
            accept(channel_id=channel.pk, arrivals=mine)


def _moment(raw: Raw) -> datetime:
    from hark.kernel.time import now

    return raw.received_at or now()
