"""Cases that share a thread of a venue."""

from django.db.models.functions import Coalesce

from hark.conversations.models import Case, Conversation
from hark.conversations.queries.access import cases_visible_to
from hark.kernel.db import fetch_all
from hark.organisation.models import Agent

# Two ways joined, so that each goes by its index.
OF_THREAD = """SELECT id FROM conversations_conversation WHERE channel_id = %(channel)s AND thread_key = %(thread)s
    UNION ALL SELECT b.id FROM conversations_conversation r
    JOIN conversations_conversation b ON b.branch_of_id = r.id
    WHERE r.channel_id = %(channel)s AND r.thread_key = %(thread)s"""
CASES_BESIDE = """SELECT o.case_id FROM conversations_conversation v
    JOIN conversations_conversation o ON o.id = v.branch_of_id WHERE v.case_id = %(case)s
    UNION ALL SELECT o.case_id FROM conversations_conversation v
    JOIN conversations_conversation o ON o.branch_of_id = coalesce(v.branch_of_id, v.id) WHERE v.case_id = %(case)s"""
BESIDE = """SELECT id FROM conversations_conversation WHERE id = %(root)s
    UNION ALL SELECT id FROM conversations_conversation WHERE branch_of_id = %(root)s"""


def roots_of(case_id: int) -> list[int]:
    """The conversations that stand for the threads in which a case lies."""
    mine = Conversation.objects.filter(case=case_id, outside=False)
    return list(mine.annotate(root=Coalesce("branch_of_id", "pk")).values_list("root", flat=True).distinct())


def cases_beside(agent: Agent, case: Case) -> list[Case]:
    """The other cases in the threads of this one that the agent may see, oldest first. One query for none."""
    ids = {pk for (pk,) in fetch_all(CASES_BESIDE, {"case": case.pk})} - {case.pk, None}
    return list(cases_visible_to(agent).filter(pk__in=ids).order_by("pk")) if ids else []


def talks_of(channel_id: int, thread_key: str) -> list[int]:
    """The conversations of all cases in one thread of a venue. One query."""
    rows = fetch_all(OF_THREAD, {"channel": channel_id, "thread": thread_key})
    return [pk for (pk,) in rows]


def talks_beside(conversation_id: int) -> list[int]:
    """The conversations of all cases in the thread that is named by this one. One query."""
    return [pk for (pk,) in fetch_all(BESIDE, {"root": conversation_id})]
