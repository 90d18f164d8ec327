"""The stream: what was heard and is no case, newest first, with the verdict and its reasons.

What the models doubt comes in the order in which an answer teaches most.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db.models import Case, F, OuterRef, Q, QuerySet, Subquery, TextChoices, TextField, Value, When
from django.db.models.functions import Coalesce

from hark.conversations.models import Correction, Message, Reading
from hark.conversations.queries.access import messages_visible_to
from hark.conversations.queries.appearance import author_name, icon_of
from hark.conversations.queries.folded import TOLD, Fold, folds_of, one_of_each, said_alike
from hark.conversations.queries.keyset import Place
from hark.conversations.queries.readings import ReadingShown, corrected, corrections_of, newest_readings
from hark.conversations.queries.spam import SpamWord, spam_words
from hark.conversations.queries.unaddressed import Unaddressed, unaddressed
from hark.conversations.queries.unsure import doubts, most_instructive
from hark.conversations.types import Direction
from hark.kernel.time import now
from hark.organisation.models import Agent

LOOKED_AT = 1_000  # newest messages that a filter and the counts look at: the cost stays flat however long the stream
SHOWN = ("channel", "identity", "agent", "conversation__case")
LOOSE = Q(conversation__case__isnull=True, direction=Direction.INBOUND, deleted_at__isnull=True)


class Label(TextChoices):
    """What a message of the stream was judged as, by the model or by an agent after it."""

    ALL = "all", "All"
    RELEVANT = "relevant", "Relevant"
    UNSURE = "unsure", "Not sure"
    CARE = "care", "Reach out"
    RIVAL = "competitor", "Competitors"
    PRAISE = "praise", "Praise"
    NOISE = "irrelevant", "Noise"
    SPAM = "spam", "Spam"


@dataclass(frozen=True, slots=True)
class HeardRow:
    """One message of the stream. `why`: the reasons of the verdict; `care`: those of its place among the complaints.

    With a `fold` the line stands for all messages with the same words. `case_key`: it is in a case by now,
    and here for its words only. `spam`: the newest word on whether it is, where there is one.
    """

    id: int
    key: str
    who: str
    followers: int | None
    followers_on: date | None
    text: str
    icon: str
    venue: str
    channel: str
    sent_at: datetime
    permalink: str
    label: str
    p: float | None
    why: tuple[str, ...]
    reading: ReadingShown | None
    care: Unaddressed | None = None
    fold: Fold | None = None
    case_key: str = ""
    spam: SpamWord | None = None


@dataclass(frozen=True, slots=True)
class Total:
    """How much was heard, and by how many people it was said: who says it often counts once."""

    messages: int
    authors: int


@dataclass(frozen=True, slots=True)
class StreamPage:
    """One page of the stream; `next_place` is empty on the last."""

    rows: tuple[HeardRow, ...]
    next_place: str


def stream_page(agent: Agent, label: Label, *, after: str = "", limit: int = 50) -> StreamPage:
    """One page, newest first; what is unsure, most instructive first; complaints to reach out to, by their rank, those
    of cases too. Elsewhere what says the same in the same words is one line, where its newest message stands.

    Five queries; one more under a label, where texts are folded, behind a short page and behind the first. It looks at
    the next LOOKED_AT messages: a page may be short, and still name where the next one begins.
    """
    place = Place.parse(after)
    if label == Label.UNSURE:
        return _unsure_page(agent, place, limit=limit)
    if label == Label.CARE:
        return StreamPage(_rows_of(unaddressed(agent, at=now())), "")
    heard = _heard(agent, spam=label == Label.SPAM)
    heard = heard.filter(pk__lt=place.id) if place else heard
    told = _judged(heard, label)
    rows = list(told.values_list("pk", "repeat__words")[:LOOKED_AT])
    shown = _shown_above(agent, label, place.id, {words for _, words in rows if words}) if place else ()
    lines = one_of_each(rows, shown=shown)
    if len(lines) > limit:
        lines, end = lines[:limit], lines[limit - 1]
    else:
        end = next(iter(heard.values_list("pk", flat=True)[LOOKED_AT - 1 : LOOKED_AT]), 0)
    kept = set(lines)
    alike = {message: words for message, words in rows if words and message in kept}
    folds = folds_of(agent, alike)
    return StreamPage(_rows(_in_full(lines), folds), str(Place(None, 0, end)) if end else "")


def said_page(agent: Agent, message_id: int) -> tuple[HeardRow, ...]:
    """The messages with the same words as this one, newest first, at most TOLD: those of the stream and of cases.

    Raises NotFound.
    """
    ids = list(said_alike(agent, message_id).values_list("pk", flat=True)[:TOLD])
    return _rows(_in_full(ids), {})


def heard_alike(agent: Agent, message_id: int) -> list[int]:
    """The messages of the stream with the same words as this one, oldest first, the newest TOLD. Raises NotFound."""
    return sorted(said_alike(agent, message_id).filter(LOOSE).values_list("pk", flat=True)[:TOLD])


def stream_counts(agent: Agent) -> dict[Label, int]:
    """How many of the newest LOOKED_AT messages of the stream stand under each label. See `stream_totals`."""
    return {label: total.messages for label, total in stream_totals(agent).items()}


def stream_totals(agent: Agent) -> dict[Label, Total]:
    """How many of the newest LOOKED_AT messages stand under each label, by how many authors; in the lane all doubts, to
    reach out to those that stand highest.

    Five queries, and those of `unaddressed`.
    """
    rows = list(_told_apart(_window(_heard(agent))).values_list("verdict", "identity__contact"))
    under = {label: [who for verdict, who in rows if label in {Label.ALL, verdict}] for label in Label}
    told = {label: Total(len(authors), len(set(authors))) for label, authors in under.items()}
    asked = doubts(agent)
    spam = list(_heard(agent, spam=True).values_list("identity__contact", flat=True)[:LOOKED_AT])
    hurt = unaddressed(agent, at=now())
    return {
        **told,
        Label.UNSURE: Total(len(asked), len({one.author for one in asked})),
        Label.SPAM: Total(len(spam), len(set(spam))),
        Label.CARE: Total(len(hurt), len({one.author for one in hurt})),
    }


def rows_by_id(agent: Agent, ids: Sequence[int]) -> tuple[HeardRow, ...]:
    """These messages of the stream in this order, without those that the agent may not see. Five queries."""
    seen = _heard(agent).filter(pk__in=ids, pk__gte=min(ids, default=0)).annotate(words=F("repeat__words"))
    rows = {message.pk: message for message in seen.select_related(*SHOWN)}
    folds = folds_of(agent, {number: message.words for number, message in rows.items() if message.words})
    return _rows([rows[number] for number in ids if number in rows], folds)


def _unsure_page(agent: Agent, place: Place | None, *, limit: int) -> StreamPage:
    """A page of the lane; the gate looks at every message once more."""
    ids, after = most_instructive(doubts(agent), place, limit=limit)
    return StreamPage(rows_by_id(agent, ids), after)


def _heard(agent: Agent, *, spam: bool = False) -> QuerySet[Message]:
    """The stream, newest first: what others wrote in conversations without a case; either what is spam or the rest."""
    return messages_visible_to(agent).filter(LOOSE, spam=spam).order_by("-pk")


def _rows_of(found: Sequence[Unaddressed]) -> tuple[HeardRow, ...]:
    """The complaints in their order, each with why it stands there. Four queries."""
    rows = {row.id: row for row in _rows(_in_full([one.message_id for one in found]), {})}
    return tuple(replace(rows[one.message_id], care=one) for one in found if one.message_id in rows)


def _judged(heard: QuerySet[Message], label: Label) -> QuerySet[Message]:
    """Those of the next LOOKED_AT messages that stand under this label."""
    if label in {Label.ALL, Label.SPAM}:
        return heard
    return _told_apart(_window(heard)).filter(verdict=label.value).order_by("-pk")


def _window(heard: QuerySet[Message]) -> QuerySet[Message]:
    """The next LOOKED_AT of them, by their ids: joined to a subquery they cost a walk over all messages there are."""
    ids = list(heard.values_list("pk", flat=True)[:LOOKED_AT])
    return Message.objects.filter(pk__in=ids, pk__gte=min(ids, default=0))


def _told_apart(messages: QuerySet[Message]) -> QuerySet[Any]:
    """With `verdict`: an agent's correction of the relevance, else the newest reading; praise where it is no noise."""
    said = Correction.objects.filter(message=OuterRef("pk"), field="relevance").order_by("-id").values("new_value")
    read = Reading.objects.filter(message=OuterRef("pk")).order_by("-id")
    judged: Coalesce = Coalesce(Subquery(said[:1]), Subquery(read.values("relevance")[:1]))
    told = messages.annotate(judged=judged, told_kind=Subquery(read.values("kind")[:1]))
    is_praise = Q(told_kind=Label.PRAISE.value) & ~Q(judged=Label.NOISE.value)
    return told.annotate(
        verdict=Case(When(is_praise, then=Value(Label.PRAISE.value)), default=F("judged"), output_field=TextField())
    )


