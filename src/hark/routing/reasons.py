"""Why me, why now: the reason of a decision as JSON, and the sentence made from it. Pure.

A reason names no contact and says nothing of a colleague but how many were free.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from hark.kernel.types import Json
from hark.routing.types import Candidate, WaitingItem

SKILLS_SHOWN = 2
TWO_LINES = 150


def reason_of(
    item: WaitingItem, eligible: Sequence[Candidate], waited: float, names: Mapping[str, str], at: datetime
) -> dict[str, Json]:
    """Both halves of the reason for offering `item` to the first of `eligible`."""
    return {
        "item": item.key,
        "kind": item.kind,
        "waited_s": round(waited),
        "target_s": item.target_seconds,
        "f": round(waited / max(item.target_seconds, 1), 3),
        "why_me": _why_me(item, eligible, names, at),
        "why_now": [why_now(item.kind, waited, item.target_seconds)],
        "eligible": len(eligible),
    }


def reason_of_asking(item: WaitingItem, agent: Candidate, waited: float, names: Mapping[str, str]) -> dict[str, Json]:
    """Both halves of the reason for what an agent gets who has asked for the next."""
    skills = [{"skill": names.get(skill, skill), "level": agent.skills[skill]} for skill in item.skills]
    return {
        "item": item.key,
        "kind": item.kind,
        "waited_s": round(waited),
        "target_s": item.target_seconds,
        "why_me": [{"by_hand": "you asked for the next"}, *skills],
        "why_now": [why_now(item.kind, waited, item.target_seconds)],
    }


def _why_me(item: WaitingItem, eligible: Sequence[Candidate], names: Mapping[str, str], at: datetime) -> list[Json]:
    """What tells this agent from the others, in the order in which it counted."""
    best, others = eligible[0], eligible[1:]
    why: list[Json] = [{"holds_case": True}] if best.agent_id == item.holder_id else []
    why += [{"skill": names.get(skill, skill), "level": best.skills[skill]} for skill in item.skills]
    if not others:
        why.append({"only_one": True})
    elif best.agent_id != item.holder_id:
        why.append(_turn(best, others, at))
    return [*why, {"points_free": best.free_points}]


def _turn(best: Candidate, others: Sequence[Candidate], at: datetime) -> Json:
    """Which rule of the turn decided between the best and the next."""
    if best.idle_since:
        return {"idle_s": round((at - best.idle_since).total_seconds()), "of": len(others) + 1}
    if best.used_points < others[0].used_points:
        return {"least_in_hand": True, "of": len(others) + 1}
    return {"longest_without_offer": True, "of": len(others) + 1}


def why_now(kind: str, waited: float, target: int) -> str:
    """How the item stands to its promise."""
    if kind == "chat":
        return f"a chat, waiting {span(waited)}"
    if waited >= target:
        return f"{span(waited - target)} past its {span(target)}"
    return f"{span(waited)} of {span(target)} used"


def passed_over(item: WaitingItem, agents: Iterable[Candidate], names: Mapping[str, str]) -> Json:
    """Why a more urgent item of the same inbox still waits."""
    here = [agent for agent in agents if item.inbox_id in agent.inboxes]
    missing = [skill for skill in item.skills if not any(skill in agent.skills for agent in here)]
    return {"item": item.key, "for": names.get(missing[0], missing[0]) if missing else "a free colleague"}


def sentence(reason: Mapping[str, Json], who: str = "You") -> str:
    """The reason in at most two lines. `who`: the agent's name on a supervisor's page.

    Made from the stored reason alone, so that what is read later is what was decided then. What counted least is left
    out where it would need a third line.
    """
    mine = [part for part in _me(reason.get("why_me", [])) if part]
    now = "; ".join([*reason.get("why_now", []), *_ahead(reason.get("passed_over", []))])
    while len(mine) > 1 and len(f"{who}: {', '.join(mine)}. Now: {now}.") > TWO_LINES:
        mine.pop()
    return f"{who}: {', '.join(mine)}. Now: {now}."


def _me(why: Sequence[Mapping[str, Json]]) -> Iterable[str]:
    """The half about the agent."""
    facts = {key: value for entry in why for key, value in entry.items()}
    skills = [f"{entry['skill']} {entry['level']}" for entry in why if "skill" in entry]
    yield "holding this case" if "holds_case" in facts else ""
    yield from skills[:SKILLS_SHOWN]
    yield f"{len(skills) - SKILLS_SHOWN} more skills" if len(skills) > SKILLS_SHOWN else ""
    yield facts.get("by_hand", "")
    yield "the only one free" if "only_one" in facts else ""
    if "idle_s" in facts:
        yield f"free the longest of {facts['of']} ({span(facts['idle_s'])})"
    yield f"fewest points in use of {facts['of']}" if "least_in_hand" in facts else ""
    yield f"longest without an offer of {facts['of']}" if "longest_without_offer" in facts else ""
    if "points_free" in facts:
        yield f"{facts['points_free']} points free"


def _ahead(before: Sequence[Mapping[str, Json]]) -> Iterable[str]:
    """The half line about what was passed over."""
    if before:
        yield f"more urgent work waits for {before[0]['for']}"


def span(seconds: float) -> str:
    """A length of time as people say it: `0:52`, `11 min`, `3 h`, `4 days`."""
    whole = max(0, round(seconds))
    if whole < 120:
        return f"{whole // 60}:{whole % 60:02d}"
    if whole < 7200:
        return f"{whole // 60} min"
    return f"{whole // 3600} h" if whole < 172_800 else f"{whole // 86_400} days"
