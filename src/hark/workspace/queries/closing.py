"""Solved in private: the offer to close in public what stands open there."""

from hark.conversations.models import Case
from hark.conversations.queries.access import was_moved
from hark.conversations.queries.closing import left_open_in_public
from hark.conversations.types import Status
from hark.organisation.models import Agent
from hark.organisation.types import Right

CLOSED = {"en": "We have solved this with you privately. Thank you for telling us."}  # by the language of the brand


def to_close(agent: Agent, case: Case) -> str:
    """The key of the conversation in which a resolved case stands open in public; empty where there is none."""
    if case.status != Status.RESOLVED or case.spam or not was_moved(case) or not agent.may(Right.ANSWER):
        return ""
    found = left_open_in_public(agent, case)
    return found.key if found else ""


def with_closing_line(drafts: dict[str, str], case: Case) -> dict[str, str]:
    """The drafts, with the closing line where no reply was begun."""
    return {**drafts, "reply": drafts["reply"] or CLOSED.get(case.inbox.brand.language, "")}
