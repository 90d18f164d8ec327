"""What the API tells, through the gate of the key's person, narrowed to the key's inbox."""

from datetime import datetime
from typing import Any

from hark.conversations.models import Case, Conversation, Message, Note
from hark.conversations.queries.access import conversations_visible_to, messages_visible_to, notes_visible_to
from hark.conversations.queries.access import get_case as get_seen_case
from hark.conversations.queries.appearance import author_name
from hark.conversations.queries.cases import CaseRow, case_page
from hark.conversations.queries.filters import CaseFilter
from hark.conversations.queries.keyset import MESSAGE, NOTE, Place, before_place
from hark.conversations.queries.saved_views import free_list
from hark.kernel.errors import NotFound
from hark.organisation.models import Agent, ApiKey

PAGE = 50


def cases_told(key: ApiKey, wanted: str, *, after: str, at: datetime) -> dict[str, Any]:
    """A page of cases by a filter in the words of saved views."""
    asked = CaseFilter.parse(wanted)
    if key.inbox:
        elsewhere = asked.values("inbox") and key.inbox.key not in asked.values("inbox")
        others = [pair for pair in asked.pairs if pair[0] != "inbox"]
        asked = CaseFilter.of([*others, ("inbox", "none" if elsewhere else key.inbox.key)])
    page = case_page(key.agent, free_list(asked), at=at, after=after, limit=PAGE)
    return {"cases": [_row_told(row) for row in page.rows], "next": page.next_place}


def get_case(key: ApiKey, case_key: str) -> Case:
    """The case, if the key's person sees it and it is in the key's inbox. Raises NotFound."""
    case = get_seen_case(key.agent, case_key)
    if key.inbox_id not in {None, case.inbox_id}:
        raise NotFound
    return case


def get_conversation(case: Case, key: str) -> Conversation:
    """One conversation of the case. Raises NotFound."""
    found = case.conversations.filter(key=key).first()
    if found is None:
        raise NotFound
    return found


def newest_seen(conversation: Conversation, key: str) -> int | None:
    """The message that the caller has read last; None where he names none."""
    return conversation.messages.filter(key=key).values_list("pk", flat=True).first() if key else None


def case_told(agent: Agent, case: Case, *, before: str) -> dict[str, Any]:
    """The case with its conversations and a page of what was said in it and noted on it, newest first."""
    place = Place.parse(before)
    said = messages_visible_to(agent).filter(conversation__case=case)
    said = before_place(said.select_related("conversation", "channel", "identity", "agent"), "sent_at", MESSAGE, place)
    noted = before_place(notes_visible_to(agent).filter(case=case).select_related("agent"), "at", NOTE, place)
    rows = [
        *(
            (one.sent_at, MESSAGE, one.pk, message_told(one))
            for one in before_place(said, "sent_at", MESSAGE, place)[: PAGE + 1]
        ),
        *((one.at, NOTE, one.pk, note_told(one)) for one in noted[: PAGE + 1]),
    ]
    rows.sort(key=lambda row: row[:3], reverse=True)
    more, shown = len(rows) > PAGE, rows[:PAGE]
    talks = conversations_visible_to(agent).filter(case=case).select_related("channel").order_by("pk")
    return {
        **_about(case),
        "conversations": [_talk_told(talk) for talk in talks],
        "entries": [entry for *_, entry in shown],
        "older": str(Place(*shown[-1][:3])) if more else "",
    }


def message_told(message: Message) -> dict[str, Any]:
    """A message; the text of a deleted one is not told."""
    return {
        "type": "message",
        "key": message.key,
        "conversation": message.conversation.key,
        "direction": message.direction,
        "visibility": message.visibility,
        "kind": message.kind,
        "author": author_name(message),
        "text": "" if message.deleted_at else message.text,
        "sent_at": message.sent_at,
        "edited_at": message.edited_at,
        "deleted_at": message.deleted_at,
    }


def note_told(note: Note) -> dict[str, Any]:
    """A note."""
    return {"type": "note", "key": note.key, "author": note.agent.name, "text": note.text, "at": note.at}


def _about(case: Case) -> dict[str, Any]:
    return {
        "key": case.key,
        "title": case.title,
        "status": case.status,
        "inbox": case.inbox.name,
        "contact": case.contact.name,
        "assignee": case.assignee.name if case.assignee else "",
        "opened_at": case.opened_at,
        "due_at": case.due_at,
        "last_message_at": case.last_message_at,
    }


def _talk_told(talk: Conversation) -> dict[str, Any]:
    """A conversation; what is said in one with somebody `outside` is never the customer's."""
    return {
        "key": talk.key,
        "venue": talk.channel.venue,
        "channel": talk.channel.name,
        "subject": talk.subject,
        "outside": talk.outside,
    }


def _row_told(row: CaseRow) -> dict[str, Any]:
    return {
        "key": row.key,
        "title": row.title,
        "status": row.status,
        "inbox": row.inbox,
        "contact": row.who,
        "assignee": row.assignee,
        "venue": row.venue,
        "tags": row.tags,
        "last_text": row.text,
        "last_message_at": row.last_message_at,
        "due_at": row.clock.due_at,
    }
