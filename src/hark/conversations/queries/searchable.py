"""What an agent may search, and how far search has come."""

from datetime import datetime

from django.db.models import QuerySet

from hark.conversations.models import MessageSearch, NoteSearch
from hark.conversations.queries.access import case_gate, conversation_gate
from hark.kernel.queries import events_after, reader_position
from hark.organisation.models import Agent

READER = "search"  # its place in the journal


def messages_searchable_by(agent: Agent) -> QuerySet[MessageSearch]:
    """The messages this agent may find: those he may see that are not deleted. Asked of the message itself."""
    return MessageSearch.objects.filter(conversation_gate(agent, "message__conversation__"), message__deleted_at=None)


def notes_searchable_by(agent: Agent) -> QuerySet[NoteSearch]:
    """The notes this agent may find: those on the cases he may see."""
    return NoteSearch.objects.filter(case_gate(agent, "note__case__"))


def search_lag_seconds(*, at: datetime) -> float:
    """How long the oldest event that search has not looked at has waited; 0 where there is none. Two queries."""
    waiting = events_after(reader_position(READER), limit=1)
    return max(0.0, (at - waiting[0].at).total_seconds()) if waiting else 0.0
