"""Who is meant by an @name in a note: colleagues who see the case, by whole name, or by a first name that is unique."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from hark.conversations.models import Case
from hark.conversations.queries.access import agents_who_see
from hark.organisation.models import Agent

OFFERED = 8


def colleagues_named(case: Case, start: str, *, but: Agent) -> list[Agent]:
    """The colleagues who see this case and whose name, or a word of it, begins so; the first few by name."""
    wanted = start.casefold()
    others = agents_who_see(case).exclude(pk=but.pk).order_by("name")
    fit = (one for one in others if any(part.startswith(wanted) for part in _beginnings(one.name)))
    return [one for one, _ in zip(fit, range(OFFERED), strict=False)]


def mentioned_in(text: str, case: Case) -> list[Agent]:
    """Those whom a note names; somebody who may not see the case is never among them. No query without an @."""
    if "@" not in text:
        return []
    found: list[Agent] = []
    for name, agent in _names(list(agents_who_see(case).order_by("name"))):
        text, times = re.subn(rf"(?<!\w)@{re.escape(name)}(?!\w)", " ", text, flags=re.IGNORECASE)
        found += [agent] if times and agent not in found else []
    return found


def _names(agents: Sequence[Agent]) -> list[tuple[str, Agent]]:
    """What each can be called, longest first, so that "@Ann Marie" does not call Ann too."""
    firsts = Counter(one.name.split()[0].casefold() for one in agents if one.name.split())
    called = [(one.name, one) for one in agents if one.name.split()]
    called += [(one.name.split()[0], one) for _, one in called if firsts[one.name.split()[0].casefold()] == 1]
    return sorted(called, key=lambda pair: -len(pair[0]))


def _beginnings(name: str) -> Iterable[str]:
    words = name.casefold().split()
    return (" ".join(words[place:]) for place in range(len(words)))
