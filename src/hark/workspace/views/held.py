"""Replies that have not left yet: what their authors and those who approve them can do; the list to approve."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from hark.conversations.actions import holding
from hark.conversations.errors import LookAgain, NewerMessage, WrongTime
from hark.conversations.models import HeldReply
from hark.kernel.errors import NotFound
from hark.kernel.time import database_now
from hark.organisation.types import Right
from hark.workspace.actions.acts import author_of
from hark.workspace.queries.approving import Trouble, to_approve
from hark.workspace.views.answers import LONGEST, changed, codes_in, number_in, time_asked, written
from hark.workspace.views.desk import agent_of, back, desk, show

LIST = "/approvals/"
SAID = {
    "approve": "Approved.",
    "send_back": "Sent back.",
    "take_back": "Taken back.",
    "later": "Kept.",
    "now": "On its way.",
}


@desk("GET", right=Right.SUPERVISE)
def approvals(request: HttpRequest) -> HttpResponse:
    """What waits for a yes; only the lines when the page is there already."""
    context = {"waiting": to_approve(agent_of(request), at=database_now(), trouble=Trouble())}
    if request.headers.get("HX-Request"):
        return render(request, "workspace/parts/approvals.html", context)
    return show(request, "approvals.html", "approvals", **context)


@desk("POST", right=Right.ANSWER)
def held_reply(request: HttpRequest, key: str) -> HttpResponse:
    """Send it, put it off, take it back; approve it or send it back."""
    named = request.POST.get("act", "")
    if named not in ACTS:
        raise Http404
    try:
        held = ACTS[named](request, key)
    except (LookAgain, NewerMessage) as error:
        if back(request) != LIST:
            raise
        return not_yet(request, key, error)
    if back(request) == LIST:
        messages.success(request, SAID[named])
        return redirect(LIST)
    case = held.conversation.case
    if case is None:
        raise NotFound
    if named == "take_back":
        return written(request, case, kind=held.visibility, way_key=held.conversation.key, taken_back=True)
    return changed(request, case)


def not_yet(request: HttpRequest, key: str, error: LookAgain | NewerMessage) -> HttpResponse:
    """Why it was not approved, on its line of the list; one more key approves it all the same."""
    agent = agent_of(request)
    found = error.findings if isinstance(error, LookAgain) else ()
    trouble = Trouble(key, request.POST.get("text", "")[:LONGEST] or None, found)
    messages.error(request, error.message)
    waiting = to_approve(agent, at=database_now(), trouble=trouble)
    response = show(request, "approvals.html", "approvals", waiting=waiting)
    response.status_code = 422
    return response


def _approve(request: HttpRequest, key: str) -> HeldReply:
    return holding.approve(
        key=key,
        approver=author_of(agent_of(request)),
        text=request.POST.get("text"),
        anyway=request.POST.get("anyway") == "1",
        despite=codes_in(request),
    )


def _send_back(request: HttpRequest, key: str) -> HeldReply:
    word = request.POST.get("word", "")
    return holding.send_back(key=key, approver=author_of(agent_of(request)), word=word)


def _take_back(request: HttpRequest, key: str) -> HeldReply:
    return holding.take_held_back(key=key, author=author_of(agent_of(request)))


def _now(request: HttpRequest, key: str) -> HeldReply:
    anyway = request.POST.get("anyway") == "1"
    return holding.send_now(key=key, author=author_of(agent_of(request)), anyway=anyway)


def _later(request: HttpRequest, key: str) -> HeldReply:
    leaves_at = time_asked(request)
    if leaves_at is None:
        raise WrongTime
    seen = number_in(request.POST.get("seen", ""))
    return holding.send_later(key=key, author=author_of(agent_of(request)), leaves_at=leaves_at, seen_message_id=seen)


ACTS: dict[str, Callable[[HttpRequest, str], HeldReply]] = {
    "approve": _approve,
    "send_back": _send_back,
    "take_back": _take_back,
    "now": _now,
    "later": _later,
}
