"""What the picker offers: tags, times, saved replies, macros, people, cases and places to split, as lines to choose."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils import timezone

from hark.conversations.models import Case, CaseTag, Macro
from hark.conversations.queries.access import cases_visible_to, conversations_visible_to, messages_visible_to
from hark.conversations.queries.branches import cases_beside
from hark.conversations.queries.saved_replies import filled, macros_for, proposed_replies, saved_replies_for, values_for
from hark.conversations.queries.tags import tags_offered
from hark.conversations.types import Direction
from hark.kernel.time import database_now
from hark.organisation.models import Agent
from hark.workspace.queries.composing import KINDS, ways_shown
from hark.workspace.queries.measuring import measured
from hark.workspace.queries.people import who_may_hold
from hark.workspace.queries.snooze import presets
from hark.workspace.queries.words import day, hour
from hark.workspace.types import WayShown

MOST = 300
NEWEST = 20


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of the picker. `act` and `value` are posted; `text` is put into the composer instead."""

    label: str
    more: str = ""
    act: str = ""
    value: str = ""
    cases: str = ""
    text: str = ""
    note: str = ""
    bad: bool = False
    checked: bool = False


@dataclass(frozen=True, slots=True)
class Picked:
    """The picker's title and lines; `own_time`: an instant can be written below; `empty` is said where no line is."""

    title: str
    choices: Sequence[Choice]
    empty: str
    own_time: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """For whom the picker was opened: the cases, and where and to whom the composer writes."""

    agent: Agent
    cases: Sequence[Case]
    way_key: str = ""
    kind: str = ""

    @property
    def case(self) -> Case:
        """The case at hand."""
        return self.cases[0]


def pick(asked: Asked, what: str) -> Picked | None:
    """The choices of one kind; None for a kind that there is not."""
    return PICKS[what](asked) if what in PICKS else None


def how_many(number: int) -> str:
    """Cases in words."""
    return "1 case" if number == 1 else f"{number} cases"


def act_words(act: str, value: str, tags: dict[str, str]) -> str:
    """What an act of a macro does."""
    if act == "tag":
        return f"tags it {tags.get(value, 'with a tag that is gone')}"
    return {"give": "takes it", "snooze": "snoozes it", "resolve": "resolves it", "wait": "lets it wait"}.get(act, act)


def _tags(asked: Asked) -> Picked:
    """A tag that all of the cases carry is taken off by choosing it again."""
    carried = Counter(CaseTag.objects.filter(case__in=asked.cases).values_list("tag__key", flat=True))
    offered = [(tag, carried[tag.key] == len(asked.cases)) for tag in tags_offered()[:MOST]]
    choices = [Choice(tag.name, act="untag" if on else "tag", value=tag.key, checked=on) for tag, on in offered]
    return Picked(f"Tag {how_many(len(asked.cases))}", choices, "There are no tags yet. An administrator makes them.")


def _snooze(asked: Asked) -> Picked:
    at = database_now()
    rests = any(case.snoozed_until for case in asked.cases)
    awake = [Choice("Wake now", "back in the lists", act="wake")] if rests else []
    times = [Choice(name, f"{day_ahead(until)}, {hour(until)}", "snooze", word) for word, name, until in presets(at)]
    return Picked(f"Snooze {how_many(len(asked.cases))}", [*awake, *times], "", own_time=True)


def day_ahead(until: datetime) -> str:
    """Mon 30 Nov, in the agent's zone."""
    local = timezone.localtime(until)
    return f"{local:%a} {local.day} {local:%b}"


def _saved(asked: Asked) -> Picked:
    values, way = values_for(asked.case, asked.agent), _way(asked)
    proposed = proposed_replies(asked.case)
    rows = sorted(saved_replies_for(asked.case)[:MOST], key=lambda row: row.key not in proposed)
    choices = [_saved_choice(row.title, row.text, values, way, asked) for row in rows]
    choices = [
        replace(choice, label=f"{choice.label}, proposed for {proposed[row.key]}") if row.key in proposed else choice
        for row, choice in zip(rows, choices, strict=True)
    ]
    return Picked("Saved replies", choices, "There are none for this inbox yet. An administrator makes them.")


def _saved_choice(title: str, text: str, values: dict[str, str], way: WayShown | None, asked: Asked) -> Choice:
    found = filled(text, values)
    said, over = _length(found.text, way, asked)
    unknown = f"{', '.join(found.unknown)} stays as it is. " if found.unknown else ""
    return Choice(title, found.text, text=found.text, note=unknown + said, bad=over or bool(found.unknown))


def _length(text: str, way: WayShown | None, asked: Asked) -> tuple[str, bool]:
    """How long it is where it would be sent; a note has no venue."""
    if way is None or way.limit is None or asked.kind == "note":
        return f"{len(text):,}", False
    found = measured(way, asked.kind, text)
    return found.words, bool(found.why_not)