def _shown_above(agent: Agent, label: Label, place: int, words: Collection[int]) -> set[int]:
    """Which of these texts have a line on an earlier page. One query for some, none for none."""
    if not words:
        return set()
    above = _heard(agent, spam=label == Label.SPAM).filter(pk__gte=place, repeat__words__in=words).order_by()
    if label not in {Label.ALL, Label.SPAM}:
        above = _told_apart(above).filter(verdict=label.value)
    return set(above.values_list("repeat__words", flat=True).distinct())


def _in_full(ids: Sequence[int]) -> list[Message]:
    return list(Message.objects.filter(pk__in=ids).select_related(*SHOWN).order_by("-pk"))


def _rows(messages: Sequence[Message], folds: Mapping[int, Fold]) -> tuple[HeardRow, ...]:
    ids = [message.pk for message in messages]
    readings, corrections = newest_readings(ids), corrections_of(ids)
    spam = spam_words([message.pk for message in messages if message.spam])

    def _row(message: Message) -> HeardRow:
        reading = readings.get(message.pk)
        shown = corrected(reading, corrections.get(message.pk, ())) if reading else None
        return HeardRow(
            id=message.pk,
            key=message.key,
            who=author_name(message),
            followers=message.identity.followers if message.identity else None,
            followers_on=message.identity.followers_on if message.identity else None,
            text=message.text,
            icon=icon_of(message.kind),
            venue=message.channel.venue,
            channel=message.channel.name,
            sent_at=message.sent_at,
            permalink=message.permalink,
            label=shown.relevance if shown else "",
            p=shown.relevance_p if shown else None,
            why=tuple(reason.why for reason in shown.reasons if reason.field == "relevance") if shown else (),
            reading=shown,
            fold=folds.get(message.pk),
            case_key=message.conversation.case.key if message.conversation.case else "",
            spam=spam.get(message.pk),
        )

    return tuple(_row(message) for message in messages)
