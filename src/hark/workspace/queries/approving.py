"""The replies that wait for a colleague's yes, in words."""

from dataclasses import dataclass
from datetime import datetime

from hark.conversations.queries.held import held_shown
from hark.conversations.queries.timeline import Entry
from hark.conversations.types import HeldState
from hark.organisation.models import Agent
from hark.understanding.outgoing import Finding
from hark.workspace.queries.ledger import entry_shown
from hark.workspace.queries.words import day
from hark.workspace.types import EntryShown


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the reply with this key was not approved as it was written last."""

    key: str = ""
    text: str | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class ToApprove:
    """One line: the reply as the case shows it, its text to be changed, and what was found in it."""

    entry: EntryShown
    day: str
    text: str
    findings: tuple[Finding, ...] = ()


def to_approve(agent: Agent, *, at: datetime, trouble: Trouble) -> list[ToApprove]:
    """What waits for approval in the cases this agent may see, oldest first."""
    rows = held_shown(agent, state=HeldState.APPROVAL)
    found = []
    for when, body in rows:
        here = trouble if trouble.key == body.key else Trouble()
        text = body.text if here.text is None else here.text
        found.append(ToApprove(entry_shown(Entry("held", when, body), "", at), day(when, at), text, here.findings))
    return found