def _macros(asked: Asked) -> Picked:
    tags, values, way = {tag.key: tag.name for tag in tags_offered()}, values_for(asked.case, asked.agent), _way(asked)

    def _choice(row: Macro) -> Choice:
        does = ", then ".join(act_words(act, value, tags) for act, value in row.acts)
        choice = Choice(row.title, f"It {does}.", "macro", row.key)
        if not row.text:
            return choice
        reader = next((kind for visibility, kind in KINDS.items() if visibility == asked.kind), None)
        if reader is None:
            return replace(choice, act="", note="It replies: choose public or private first.", bad=True)
        line = _saved_choice(row.title, row.text, values, way, asked)
        act = "" if line.bad else "macro"
        more = f"{reader.act}: {line.more}" + (f"\nThen it {does}." if does else "")
        return replace(line, text="", more=more, act=act, value=row.key)

    rows = macros_for(asked.case)[:MOST]
    return Picked("Run a macro", [_choice(row) for row in rows], "There are no macros for this inbox yet.")


def _way(asked: Asked) -> WayShown | None:
    ways = ways_shown(asked.agent, asked.case)
    return next((way for way in ways if way.key == asked.way_key), ways[0] if ways else None)


def _people(asked: Asked) -> Picked:
    """Those who may hold every one of the cases."""
    groups = [who_may_hold(case) for case in {case.inbox_id: case for case in asked.cases}.values()]
    everywhere = [one for one in groups[0] if all(one in group for group in groups)]
    everywhere.sort(key=lambda one: one.pk != asked.agent.pk)
    people = [Choice("Me" if one == asked.agent else one.name, act="give", value=one.key) for one in everywhere]
    nobody = Choice("Nobody", "back to the team inbox", act="give", value="")
    return Picked(f"Give {how_many(len(asked.cases))} to", [*people, nobody], "")


def _merge(asked: Asked) -> Picked:
    """Other cases of the same person first, then the newest of the inbox."""
    others = cases_visible_to(asked.agent).filter(inbox=asked.case.inbox_id, merged_into=None).exclude(pk=asked.case.pk)
    others = others.select_related("contact")
    same = list(others.filter(contact=asked.case.contact_id).order_by("-opened_at")[:NEWEST])
    newest = others.exclude(contact=asked.case.contact_id).order_by("-opened_at")[: 3 * NEWEST]
    lines = [(case, "") for case in same] + [(case, "another person") for case in newest]
    choices = [
        Choice(
            case.title,
            f"{case.contact.name or 'Somebody'}, {case.get_status_display().lower()}, {case.key[:9]}",
            "merge", asked.case.key, case.key, note=note, bad=bool(note),
        )
        for case, note in lines
    ]  # fmt: skip
    return Picked("Merge into this case", choices, "There is no other case in this inbox.")


def _split(asked: Asked) -> Picked:
    """Each conversation where there are several, then the customer's newest messages."""
    customers = conversations_visible_to(asked.agent).filter(case=asked.case, outside=False)
    talks = list(customers.select_related("channel"))
    whole = [
        Choice(talk.subject or "The whole conversation", talk.channel.name, "split", talk.key)
        for talk in talks
        if len(talks) > 1
    ]
    at = database_now()
    said = messages_visible_to(asked.agent).filter(conversation__in=customers, direction=Direction.INBOUND)
    newest = said.filter(deleted_at=None).order_by("-sent_at", "-id")[:NEWEST]
    begins = [
        Choice(f"From here: {one.text[:80]}", f"{day(one.sent_at, at)}, {hour(one.sent_at)}", "split", one.key)
        for one in newest
    ]
    return Picked("Split off a new case", [*whole, *begins], "There is nothing to split.")


def _beside(asked: Asked) -> Picked:
    """The other cases in the same talk, to which what the customer wrote last can go."""
    others = cases_beside(asked.agent, asked.case)
    choices = [
        Choice(one.title, one.get_status_display().lower(), "hand_over", one.key, asked.case.key) for one in others
    ]
    return Picked("Move the last message to", choices, "No other case is in this talk.")


PICKS: dict[str, Callable[[Asked], Picked]] = {
    "tags": _tags,
    "snooze": _snooze,
    "saved": _saved,
    "macros": _macros,
    "people": _people,
    "merge": _merge,
    "split": _split,
    "beside": _beside,
}
ONE_CASE = frozenset({"saved", "macros", "merge", "split", "beside"})


def cases_asked(agent: Agent, keys: Sequence[str]) -> list[Case]:
    """The cases that the picker was opened for, through the gate, in the order given."""
    found = cases_visible_to(agent).filter(key__in=list(keys)[:MOST]).select_related("contact", "inbox__brand")
    by_key = {case.key: case for case in found}
    return [by_key[key] for key in keys if key in by_key]
