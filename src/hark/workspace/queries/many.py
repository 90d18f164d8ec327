"""One text to many: how it reads in each case, where it would go, and why it would not."""

from collections.abc import Sequence
from dataclasses import dataclass

from hark.conversations.models import Case
from hark.conversations.queries.outgoing import findings
from hark.conversations.queries.saved_replies import filled, values_for
from hark.kernel.ids import new_uuid
from hark.organisation.models import Agent
from hark.understanding.outgoing import Finding
from hark.workspace.queries.composing import first_kind, ways_shown
from hark.workspace.queries.measuring import measured
from hark.workspace.types import KindShown, WayShown

MOST = 50


@dataclass(frozen=True, slots=True)
class Preview:
    """A reply as one customer would read it. `ticket` is what the page sends back to have exactly this one sent."""

    case: Case
    who: str
    where: str
    kind: str
    act: str
    text: str
    length: str
    why_not: str
    ticket: str
    findings: tuple[Finding, ...] = ()

    @property
    def codes(self) -> str:
        """What overrules the findings."""
        return ",".join(one.code for one in self.findings)


def previews(agent: Agent, cases: Sequence[Case], text: str) -> list[Preview]:
    """What would be sent in each of these cases, with their contact and inbox at hand; public ones first."""
    made = [_preview(agent, case, text) for case in cases]
    return sorted(made, key=lambda one: one.kind == "private")


def _preview(agent: Agent, case: Case, text: str) -> Preview:
    ways = ways_shown(agent, case)
    way = ways[0] if ways else None
    kind = next((one for one in way.kinds if one.kind == first_kind(ways)), None) if way else None
    values = values_for(case, agent)
    found = filled(text, values)
    return Preview(
        case=case,
        who=values.get("customer", "Somebody"),
        where=way.name if way else "",
        kind=kind.kind if kind else "",
        act=kind.act if kind else "",
        text=found.text,
        length=measured(way, kind.kind if kind else "", found.text).words if way else f"{len(found.text):,}",
        why_not=_why_not(way, kind, found.text, found.unknown),
        ticket=f"{case.key}:{way.key}:{kind.kind}:{way.seen}:{new_uuid()}" if way and kind else "",
        findings=findings(agent, case, way.way, found.text, visibility=kind.kind) if way and kind else (),
    )


def _why_not(way: WayShown | None, kind: KindShown | None, text: str, unknown: Sequence[str]) -> str:
    """Why this one would not be sent; empty where it would."""
    if way is None or kind is None or kind.why_not:
        closed = [one.why_not for one in way.kinds if one.why_not] if way else []
        return closed[0] if closed else "There is nothing here that can be answered."
    if unknown:
        return f"Not known here: {', '.join(unknown)}."
    return measured(way, kind.kind, text).why_not
