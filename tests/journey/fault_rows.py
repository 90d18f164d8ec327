"""The table of faults: a channel at a counterpart that fails on purpose, and a row of what became of everything."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from hark.channels.accounts import account_of
from hark.channels.kit.oauth import ACCESS, Grant
from hark.channels.testing.conformance.bench import Bench, Counterpart
from hark.kernel.time import now
from hark.organisation.actions.channel_sign_in import keep_sign_in
from hark.organisation.actions.channels import connect_channel
from hark.organisation.models import Channel
from tests.journey.makers import make_inbox

HELD, SHOWN, UNTIMED = "✓", "may have been sent", "✓ (no time told)"


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


def fault_table(rows: Sequence[Row], faults: Sequence[str]) -> str:
    """Markdown: a row a venue, a column a fault, and what was counted."""
    heads = ["Venue", *faults, "replies", "taken", "shown", "messages", "lost", "doubled"]
    lines = [heads, ["---"] * len(heads)]
    for row in rows:
        counted = (row.replies, row.taken, row.shown, row.messages, row.lost, row.doubled)
        lines.append([row.name, *(row.cells.get(name, "–") for name in faults), *map(str, counted)])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
