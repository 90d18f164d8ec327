"""Forwarding a case to somebody outside: a page that shows to whom, from where and what goes along."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from hark.conversations.actions.forwarding import forward
from hark.conversations.errors import NewerMessage
from hark.conversations.models import Case
from hark.conversations.queries.access import get_case
from hark.conversations.queries.drafts import drafts_of
from hark.kernel.errors import HarkError, NotAllowed, NotFound
from hark.kernel.ids import new_uuid
from hark.kernel.time import database_now
from hark.organisation.models import Agent
from hark.organisation.types import Right
from hark.workspace.actions.acts import author_of
from hark.workspace.queries.asking_outside import forward_shown
from hark.workspace.queries.ledger import newer_shown
from hark.workspace.views.answers import LONGEST, number_in, uuid_of
from hark.workspace.views.desk import agent_of, desk, show


@desk("GET", "POST", right=Right.ANSWER)
def forward_case(request: HttpRequest, key: str) -> HttpResponse:
    """The form, and what is sent by it. What is refused stands on the page again, with the reason."""
    agent = agent_of(request)
    case = get_case(agent, key)
    if request.method == "GET":
        return page(request, agent, case, words=drafts_of(agent, case).get("forward", ""))
    try:
        sent = send(request, agent, case)
    except NewerMessage as newer:
        return again(request, agent, case, newer=newer_shown(agent, newer.messages, at=database_now()))
    except (NotFound, NotAllowed):
        raise
    except HarkError as error:
        return again(request, agent, case, problem=error.message)
    return redirect(f"/case/{case.key}/#{sent}")


def send(request: HttpRequest, agent: Agent, case: Case) -> str:
    """Forward what the form says; the key of the message."""
    posted = request.POST
    return forward(
        case_id=case.pk,
        author=author_of(agent),
        address=posted.get("address", "")[:500],
        name=posted.get("name", ""),
        text=posted.get("text", "")[: LONGEST + 1],
        messages=posted.getlist("message"),
        files=posted.getlist("file"),
        mailbox=posted.get("mailbox", ""),
        idempotency_key=uuid_of(posted.get("send_key", "")),
        seen_message_id=number_in(posted.get("seen", "")),
        send_anyway=posted.get("anyway") == "1",
    ).key


def again(request: HttpRequest, agent: Agent, case: Case, **why: Any) -> HttpResponse:
    """The page with what was typed and chosen, and why it was not sent."""
    posted = request.POST
    typed = {name: posted.get(name, "")[:LONGEST] for name in ("address", "name", "mailbox")}
    chosen = {"messages": set(posted.getlist("message")), "files": set(posted.getlist("file"))}
    return page(request, agent, case, words=posted.get("text", "")[:LONGEST], **typed, **chosen, **why)


def page(request: HttpRequest, agent: Agent, case: Case, **said: Any) -> HttpResponse:
    """The page itself. The newest message is chosen at first."""
    chosen = {name: said.pop(name, None) for name in ("messages", "files")}
    shown = forward_shown(agent, case, at=database_now(), **chosen)
    context = {"case": case, "forward": shown, "send_key": new_uuid(), **said}
    response = show(request, "forward.html", "inbox", **context)
    response.status_code = 422 if said.get("problem") or said.get("newer") else 200
    return response
