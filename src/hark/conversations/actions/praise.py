"""Praise finds those it is about: whoever is named in it, else whoever answered last before it."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping

from django.db.models import Q

from hark.conversations.models import Message, Praise
from hark.conversations.queries.readings import corrections_of, newest_readings
from hark.kernel.db import fetch_all
from hark.organisation.models import Inbox
from hark.organisation.queries import who_may
from hark.organisation.types import Right
from hark.understanding.kinds import kind_now

SHORTEST = 3  # letters of a name that is looked for
LATELY_DAYS = 30  # so long before the praise an answer may lie
# In the case, else anywhere to the same person: the newest answer before it.
ANSWERED = """
    SELECT w.id, a.agent_id FROM conversations_message w
    JOIN conversations_conversation v ON v.id = w.conversation_id
    CROSS JOIN LATERAL (
        SELECT m.agent_id FROM conversations_conversation o
        JOIN conversations_message m ON m.conversation_id = o.id
        WHERE (CASE WHEN v.case_id IS NULL THEN o.contact_id = v.contact_id ELSE o.case_id = v.case_id END)
            AND NOT o.outside AND m.direction = 'out' AND m.agent_id IS NOT NULL AND NOT m.automatic
            AND m.deleted_at IS NULL AND m.sent_at < w.sent_at AND m.sent_at > w.sent_at - make_interval(days => %s)
        ORDER BY m.sent_at DESC, m.id DESC LIMIT 1) a
    WHERE w.id = ANY(%s)
"""


def note_praise(message_ids: Collection[int]) -> None:
    """Write whom these messages of praise are about, in the caller's transaction. Idempotent; none for none."""
    if not message_ids:
        return
    rows = list(
        Message.objects.filter(pk__in=message_ids).select_related("identity__contact", "channel").order_by("pk")
    )
    names = _names({row.channel.inbox_id for row in rows})
    answered = dict(fetch_all(ANSWERED, [LATELY_DAYS, [row.pk for row in rows]]))
    found = []
    for row in rows:
        own = row.identity.contact.name if row.identity else ""
        about = dict.fromkeys(named_in(row.text[: row.quote_from], names[row.channel.inbox_id], own), "named")
        if not about and row.pk in answered:
            about = {answered[row.pk]: "answered"}
        found += [Praise(message=row, agent_id=agent, why=why) for agent, why in about.items()]
        found += [] if about else [Praise(message=row)]
    Praise.objects.bulk_create(found, ignore_conflicts=True)


def settle_praise(message_ids: Iterable[int]) -> None:
    """Say of these messages anew whether they are praise, by their newest reading and what people say of it."""
    asked = list(Praise.objects.filter(message__in=list(message_ids)).values_list("message", flat=True).distinct())
    if not asked:
        return
    readings, corrections = newest_readings(asked), corrections_of(asked)
    stand = []
    for number in asked:
        said = {row.field: row.new_value for row in corrections.get(number, ())}
        kind = kind_now(readings[number].kind, said) if number in readings else ""
        stand += [number] if kind == "praise" and said.get("relevance") != "irrelevant" else []
    Praise.objects.filter(message__in=asked).update(stands=False)
    Praise.objects.filter(message__in=stand).update(stands=True)


def named_in(text: str, names: Mapping[int, str], writer: str) -> list[int]:
    """The agents (number to name) whom a text names: in full, or by a first name that only one of them has.

    A name in small letters is a word; the writer's own, and one alone in the last line, is a signature. Pure.
    """
    lines = text.strip().splitlines()
    if len(lines) > 1 and len(lines[-1].split()) <= 2:
        text = "\n".join(lines[:-1])
    firsts = Counter(_first(name) for name in names.values())
    own = {word.casefold() for word in writer.split()}
    return [
        number
        for number, name in names.items()
        if _says(text, name)
        or (firsts[_first(name)] == 1 and _first(name).casefold() not in own and _says(text, _first(name)))
    ]


def _first(name: str) -> str:
    return name.split(maxsplit=1)[0] if name.split() else ""


def _says(text: str, name: str) -> bool:
    return len(name) >= SHORTEST and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


def _names(inbox_ids: Collection[int]) -> dict[int, dict[int, str]]:
    """By inbox the agents who work in it."""
    works = who_may(Right.ANSWER, "teams__agents__") & Q(teams__agents__is_active=True)
    found: dict[int, dict[int, str]] = defaultdict(dict)
    rows = Inbox.objects.filter(works, pk__in=inbox_ids).values_list("pk", "teams__agents__pk", "teams__agents__name")
    for inbox, number, name in rows.order_by("pk", "teams__agents__pk"):
        found[inbox][number] = name
    return found
