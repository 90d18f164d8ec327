"""Which cases of a person are one matter, and how often the person has come about it."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import Exists, OuterRef

from hark.conversations.matter import Contact, Line, Said, contacts, only_thanks, why_same
from hark.conversations.models import Again, Case, Conversation, Message, Reading
from hark.conversations.queries.participants import without_pending
from hark.conversations.types import Direction
from hark.kernel.cards import own_numbers_in
from hark.kernel.db import fetch_all
from hark.kernel.fulltext import STEMMED, plain_words
from hark.kernel.models import Event

MOST_CASES = 20  # of one person: the one that is asked for, and the newest beside it
MOST_LINES = 500  # of one person
TEXTS, LETTERS = 3, 500  # of each case: what it is about is said at its beginning
SAME_CASE = "in this case"
# The person is everybody who was joined into one, whichever of them a case was opened for.
CASES_OF_PERSON = """
    WITH RECURSIVE asked AS (
        SELECT c.id, c.contact_id, i.brand_id, i.again_days
        FROM conversations_case c JOIN organisation_inbox i ON i.id = c.inbox_id
        WHERE c.id = ANY(%s) AND i.again_days > 0),
    up (start, id) AS (
        SELECT contact_id, contact_id FROM asked
        UNION SELECT up.start, p.merged_into_id FROM up JOIN contacts_contact p ON p.id = up.id
            WHERE p.merged_into_id IS NOT NULL),
    person (start, id) AS (
        SELECT start, id FROM up
        UNION SELECT person.start, p.id FROM person JOIN contacts_contact p ON p.merged_into_id = person.id)
    SELECT a.id, clock_timestamp() - make_interval(days => a.again_days), o.id, o.key, o.title, b.own_numbers,
        (SELECT array_agg(person.id) FROM person WHERE person.start = a.contact_id)
    FROM asked a JOIN organisation_brand b ON b.id = a.brand_id CROSS JOIN LATERAL (
        SELECT c.id, c.key, c.title FROM person JOIN conversations_case c ON c.contact_id = person.id
        JOIN organisation_inbox i ON i.id = c.inbox_id AND i.brand_id = a.brand_id
        WHERE person.start = a.contact_id AND c.merged_into_id IS NULL
            AND (c.id = a.id OR c.last_inbound_at >= clock_timestamp() - make_interval(days => a.again_days))
        ORDER BY c.id = a.id DESC, c.opened_at DESC LIMIT %s) o
"""
WORDS = """
    SELECT n, tsvector_to_array(to_tsvector(config::regconfig, text))
    FROM unnest(%s::int[], %s::text[], %s::text[]) AS t (n, config, text)
