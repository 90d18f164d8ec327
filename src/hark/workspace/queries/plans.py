"""The response plan of a case in words: why it was raised, and the hint on the tone."""

from hark.conversations.models import Case
from hark.organisation.queries import plans_of
from hark.understanding.mood import acted_on
from hark.workspace.queries.shapes import MOOD_WORDS


def plan_words_of(case: Case) -> str:
    """Why the case stands higher than its promise alone would have it; empty where no plan holds. No query."""
    if not (case.plan and case.plan_words):
        return ""
    return f"the customer is {MOOD_WORDS.get(case.plan, case.plan).lower()}: {case.plan_words}"


def tone_of(case: Case) -> str:
    """The brand's hint for the customer's mood as it is now; empty where it has none. `case.contact` is at hand."""
    level = acted_on(case.contact.mood_level, case.contact.mood_reasons)
    plan = plans_of([case.inbox.brand_id])[case.inbox.brand_id].get(level)
    return plan.tone if plan else ""
