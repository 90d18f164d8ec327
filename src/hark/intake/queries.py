"""Readers of the in-box."""

import unicodedata

from django.db.models import QuerySet

from hark.channels import registry
from hark.channels.accounts import caps_of, terms_now
from hark.intake.models import Arrival, Cursor, Poller
from hark.intake.types import ArrivalState
from hark.kernel.db import fetch_all
from hark.kernel.errors import HarkError, NotFound
from hark.organisation.models import Agent, Channel
from hark.organisation.queries import inboxes_visible_to, sees_everything
from hark.organisation.types import ChannelState

SHOWN_CHARACTERS = 20_000


def troubled_arrivals(agent: Agent) -> QuerySet[Arrival]:
    """Arrivals that are parked or are being tried again, as far as this agent may see their inbox.

    An agent who sees only what is assigned to him sees none of that inbox: nothing parked is assigned to anybody.
    """
    inboxes = inboxes_visible_to(agent)
    if not sees_everything(agent):
        inboxes = inboxes.filter(only_assigned=False)
    waiting = [ArrivalState.PARKED, ArrivalState.RECEIVED]
    rows = Arrival.objects.filter(key__isnull=False, state__in=waiting, channel__inbox__in=inboxes).exclude(error="")
    return rows.select_related("channel__inbox")


def parked(agent: Agent, *, limit: int = 100) -> list[Arrival]:
    """The newest troubled arrivals, without their bytes."""
    return list(troubled_arrivals(agent).defer("body", "headers").order_by("-id")[:limit])


def count_parked(agent: Agent) -> int:
    """How many wait for a person, as far as this agent may see."""
    return troubled_arrivals(agent).filter(state=ArrivalState.PARKED).count()


def get_parked(agent: Agent, key: str) -> Arrival:
    """One troubled arrival with its bytes. Raises NotFound, also for those that the agent may not see."""
    row = troubled_arrivals(agent).filter(key=key).first()
    if row is None:
        raise NotFound
    return row


def backlog() -> tuple[int, float, int]:
    """How many arrivals wait, since how many seconds the oldest that nobody has tried, and how many are parked."""
    row = fetch_all(  # each from its own partial index: the table itself holds everything that ever came
        "SELECT waiting.count, waiting.seconds, (SELECT count(*) FROM intake_arrival WHERE state = 'parked') FROM ("
        "SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - "
        "min(received_at) FILTER (WHERE attempts = 0)), 0)::float8 AS seconds "
        "FROM intake_arrival WHERE state = 'received') waiting"
    )[0]
    return row[0], row[1], row[2]


def shown_bytes(body: bytes) -> str:
    """Raw bytes as text that is safe to print: controls and invisible marks become visible, a long tail is cut."""
    text = bytes(body[: SHOWN_CHARACTERS * 4]).decode("utf-8", "replace")[:SHOWN_CHARACTERS]
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character in "\n\t" or unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn"}:
        return character
    code = ord(character)
    return chr(0x2400 + code) if code < 0x20 else f"\\u{{{code:x}}}"


def more_wait_than(number: int) -> bool:
    """Do more arrivals than this wait? Looks at no more than so many."""
    rows = fetch_all(
        "SELECT count(*) FROM (SELECT FROM intake_arrival WHERE state = 'received' LIMIT %s) w", [number + 1]
    )
    return bool(rows[0][0] > number)


def oldest_waiting_seconds() -> float:
    """How long the oldest unread arrival has waited, by the database's clock; 0 when none waits."""
    rows = fetch_all(
        "SELECT extract(epoch FROM clock_timestamp() - received_at) FROM intake_arrival "
        "WHERE state = 'received' ORDER BY id LIMIT 1"
    )
    return max(0.0, float(rows[0][0])) if rows else 0.0


def channel_versions() -> dict[int, str]:
    """Each channel's row version with its brand's: it differs from before whenever anything in the rows has changed."""
    return dict(
        fetch_all(
            "SELECT c.id, concat_ws('.', c.xmin, i.xmin, b.xmin) FROM organisation_channel c "
            "JOIN organisation_inbox i ON i.id = c.inbox_id JOIN organisation_brand b ON b.id = i.brand_id"
        )
    )


def polled_channels() -> list[int]:
    """The channels that have to be asked for news, whoever waited longest first. A lost permission to send is no reason
    to stop reading; a channel that can call us is asked only where it listens for words."""
    venues = [key for key, venue in registry.venues().items() if venue.caps.poll]
    rows = Channel.objects.filter(venue__in=venues).exclude(state=ChannelState.PAUSED).order_by("pk")
    rows = rows.select_related("inbox__brand")
    asked = [row.pk for row in rows if _is_polled(row)]
    read_at = dict(Poller.objects.filter(channel__in=asked, read_at__isnull=False).values_list("channel", "read_at"))
    return sorted(asked, key=lambda number: (number in read_at, read_at.get(number)))


def _is_polled(channel: Channel) -> bool:
    try:
        caps = caps_of(channel)
    except HarkError:  # its secrets do not open: its page says so
        return False
    listens = caps.listen_keywords and bool(terms_now(channel))
    return caps.poll and (listens or not caps.webhook)


def cursor_of(channel_id: int) -> str:
    """How far a polled channel has been read; empty before the first page."""
    return Cursor.objects.filter(channel=channel_id, name="poll").values_list("value", flat=True).first() or ""


def reading_problems(channel_ids: set[int]) -> dict[int, Poller]:
    """The polled channels among these that cannot be read just now, with their sentence and since when."""
    return {row.channel_id: row for row in Poller.objects.filter(channel__in=channel_ids).exclude(problem="")}