"""


class Near(NamedTuple):
    """A case of the person of another one, `asked`; what was said before `since` is too long ago."""

    asked: int
    since: datetime
    case_id: int
    key: str
    title: str
    own_numbers: str
    people: list[int]


@dataclass(frozen=True, slots=True)
class Matter:
    """One matter of a person, as the case that was asked for sees it: its contacts, each with case key and why."""

    contacts: tuple[Contact, ...]
    keys: Mapping[int, str]
    whys: Mapping[int, str]


def matters_of(case_ids: Collection[int], *, new: Collection[int] = ()) -> dict[int, Matter]:
    """The matter of each of these cases; not of one of `new` whose person has no other case. One query where none has.

    Sees everything: for the house, not for agents. At most seven queries, however many cases.
    """
    near: dict[int, list[Near]] = defaultdict(list)
    for row in fetch_all(CASES_OF_PERSON, [sorted(case_ids), MOST_CASES]) if case_ids else ():
        one = Near(*row)
        near[one.asked].append(one)
    near = {asked: rows for asked, rows in near.items() if len(rows) > 1 or asked not in new}
    if not near:
        return {}
    everything = [one for rows in near.values() for one in rows]
    lines, texts = _lines(everything)
    resolved = _resolved({one.case_id: one.key for one in everything})
    begins = dict(Again.objects.filter(case__in=lines, begins_at__isnull=False).values_list("case", "begins_at"))
    said = _said(everything, texts)
    return {asked: _matter(asked, rows, said, lines, resolved, begins) for asked, rows in near.items()}


def _matter(
    asked: int,
    near: list[Near],
    said: Mapping[int, Said],
    lines: Mapping[int, list[Line]],
    resolved: Mapping[int, list[datetime]],
    begins: Mapping[int, datetime | None],
) -> Matter:
    """Beginning with the case itself, every case that is like one of those found."""
    whys, waiting = {asked: SAME_CASE}, [asked]
    while waiting:
        here = waiting.pop()
        for one in near:
            why = "" if one.case_id in whys else why_same(said[here], said[one.case_id])
            if why:
                whys[one.case_id] = why
                waiting.append(one.case_id)
    since = max([near[0].since, *(at for case_id in whys if (at := begins.get(case_id)))])
    told = [line for case_id in whys for line in lines.get(case_id, ())]
    found = contacts(told, resolved, since=since)
    return Matter(tuple(found), {one.case_id: one.key for one in near}, whys)


def _lines(near: list[Near]) -> tuple[dict[int, list[Line]], dict[int, list[Message]]]:
    """What was said in these cases, by the person and by us, and the first messages of the person in each."""
    people = {contact for one in near for contact in one.people}
    talks = Conversation.objects.filter(case__in={one.case_id for one in near}, outside=False)
    homes = dict(talks.values_list("pk", "case_id"))
    said = Message.objects.filter(conversation__in=list(homes), sent_at__gte=min(one.since for one in near))
    said = without_pending(said.filter(deleted_at=None, automatic=False, backfilled=False))
    newest = said.select_related("identity", "channel").order_by("-sent_at", "-id")
    rows = list(newest[: MOST_LINES * len({one.asked for one in near})])[::-1]
    thanks = _thanks([row.pk for row in rows if row.direction == Direction.INBOUND and only_thanks(row.text)])
    lines: dict[int, list[Line]] = defaultdict(list)
    texts: dict[int, list[Message]] = defaultdict(list)
    for row in rows:
        case_id = homes[row.conversation_id] or 0
        theirs = row.direction == Direction.INBOUND
        if theirs and (row.identity is None or row.identity.contact_id not in people):
            continue
        lines[case_id].append(
            Line(row.sent_at, case_id, row.conversation_id, theirs, row.channel.venue, row.pk in thanks)
        )
        if theirs and len(texts[case_id]) < TEXTS:
            texts[case_id].append(row)
    return lines, texts


def _thanks(message_ids: list[int]) -> set[int]:
    """Those of them in which the person is pleased and complains of nothing. No query for none."""
    if not message_ids:
        return set()
    pleased = Reading.objects.filter(message__in=message_ids, sentiment="positive", complaint__lt=0.5)
    newer = Reading.objects.filter(message=OuterRef("message"), pk__gt=OuterRef("pk"))
    return set(pleased.exclude(Exists(newer)).values_list("message_id", flat=True))


def _resolved(keys: Mapping[int, str]) -> dict[int, list[datetime]]:
    """When each case was closed, as the journal tells."""
    ids = {key: case_id for case_id, key in keys.items()}
    found: dict[int, list[datetime]] = defaultdict(list)
    closed = Event.objects.filter(subject__in=list(ids), kind="case.resolved").order_by("at")
    for key, at in closed.values_list("subject", "at"):
        found[ids[key]].append(at)
    return found


def _said(near: Iterable[Near], texts: Mapping[int, list[Message]]) -> dict[int, Said]:
    """What each case is about: its title and how it began, without what was quoted."""
    cases = {one.case_id: one for one in near}
    told = {
        case_id: "\n".join([one.title, *(row.text[: row.quote_from][:LETTERS] for row in texts.get(case_id, ()))])
        for case_id, one in cases.items()
    }
    words = _words(told, _languages(texts))
    return {
        case_id: Said(frozenset(own_numbers_in(told[case_id], json.loads(one.own_numbers))), words[case_id])
        for case_id, one in cases.items()
    }


def _languages(texts: Mapping[int, list[Message]]) -> dict[int, str]:
    """The language that each case began in."""
    first = {rows[0].pk: case_id for case_id, rows in texts.items() if rows}
    read = Reading.objects.filter(message__in=first).order_by("id").values_list("message_id", "language")
    return {first[message_id]: language for message_id, language in read}


def _words(told: Mapping[int, str], languages: Mapping[int, str]) -> dict[int, frozenset[str]]:
    """The words of each text: stems without those of every day where we know its language, all of them elsewhere."""
    stemmed = [(case_id, STEMMED[languages[case_id]]) for case_id in told if languages.get(case_id) in STEMMED]
    found = {case_id: frozenset(plain_words(text)) for case_id, text in told.items()}
    if stemmed:
        columns = [list(column) for column in zip(*stemmed, strict=True)]
        rows = fetch_all(WORDS, [*columns, [told[case_id] for case_id, _ in stemmed]])
        found.update({case_id: frozenset(words) for case_id, words in rows})
    return found


def case_again(case: Case) -> Again | None:
    """What a case's mark rests on, or why it has none; None where nobody came back. No query after `get_case`."""
    found: Again | None = getattr(case, "matter", None)
    return found
