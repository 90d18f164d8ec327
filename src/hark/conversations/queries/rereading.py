"""Old messages that are to be read again: the next few with what was known around them, and how far a run is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from hark.conversations.models import Hurried, Message, Reading, Rereading
from hark.conversations.queries.history import LAST, Said
from hark.conversations.types import Direction, RereadingState
from hark.kernel.db import fetch_all
from hark.organisation.models import Agent, Brand
from hark.organisation.queries import sees_everything

BATCH = 24
LOOKED_AT = 1_000  # messages that the search for the next few walks over
SHOWN = 10
WAYS = 3
SILENT = "nothing said"
FIELDS = (
    "language", "relevance", "sentiment", "complaint", "offensive", "emotion", "intent", "urgency", "flags.safety",
    "flags.legal", "flags.press", "flags.leave", "flags.outage", "flags.abuse",
)  # fmt: skip
# What a contact had said before each of these messages. `id + 0`: see `queries.history`.
OWN = f"""
    SELECT w.id, h.id, h.text, h.sent_at, r.score
    FROM conversations_message w JOIN contacts_identity mine ON mine.id = w.identity_id
    CROSS JOIN LATERAL (
        SELECT m.id, m.text, m.sent_at FROM contacts_identity i
        CROSS JOIN LATERAL (
            SELECT id, text, sent_at FROM conversations_message
            WHERE identity_id = i.id AND direction = 'in' AND deleted_at IS NULL AND (sent_at, id) < (w.sent_at, w.id)
            ORDER BY sent_at DESC, id DESC LIMIT {LAST}) m
        WHERE i.contact_id = mine.contact_id ORDER BY m.sent_at DESC, m.id DESC LIMIT {LAST}) h
    LEFT JOIN LATERAL (
        SELECT score FROM conversations_reading WHERE message_id = h.id ORDER BY id + 0 DESC LIMIT 1) r ON true
    WHERE w.id = ANY(%s)
"""  # noqa: S608 - a constant
OURS = f"""
    SELECT w.id, h.id, h.text, h.sent_at FROM conversations_message w
    CROSS JOIN LATERAL (
        SELECT id, text, sent_at FROM conversations_message
        WHERE conversation_id = w.conversation_id AND direction = 'out' AND deleted_at IS NULL
        AND (sent_at, id) < (w.sent_at, w.id) ORDER BY sent_at DESC, id DESC LIMIT {LAST}) h
    WHERE w.id = ANY(%s)
