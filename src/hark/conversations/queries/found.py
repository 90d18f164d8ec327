"""What search has found, as a page shows it: grouped by case, with the words marked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef

from hark.channels.registry import UnknownVenue, venue
from hark.contacts.models import Contact, ContactSearch
from hark.contacts.queries import identities_of
from hark.conversations.models import Case, Message, Note
from hark.conversations.queries.access import cases_visible_to, conversations_visible_to
from hark.conversations.queries.appearance import author_name, icon_of
from hark.conversations.queries.asking import Asked, Known, Term
from hark.conversations.queries.readings import corrected, corrections_of, feeling, newest_readings
from hark.conversations.queries.search import MESSAGE, PAGE, search, term_query
from hark.conversations.types import Direction
from hark.kernel.fulltext import Word, words_of
from hark.organisation.models import Agent, Channel
from hark.organisation.queries import inboxes_visible_to

MARKED_TO = 20_000  # code points of a text in which words are looked for again
LONGER_FORMS = 4  # letters that a form of a word may have beyond its stem
PEOPLE = 5
NAMES_LOOKED_AT = 200
Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A message or a note that was found. `spans`: where its words stand, in code points."""

    kind: str
    key: str
    who: str
    ours: bool
    icon: str
    venue: str
    visibility: str
    at: datetime
    text: str
    spans: Spans
    mood: str = ""
    permalink: str = ""


@dataclass(frozen=True, slots=True)
class CaseFound:
    """The hits of one case, newest first; `case` is None for a message of the stream, which stands alone."""

    case: Case | None
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class PersonFound:
    """A contact whose name, handle or address was found, with the newest case of his that the agent may see."""

    name: str
    known_as: tuple[str, ...]
    case_key: str
    key: str


@dataclass(frozen=True, slots=True)
class Found:
    """One page of a search; `next_place` is empty on the last."""

    people: tuple[PersonFound, ...]
    cases: tuple[CaseFound, ...]
    hits: int
    next_place: str


def known_to(agent: Agent) -> Known:
    """What this agent may name in filters: venues that are connected, inboxes that he may see. Two queries."""
    inboxes = inboxes_visible_to(agent)
    used = Channel.objects.filter(inbox__in=inboxes.values("pk")).values_list("venue", flat=True).distinct()
    venues = {word: key for key in used for word in _words_for(key)}
    return Known(agent.pk, venues, dict(inboxes.values_list("name", "pk")))


def _words_for(venue_key: str) -> list[str]:
    """What a venue may be called in a filter: its key, and each word of its name."""
    try:
        name = venue(venue_key).name
    except UnknownVenue:
        name = ""
    return [venue_key, *(word.folded for word in words_of(name))]


def find(agent: Agent, asked: Asked, *, after: str = "", limit: int = PAGE) -> Found:
    """One page of what was asked for, newest first, through the gate; people first of all. At most 20 queries."""
    page = search(agent, asked, after=after, limit=limit)
    messages = _messages([place.id for place in page.places if place.rank == MESSAGE])
    notes = Note.objects.select_related("case__contact", "case__inbox", "agent").in_bulk(
        [place.id for place in page.places if place.rank != MESSAGE]
    )
    moods = _moods([pk for pk, row in messages.items() if row.direction == Direction.INBOUND])
    grouped: dict[str, list[Hit]] = {}
    cases: dict[str, Case | None] = {}
    for place in page.places:
        row = messages[place.id] if place.rank == MESSAGE else notes[place.id]
        case = row.conversation.case if isinstance(row, Message) else row.case
        key = case.key if case else row.key
        cases.setdefault(key, case)
        spans = tuple(spans_of(row.text[:MARKED_TO], asked.terms, page.stems))
        grouped.setdefault(key, []).append(_hit(row, moods.get(place.id, ""), spans))
    found = tuple(CaseFound(cases[key], tuple(hits)) for key, hits in grouped.items())
    people = () if after else people_found(agent, asked)
    return Found(people, found, len(page.places), page.next_place)


def _messages(ids: Sequence[int]) -> dict[int, Message]:
    beside = ("conversation__case__contact", "conversation__case__inbox", "channel", "identity", "agent")
    return Message.objects.select_related(*beside).in_bulk(ids)


def _moods(ids: Sequence[int]) -> dict[int, str]:
    corrections = corrections_of(ids)
    return {pk: feeling(corrected(row, corrections.get(pk, ()))) for pk, row in newest_readings(ids).items()}


def _hit(row: Message | Note, mood: str, spans: Spans) -> Hit:
    if isinstance(row, Note):
        told = ("note", row.key, row.agent.name)
        return Hit(
            *told, ours=True, icon="note", venue="", visibility="internal", at=row.at, text=row.text, spans=spans
        )
    return Hit(
        kind="message",
        key=row.key,
        who=author_name(row),
        ours=row.direction == Direction.OUTBOUND,
        icon=icon_of(row.kind),
        venue=row.channel.venue,
        visibility=row.visibility,
        at=row.sent_at,
        text=row.text,
        spans=spans,
        mood=mood,
        permalink=row.permalink,
    )


def people_found(agent: Agent, asked: Asked) -> tuple[PersonFound, ...]:
    """The newest contacts who are called like that and whom the agent may see. At most four queries, and two for each.

    Looks at so many of that name; whoever wants another says more of it.
    """
    terms = [term for term in asked.terms if not term.without]
    if not terms or len(terms) < len(asked.terms):
        return ()
    query = " & ".join(term_query(term) for term in terms)
    named = ContactSearch.objects.filter(words__match=query).values_list("pk", flat=True)[:NAMES_LOOKED_AT]
    seen = conversations_visible_to(agent).filter(contact=OuterRef("pk"))
    people = Contact.objects.filter(Exists(seen), pk__in=list(named)).order_by("-pk")[:PEOPLE]
    return tuple(_person(agent, contact) for contact in people)


def _person(agent: Agent, contact: Contact) -> PersonFound:
    newest = cases_visible_to(agent).filter(contact=contact).order_by("-opened_at").values_list("key", flat=True)
    known_as = [row.handle or row.key for row in identities_of(contact.pk) if row.handle or "@" in row.key]
    return PersonFound(
        contact.name or "Somebody", tuple(dict.fromkeys(known_as))[:3], newest.first() or "", contact.key
    )


# -- where the words stand


def spans_of(text: str, terms: Sequence[Term], stems: Mapping[str, Sequence[str]]) -> Iterator[tuple[int, int]]:
    """Where what was asked for stands in a text, in order of the text for each term."""
    words = list(words_of(text))
    for term in terms:
        if term.without:
            continue
        length = len(term.words)
        for place in range(len(words) - length + 1):
            stretch = words[place : place + length]
            if _is_it(stretch, term, stems):
                yield stretch[0].start, stretch[-1].end


def _is_it(stretch: Sequence[Word], term: Term, stems: Mapping[str, Sequence[str]]) -> bool:
    *first, last = (word.folded for word in stretch)
    if tuple(first) != term.words[:-1]:
        return False
    asked = term.words[-1]
    if last == asked or (term.begins and last.startswith(asked)):
        return True
    if first or term.exact:
        return False
    return any(last.startswith(stem) and len(last) - len(stem) <= LONGER_FORMS for stem in stems.get(asked, ()))
