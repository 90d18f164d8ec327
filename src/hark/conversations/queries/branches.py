"""Cases that share a thread of a venue."""

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from hark.conversations.models import Case, Conversation
from hark.conversations.queries.access import cases_visible_to
from hark.organisation.models import Agent


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
    return _with_branches(Conversation.objects.filter(channel=channel_id, thread_key=thread_key))


def talks_beside(conversation_id: int) -> list[int]:
    """The conversations of all cases in the thread that is named by this one. One query."""
    return _with_branches(Conversation.objects.filter(pk=conversation_id))


def _with_branches(roots: QuerySet[Conversation]) -> list[int]:
    """Two ways joined, so that each goes by its index."""
    branches = Conversation.objects.filter(branch_of__in=roots.values("pk"))
    return sorted(roots.values_list("pk", flat=True).union(branches.values_list("pk", flat=True)))