"""  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True)
class OldMessage:
    """A message with what was known around it when it came; `author` is (network, scope, key)."""

    id: int
    text: str
    said: str
    author: tuple[str, str, str] | None
    contact_id: int | None
    sent_at: datetime
    language: str
    brand: Brand
    visibility: str
    targets_us: str
    history: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class OldBatch:
    """The next messages of a run, newest first. `place`: where it stood; `then`: where it stands once they are done."""

    place: int
    then: int
    messages: tuple[OldMessage, ...]


def running_rereading() -> Rereading | None:
    """The run that is neither done nor paused."""
    return Rereading.objects.filter(alive=True, state=RereadingState.RUNNING).select_related("brand").first()


def alive_rereading() -> Rereading | None:
    """The run that is not over."""
    return Rereading.objects.filter(alive=True).select_related("brand", "started_by").first()


def rereadings(agent: Agent) -> list[Rereading]:
    """The newest runs. They span every inbox: whoever does not see all of those sees none."""
    if not sees_everything(agent):
        return []
    return list(Rereading.objects.select_related("brand", "started_by").order_by("-id")[:SHOWN])


def readable_again(*, brand: Brand | None, since: datetime | None, from_id: int) -> QuerySet[Message]:
    """What customers wrote before message `from_id`, to one brand or any, since then or ever; deleted ones left out."""
    found = Message.objects.filter(direction=Direction.INBOUND, deleted_at__isnull=True, pk__lt=from_id)
    if brand:
        found = found.filter(channel__inbox__brand=brand)
    return found.filter(sent_at__gte=since) if since else found


def next_batch(run: Rereading, *, limit: int = BATCH) -> OldBatch | None:
    """The next messages of a run; None behind the last. It may be empty: then only its place moves.

    Six queries at most however many messages there are; without locks.
    """
    window = list(Message.objects.filter(pk__lt=run.place).order_by("-pk").values_list("pk", flat=True)[:LOOKED_AT])
    if not window:
        return None
    fitting = readable_again(brand=run.brand, since=run.since, from_id=run.place).filter(pk__gte=window[-1])
    rows = list(fitting.select_related("identity", "channel__inbox__brand").order_by("-pk")[:limit])
    return OldBatch(run.place, rows[-1].pk if len(rows) == limit else window[-1], _with_context(rows))


def next_hurried(*, limit: int = BATCH) -> OldBatch | None:
    """The newest messages that were read in a hurry; None where there is none."""
    ids = list(Hurried.objects.order_by("-pk").values_list("pk", flat=True)[:limit])
    if not ids:
        return None
    rows = Message.objects.filter(pk__in=ids).select_related("identity", "channel__inbox__brand").order_by("-pk")
    return OldBatch(ids[0], ids[-1], _with_context(list(rows)))


def _with_context(rows: Sequence[Message]) -> tuple[OldMessage, ...]:
    ids = [row.pk for row in rows]
    history, languages = _history(ids), _languages(ids)
    return tuple(
        OldMessage(
            id=row.pk,
            text=row.text,
            said=row.text[: row.quote_from],
            author=(row.identity.network, row.identity.scope, row.identity.key) if row.identity else None,
            contact_id=row.identity.contact_id if row.identity else None,
            sent_at=row.sent_at,
            language=languages.get(row.pk, ""),
            brand=row.channel.inbox.brand,
            visibility=row.visibility,
            targets_us=row.targets_us,
            history=history.get(row.pk, ()),
        )
        for row in rows
    )


def _languages(ids: Iterable[int]) -> dict[int, str]:
    """What was known of each message's language: the hint for short texts."""
    told = Reading.objects.filter(message__in=list(ids)).order_by("id").values_list("message_id", "language")
    return {message: language for message, language in told if language != "und"}


def _history(ids: list[int]) -> dict[int, tuple[Said, ...]]:
    """Before each message: the contact's own last ones, and our answers among them, oldest first."""
    if not ids:
        return {}
    said: dict[int, list[Said]] = {}
    for message, number, text, sent_at, score in fetch_all(OWN, [ids]):
        said.setdefault(message, []).append(Said(sent_at, number, ours=False, text=text, score=score))
    oldest = {message: min(one.sent_at for one in rows) for message, rows in said.items()}
    for message, number, text, sent_at in fetch_all(OURS, [ids]):
        if message in oldest and sent_at >= oldest[message]:
            said[message].append(Said(sent_at, number, ours=True, text=text))
    return {message: tuple(sorted(rows)) for message, rows in said.items()}


@dataclass(frozen=True, slots=True)
class Change:
    """How many messages are labelled otherwise in one field; `share` in percent, `words` name the commonest ways."""

    name: str
    messages: int
    share: float
    words: tuple[str, ...]


def changes_of(run: Rereading) -> list[Change]:
    """What a run changed in sum, most messages first. `nothing said` is a head that abstains."""
    found = []
    for field, ways in run.changes.items():
        common = sorted(ways.items(), key=lambda way: (-way[1], way[0]))
        words = tuple(f"{count:,} {_way(field, way)}" for way, count in common[:WAYS])
        messages = sum(ways.values())
        found.append(Change(_name(field), messages, 100 * messages / max(run.compared, 1), words))
    return sorted(found, key=lambda change: (-change.messages, change.name))


def _name(field: str) -> str:
    return field.removeprefix("flags.").capitalize()


def _way(field: str, way: str) -> str:
    """`negative>neutral` in words."""
    before, _, now = way.partition(">")
    plain = {"true": "set", "false": "not set"} if field.startswith("flags.") else {"true": "yes", "false": "no"}
    return f"{plain.get(before, before) or SILENT} → {plain.get(now, now) or SILENT}"
