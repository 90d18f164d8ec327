"""Cases that share a thread of a venue."""

from django.db.models import Q
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
BESIDE = """SELECT id FROM conversations_conversation WHERE id = %(root)s
    UNION ALL SELECT id FROM conversations_conversation WHERE branch_of_id = %(root)s"""


def roots_of(case_id: int) -> list[int]:
    """The conversations that stand for the threads in which a case lies."""
    mine = Conversation.objects.filter(case=case_id, outside=False)
    return list(mine.annotate(root=Coalesce("branch_of_id", "pk")).values_list("root", flat=True).distinct())


def cases_beside(agent: Agent, case: Case) -> list[Case]:
    """The other cases in the threads of this one that the agent may see, oldest first. Two queries."""
    roots = roots_of(case.pk)
    talks = Conversation.objects.filter(Q(pk__in=roots) | Q(branch_of__in=roots), case__isnull=False)
    ids = set(talks.values_list("case_id", flat=True)) - {case.pk} if roots else set()
    return list(cases_visible_to(agent).filter(pk__in=ids).order_by("pk")) if ids else []


def talks_of(channel_id: int, thread_key: str) -> list[int]:
    """The conversations of all cases in one thread of a venue. One query."""
    rows = fetch_all(OF_THREAD, {"channel": channel_id, "thread": thread_key})
    return [pk for (pk,) in rows]


def talks_beside(conversation_id: int) -> list[int]:
    """The conversations of all cases in the thread that is named by this one. One query."""
    return [pk for (pk,) in fetch_all(BESIDE, {"root": conversation_id})]
