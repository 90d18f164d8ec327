"""Answering: reply, note, draft, taking back, settling a reply whose fate is unknown."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django_htmx.http import trigger_client_event

from hark.conversations.actions.changing import settle_change, take_change_back
from hark.conversations.actions.drafts import keep_draft
from hark.conversations.actions.elsewhere import answered_there, went_there
from hark.conversations.actions.holding import send
from hark.conversations.actions.moving import move_to_private
from hark.conversations.actions.notes import add_note
from hark.conversations.actions.participants import admit
from hark.conversations.actions.reply import NewReply, settle, take_back
from hark.conversations.errors import CannotReply, LookAgain, NewerMessage, WrongTime
from hark.conversations.models import Case, Conversation, HeldReply, Message
from hark.conversations.queries.access import conversations_visible_to, get_case, messages_visible_to
from hark.conversations.types import Visibility
from hark.delivery.types import Settlement
from hark.kernel.errors import NotFound
from hark.kernel.time import database_now
from hark.organisation.models import Agent
from hark.organisation.types import Right
from hark.workspace.actions.acts import author_of
from hark.workspace.queries.later import moment_of
from hark.workspace.queries.ledger import newer_shown
from hark.workspace.queries.places import places_shown, still_waiting
from hark.workspace.views.desk import agent_of, desk, rail, show
from hark.workspace.views.inbox import case_context, composer_context, list_context, view_of

LONGEST = 20_000


@desk("POST", right=Right.NOTE)
def answer(request: HttpRequest, key: str) -> HttpResponse:
    """Send what was written, to those whom the form names; a note never leaves the house."""
    agent = agent_of(request)
    case = get_case(agent, key)
    kind = request.POST.get("kind", "")
    send_key = uuid_of(request.POST.get("send_key", ""))
    if kind == "note":
        add_note(
            case_id=case.pk,
            text=request.POST.get("note", ""),
            author=author_of(agent),
            idempotency_key=send_key,
            files=request.POST.getlist("note_file"),
        )
        return written(request, case, kind="note")
    if kind not in Visibility.values or not agent.may(Right.ANSWER):
        raise Http404
    conversation = conversation_of(agent, case, request.POST.get("conversation", ""))
    try:
        sent = _send(request, typed(request, agent, conversation))
    except NewerMessage as error:
        return stopped(request, case, conversation, newer=newer_shown(agent, error.messages, at=database_now()))
    except LookAgain as error:
        return stopped(request, case, conversation, findings=error.findings)
    still = still_waiting(places_shown(case), but=conversation.key)
    return written(request, case, kind=kind, way_key=conversation.key, still=still, **sent_context(sent))


def typed(request: HttpRequest, agent: Agent, conversation: Conversation) -> NewReply:
    """The reply as the form has it."""
    return NewReply(
        case_id=conversation.case_id or 0,
        conversation_id=conversation.pk,
        author=author_of(agent),
        text=request.POST.get("text", ""),
        visibility=Visibility(request.POST.get("kind", "")),
        idempotency_key=uuid_of(request.POST.get("send_key", "")),
        seen_message_id=seen_in(request, conversation),
        send_anyway=request.POST.get("anyway") == "1",
        files=request.POST.getlist("reply_file"),
        despite=codes_in(request),
        whole=request.POST.get("whole") == "1",
    )


def _send(request: HttpRequest, new: NewReply) -> Message | HeldReply:
    """Send it; a private one with the line in public that was asked for beside it."""
    leaves_at, aside = time_asked(request), request.POST.get("aside", "")
    if new["visibility"] != Visibility.PRIVATE or not aside:
        return send(**new, leaves_at=leaves_at)
    if leaves_at is not None:
        raise CannotReply("With a line in public it leaves at once. Send it now, or leave the line out.")
    if aside not in Visibility.values:
        raise Http404
    return move_to_private(line=request.POST.get("line", ""), readers=Visibility(aside), **new)


@desk("POST", right=Right.ANSWER)
def there(request: HttpRequest, key: str) -> HttpResponse:
    """An agent answers at the venue itself: he goes there (`went`), or says that he has answered."""
    agent = agent_of(request)
    case = get_case(agent, key)
    conversation = conversation_of(agent, case, request.POST.get("conversation", ""))
    if request.POST.get("act") == "went":
        went_there(case_id=case.pk, conversation_id=conversation.pk, author=author_of(agent))
        return HttpResponse(status=204)
    kind = request.POST.get("kind", "")
    if kind not in Visibility.values:
        raise Http404
    answered_there(
        case_id=case.pk,
        conversation_id=conversation.pk,
        author=author_of(agent),
        text=request.POST.get("text", "")[:LONGEST],
        visibility=Visibility(kind),
        key=uuid_of(request.POST.get("send_key", "")),
    )
    return written(request, case, kind=kind, way_key=conversation.key)


@desk("POST", right=Right.NOTE)
def draft(request: HttpRequest, key: str) -> HttpResponse:
    """Keep what has been typed so far."""
    agent = agent_of(request)
    case = get_case(agent, key)
    kind = request.POST.get("kind", "")
    if kind not in {"reply", "outside", "note"}:
        raise Http404
    keep_draft(case_id=case.pk, kind=kind, text=request.POST.get("text", "")[:LONGEST], author=author_of(agent))
    return HttpResponse(status=204)


@desk("POST", right=Right.ANSWER)
def take_reply_back(request: HttpRequest, key: str) -> HttpResponse:
    """Take a reply back while it waits; its text stands in the composer again."""
    agent = agent_of(request)
    message = message_of(agent, key)
    case = case_of(agent, message)
    if request.POST.get("of") == "change":
        take_change_back(message_id=message.pk, author=author_of(agent))
        return changed(request, case)
    take_back(message_id=message.pk, author=author_of(agent))
    if message.conversation.outside and message.quote_from is not None:
        return written(request, case, taken_back="forward")
    return written(request, case, kind=message.visibility, way_key=message.conversation.key, taken_back=True)


@desk("POST", right=Right.ANSWER)
def settle_reply(request: HttpRequest, key: str) -> HttpResponse:
    """Say what became of a reply that may not have left."""
    agent = agent_of(request)
    how = request.POST.get("how", "")
    if how not in Settlement.values:
        raise Http404
    message = message_of(agent, key)
    act = settle_change if request.POST.get("of") == "change" else settle
    act(message_id=message.pk, author=author_of(agent), how=Settlement(how))
    return changed(request, case_of(agent, message))


@desk("POST", right=Right.ANSWER)
def admit_writer(request: HttpRequest, key: str) -> HttpResponse:
    """Let the writer of a mail take part in its conversation."""
    agent = agent_of(request)
    message = message_of(agent, key)
    admit(message_id=message.pk, author=author_of(agent))
    return changed(request, case_of(agent, message))


def written(request: HttpRequest, case: Case, **said: Any) -> HttpResponse:
    """The composer after an act, and word to the page that the case has changed."""
    if not request.headers.get("HX-Request"):
        return redirect(f"/case/{case.key}/")
    return composer(request, case, **said)


def composer(request: HttpRequest, case: Case, *, status: int = 200, **said: Any) -> HttpResponse:
    """The composer alone, and word to the page that the case has changed."""
    about = composer_context(agent_of(request), case, **said)
    context = {**rail(request, "inbox"), "case": case, "view": view_of(request), **about}
    response = render(request, "workspace/parts/composer.html", context, status=status)
    return trigger_client_event(response, "hark:changed", {"case": case.key}, after="settle")


def sent_context(sent: Message | HeldReply) -> dict[str, Any]:
    """What the composer says of a reply that was just written."""
    return {"undo": undo_context(sent)} if isinstance(sent, Message) else {"held": sent}


def undo_context(message: Message) -> dict[str, Any] | None:
    """For how long a reply can still be taken back; None when it has left at once."""
    if message.outbox_item is None:
        return None
    at = database_now()
    left = int((message.outbox_item.not_before - at).total_seconds())
    return {"key": message.key, "seconds": left, "until": message.outbox_item.not_before} if left > 0 else None


def stopped(request: HttpRequest, case: Case, conversation: Conversation, **why: Any) -> HttpResponse:
    """Not sent, and why: shown above what was typed; one key sends it all the same."""
    agent = agent_of(request)
    text = request.POST.get("text", "")[:LONGEST]
    said = {
        "way_key": conversation.key,
        "kind": request.POST.get("kind", ""),
        "drafts": {"reply": text, "outside": text, "note": request.POST.get("note", "")[:LONGEST]},
        "asked": {name: request.POST.get(name, "") for name in ("later", "later_at", "anyway", "aside", "line")},
        "overruled": codes_in(request),
        **why,
    }
    if request.headers.get("HX-Request"):
        return composer(request, case, status=422, **said)
    view = view_of(request)
    about = {**list_context(agent, view), **case_context(agent, case, view, **said)}
    response = show(request, "inbox.html", "inbox", pane="case", **about)
    response.status_code = 422
    return response


def changed(request: HttpRequest, case: Case) -> HttpResponse:
    """The case has changed: its page fetches what is new."""
    if not request.headers.get("HX-Request"):
        return redirect(f"/case/{case.key}/")
    return trigger_client_event(HttpResponse(status=204), "hark:changed", {"case": case.key})


def conversation_of(agent: Agent, case: Case, key: str) -> Conversation:
    """A conversation of this case, through the gate."""
    found = conversations_visible_to(agent).filter(case=case, key=key).first()
    if found is None:
        raise NotFound
    return found


def message_of(agent: Agent, key: str) -> Message:
    """A message, through the gate."""
    found = messages_visible_to(agent).select_related("conversation__case").filter(key=key).first()
    if found is None:
        raise NotFound
    return found


def case_of(agent: Agent, message: Message) -> Case:
    """The case of a message, through the gate."""
    if message.conversation.case is None:
        raise NotFound
    return get_case(agent, message.conversation.case.key)


def seen_in(request: HttpRequest, conversation: Conversation) -> int | None:
    """The newest message of the conversation that the page had shown when the last key was pressed."""
    for pair in request.POST.getlist("seen"):
        key, _, number = pair.partition(":")
        if key == conversation.key and (seen := number_in(number)) is not None:
            return seen
    return None


def number_in(text: str) -> int | None:
    """An id as a page writes it."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def codes_in(request: HttpRequest) -> list[str]:
    """The findings that were looked at and overruled."""
    return [code for said in request.POST.getlist("despite") for code in said.split(",") if code]


def time_asked(request: HttpRequest) -> datetime | None:
    """When the reply should leave: a word such as `tomorrow`, or an instant written by hand; None at once."""
    word, written_out = request.POST.get("later", ""), request.POST.get("later_at", "")
    asked = word if word and word != "at" else written_out
    if word == "at" and not asked:
        raise WrongTime
    return moment_of(asked, database_now()) if asked else None


def uuid_of(text: str) -> UUID:
    """The form's key against double sending; without one nothing is sent."""
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None
