"""Cases: a list, one with what was said, a note on it, a reply in it."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse

from hark.api.queries import case_told, cases_told, get_case, get_conversation, message_told, newest_seen, note_told
from hark.api.views.door import BadCall, Caller, api, said
from hark.conversations.actions.notes import add_note
from hark.conversations.actions.reply import reply
from hark.conversations.types import Author, Visibility
from hark.kernel.ids import new_uuid
from hark.kernel.time import database_now
from hark.organisation.types import Right


@api("GET")
def cases(request: HttpRequest, caller: Caller) -> HttpResponse:
    """A page of cases, soonest clock first, or as `filter` says; `next` leads on."""
    given = request.GET
    page = cases_told(caller.key, given.get("filter", ""), after=given.get("after", ""), at=database_now())
    return JsonResponse(page)


@api("GET")
def case(request: HttpRequest, caller: Caller, key: str) -> HttpResponse:
    """One case: its conversations, and the newest page of messages and notes; `older` leads back."""
    found = get_case(caller.key, key)
    return JsonResponse(case_told(caller.agent, found, before=request.GET.get("before", "")))


@api("POST", right=Right.NOTE)
def notes(request: HttpRequest, caller: Caller, key: str) -> HttpResponse:
    """Write a note: {"text": …}."""
    body, found = said(request, text=str), get_case(caller.key, key)
    note = add_note(
        case_id=found.pk, text=body["text"], author=author_of(caller), idempotency_key=idempotency_key(request)
    )
    return JsonResponse(note_told(note), status=201)


@api("POST", right=Right.ANSWER)
def replies(request: HttpRequest, caller: Caller, key: str) -> HttpResponse:
    """Answer: {"conversation": …, "text": …, "visibility": …, "seen": …}.

    `seen` is the key of the newest message that the program has read: anything newer stops the reply.
    """
    body = said(request, conversation=str, text=str, visibility=str, seen=str)
    found = get_case(caller.key, key)
    conversation = get_conversation(found, body["conversation"])
    if body["visibility"] not in Visibility.values:
        raise BadCall(f"visibility is one of {', '.join(Visibility.values)}")
    message = reply(
        case_id=found.pk,
        conversation_id=conversation.pk,
        author=author_of(caller),
        text=body["text"],
        visibility=Visibility(body["visibility"]),
        idempotency_key=idempotency_key(request),
        seen_message_id=newest_seen(conversation, body["seen"]),
    )
    return JsonResponse(message_told(message), status=201)


def author_of(caller: Caller) -> Author:
    """The key's person writes."""
    return Author(caller.agent.pk, caller.agent.key, caller.agent.name)


def idempotency_key(request: HttpRequest) -> UUID:
    """The caller's own, so that a call may be repeated; else a new one. Raises BadCall."""
    given = request.headers.get("Idempotency-Key", "")
    try:
        return UUID(given) if given else new_uuid()
    except ValueError:
        raise BadCall("Idempotency-Key must be a UUID") from None
