"""A reply that has left: give it other words, take it away, or send a correction where the venue allows neither."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from hark.conversations.actions.changing import change_reply
from hark.conversations.actions.drafts import keep_draft
from hark.conversations.errors import LookAgain
from hark.conversations.models import Case, Message
from hark.conversations.queries.access import messages_visible_to
from hark.conversations.queries.changing import changeable, may_change
from hark.conversations.queries.drafts import drafts_of
from hark.kernel.errors import HarkError, NotAllowed, NotFound
from hark.kernel.ids import new_uuid
from hark.kernel.time import database_now
from hark.organisation.models import Agent
from hark.organisation.types import Right
from hark.workspace.actions.acts import author_of
from hark.workspace.queries.channels import place_name
from hark.workspace.views.answers import LONGEST, case_of, codes_in, uuid_of
from hark.workspace.views.desk import agent_of, desk, show


@desk("GET", "POST", right=Right.ANSWER)
def change_message(request: HttpRequest, key: str) -> HttpResponse:
    """What can become of a reply, and doing it. What is refused stands on the page again, with the reason."""
    agent = agent_of(request)
    message = ours_of(agent, key)
    case = case_of(agent, message)
    if request.method == "GET":
        return page(request, message, case, words=message.text)
    act = request.POST.get("act", "")
    if act == "correct":
        return correct_below(agent, message, case)
    if act not in {"edit", "delete"}:
        raise Http404
    try:
        change_reply(
            message_id=message.pk,
            author=author_of(agent),
            text=request.POST.get("text", "")[: LONGEST + 1] if act == "edit" else None,
            seen_text=request.POST.get("seen", "").replace("\r\n", "\n"),
            idempotency_key=uuid_of(request.POST.get("send_key", "")),
            despite=codes_in(request),
        )
    except (NotFound, NotAllowed):
        raise
    except HarkError as error:
        found = error.findings if isinstance(error, LookAgain) else ()
        words = request.POST.get("text", "")[:LONGEST]
        return page(request, message, case, words=words, problem=error.message, findings=found)
    return redirect(f"/case/{case.key}/#{message.key}")


def ours_of(agent: Agent, key: str) -> Message:
    """A reply of ours that this agent may change, through the gate."""
    beside = ("conversation__case", "channel", "agent", "outbox_item", "change_item")
    found = messages_visible_to(agent).filter(key=key, outbox_item__isnull=False).select_related(*beside).first()
    if found is None or not may_change(agent, found):
        raise NotFound
    return found


def correct_below(agent: Agent, message: Message, case: Case) -> HttpResponse:
    """Begin a correction above what has been typed; one to somebody outside is a forward."""
    local = timezone.localtime(message.sent_at)
    begun = f"A correction to what I wrote on {local.day} {local:%B, %H:%M}:\n\n"
    kind = "forward" if message.conversation.outside else "reply"
    typed = drafts_of(agent, case).get(kind, "")
    if not typed.startswith(begun):
        keep_draft(case_id=case.pk, kind=kind, text=begun + typed, author=author_of(agent))
    if message.conversation.outside:
        return redirect(f"/case/{case.key}/forward/")
    return redirect(f"/case/{case.key}/?to={message.conversation.key}#reply")


def page(request: HttpRequest, message: Message, case: Case, *, words: str, **trouble: Any) -> HttpResponse:
    """The page itself; `problem` and `findings` are why nothing was done."""
    context: dict[str, Any] = {
        "case": case,
        "message": message,
        "where": place_name(message.channel.venue, message.channel.name),
        "can": changeable(message, at=database_now()),
        "versions": message.versions.select_related("agent").order_by("-id"),
        "words": words,
        "send_key": new_uuid(),
        **trouble,
    }
    response = show(request, "change.html", "inbox", **context)
    response.status_code = 422 if trouble else 200
    return response
