"""What follows from a reading once a message has its case: kind, tags, skills, the plan for its writer's mood."""

from collections.abc import Sequence
from dataclasses import dataclass

from hark.conversations.actions.kinds import note_kinds
from hark.conversations.actions.plans import follow_plans
from hark.conversations.actions.praise import note_praise
from hark.conversations.actions.tags import put_tags_by_rule
from hark.journey.opening import is_praise
from hark.journey.passengers import Passenger, is_said, stored
from hark.journey.profiles import intent_of, kind_in
from hark.routing.queries import skill_names
from hark.understanding.kinds import weightier


@dataclass(frozen=True, slots=True)
class Asked:
    """What the work of a case asks for beyond its venue and language; `target_seconds` where a plan shortened it."""

    skills: tuple[str, ...] = ()
    target_seconds: int | None = None


def follow(passengers: Sequence[Passenger]) -> dict[int, Asked]:
    """Write kinds, tags and plans of the cases in which somebody has just written; what their work asks for, by case.

    In the caller's transaction, after threading. A handful of statements for a batch, none where nobody wrote. Praise
    is noted for those it is about, also where it opens no case.
    """
    note_praise(stored(one for one in passengers if _praises(one)))
    new = [
        (one, one.threaded, one.threaded.case_id)
        for one in passengers
        if one.threaded and one.threaded.case_id and one.threaded.message_id and one.reading
    ]
    if not new:
        return {}
    kinds: dict[int, str] = {}
    tags: list[tuple[int, str, str]] = []
    skills: dict[int, dict[str, None]] = {}
    for one, _, case_id in new:
        kinds[case_id] = weightier(kinds.get(case_id, ""), kind_in(one.reading or {}))
        for tag, skill, why in _consequences(one):
            tags += [(case_id, tag, why)] if tag else []
            skills.setdefault(case_id, {}).update({skill: None} if skill else {})
    note_kinds(kinds)
    put_tags_by_rule(tags)
    waiting = [case_id for _, threaded, case_id in new if threaded.waiting_since]
    plans = follow_plans(waiting, skills=skill_names()) if waiting else {}
    for case_id, plan in plans.items():
        skills.setdefault(case_id, {}).update({plan.skill: None} if plan.skill else {})
    cases = skills.keys() | plans.keys()
    return {
        case_id: Asked(tuple(skills.get(case_id, ())), plans[case_id].target_seconds if case_id in plans else None)
        for case_id in cases
    }


def _praises(one: Passenger) -> bool:
    return one.held is None and is_said(one) and is_praise(one.inbound, one.reading or {})


def _consequences(one: Passenger) -> list[tuple[str, str, str]]:
    """(tag, skill, why) of what was read in one message, by the brand's settings."""
    reading, found = one.reading or {}, []
    intent = intent_of(reading, one.own)
    if intent:
        found.append((intent.tag, intent.skill, f"the intent {intent.name}"))
    if kind_in(reading) == "buying":
        found.append((one.own.buying_tag, one.own.buying_skill, "a buying question"))
    return found
