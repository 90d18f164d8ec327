"""Acts on one case or many: what the picker offers, what was done, and taking it back; one answer to many."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django_htmx.http import trigger_client_event

from hark.conversations.queries.access import cases_visible_to, get_case
from hark.conversations.queries.cases import AnyList
from hark.conversations.types import Visibility
from hark.organisation.models import Agent
from hark.organisation.types import Right
from hark.workspace.actions.answering import Place, reply_to_many, run_macro
from hark.workspace.actions.many import Outcome, act_on_many, undo
from hark.workspace.queries.many import MOST, previews
from hark.workspace.queries.picking import ONE_CASE, Asked, cases_asked, how_many, pick
from hark.workspace.views.answers import conversation_of, seen_in, uuid_of
from hark.workspace.views.desk import agent_of, back, desk, show
from hark.workspace.views.inbox import view_of

WORDS = {
    "give": "Given: {n}.",
    "tag": "Tagged: {n}.",
    "untag": "Tag taken off: {n}.",
    "snooze": "Snoozed: {n}.",
    "wake": "Awake again: {n}.",
    "resolve": "Resolved: {n}.",
    "reopen": "Open again: {n}.",
    "wait": "Waiting: {n}.",
    "spam": "Spam: {n}.",
    "not_spam": "No spam: {n}.",
    "merge": "Merged: {n}.",
    "unmerge": "The merge is taken back.",
    "split": "Split off a new case.",
    "hand_over": "Moved to the other case.",
    "another_matter": "Kept: not the same matter as before.",
    "same_matter": "Kept: the same matter.",
    "macro": "Done.",
    "reply": "On their way: {n}.",
    "undo": "Taken back: {n}.",
}


def keys_of(request: HttpRequest) -> list[str]:
    """The cases that are meant."""
    said = request.POST.getlist("cases") or request.GET.getlist("cases")
    return [key for part in said for key in part.split(",") if key]


@desk("GET", right=Right.ANSWER)
def picker(request: HttpRequest) -> HttpResponse:
    """What can be chosen for the cases at hand."""
    agent, what = agent_of(request), request.GET.get("what", "")
    cases = cases_asked(agent, keys_of(request))
    if not cases or (what in ONE_CASE and len(cases) > 1):
        raise Http404
    asked = Asked(agent, cases, request.GET.get("to", ""), request.GET.get("kind", ""))
    picked = pick(asked, what)
    if picked is None:
        raise Http404
    return render(request, "workspace/parts/pick.html", {"picked": picked, "cases": ",".join(one.key for one in cases)})


@desk("POST", right=Right.ANSWER)
def act(request: HttpRequest) -> HttpResponse:
    """Do one act with one case or many, and say what was done, what was not, and why."""
    agent, keys, named = agent_of(request), keys_of(request), request.POST.get("act", "")
    if not keys:
        raise Http404
    value = request.POST.get("value", "")
    if named == "macro":
        outcome = run_macro(agent=agent, case_key=keys[0], macro_key=value, place=place_of(request, agent, keys[0]))
    else:
        outcome = act_on_many(agent=agent, keys=keys, act=named, value=value)
    return acted(request, named, outcome)


@desk("POST", right=Right.ANSWER)
def take_back(request: HttpRequest) -> HttpResponse:
    """Take back what was just done."""
    return acted(request, "undo", undo(agent=agent_of(request), sealed=request.POST.get("sealed", "")))


@desk("GET", "POST", right=Right.ANSWER)
def answer_many(request: HttpRequest) -> HttpResponse:
    """One text to many, each with its own name, venue and length: first seen, then sent."""
    agent, text = agent_of(request), request.POST.get("text", "")[:20_000]
    if request.method == "POST" and request.POST.get("act") == "send":
        outcome = reply_to_many(agent=agent, text=text, places=places_of(request))
        return many_page(request, view_of(request), outcome=outcome, words=words_of("reply", outcome))
    cases = cases_asked(agent, keys_of(request))[:MOST]
    if not cases:
        raise Http404
    context = {"text": text, "cases": cases, "previews": previews(agent, cases, text)}
    if request.headers.get("HX-Request"):
        return render(request, "workspace/parts/previews.html", context)
    return many_page(request, view_of(request), **context)


def many_page(request: HttpRequest, view: AnyList, **context: Any) -> HttpResponse:
    """The page of one answer to many."""
    return show(request, "answer_many.html", "inbox", view=view, **context)


def acted(request: HttpRequest, named: str, outcome: Outcome) -> HttpResponse:
    """A short notice with a way back, and word to the page of every case that has changed."""
    context = {"words": words_of(named, outcome), "outcome": outcome, "back": back(request)}
    if not request.headers.get("HX-Request"):
        return redirect(back(request))
    response = render(request, "workspace/parts/acted.html", context, status=200 if outcome.done else 422)
    response["HX-Retarget"], response["HX-Reswap"] = "#said", "innerHTML"
    detail = {"cases": [one.key for one in outcome.done], "act": named, "open": opened_by(agent_of(request), outcome)}
    return trigger_client_event(response, "hark:acted", detail)


def words_of(named: str, outcome: Outcome) -> str:
    """What was done, in words; empty when nothing was."""
    return WORDS[named].format(n=how_many(len(outcome.done))) if outcome.done else ""


def opened_by(agent: Agent, outcome: Outcome) -> str:
    """The case to go to: the one that was split off, or the one that another went into."""
    for one in outcome.done:
        for name, value in one.back:
            if name == "merge_back":
                return value
            if name == "unmerge":
                into = cases_visible_to(agent).filter(pk=one.case_id).values_list("merged_into__key", flat=True).first()
                return into or ""
    return ""


def place_of(request: HttpRequest, agent: Agent, case_key: str) -> Place | None:
    """Where the composer writes; None when it writes a note, or to nobody."""
    kind = request.POST.get("kind", "")
    if kind not in Visibility.values:
        return None
    conversation = conversation_of(agent, get_case(agent, case_key), request.POST.get("conversation", ""))
    seen = seen_in(request, conversation)
    return Place(conversation.key, Visibility(kind), seen, uuid_of(request.POST.get("send_key", "")))


def places_of(request: HttpRequest) -> list[tuple[str, Place]]:
    """The tickets that were left ticked; one that is no ticket is refused with all the others."""
    places, despite = [], overruled(request)
    for ticket in request.POST.getlist("ticket")[:MOST]:
        parts = ticket.split(":")
        if len(parts) != 5 or parts[2] not in Visibility.values or not (parts[3].isascii() and parts[3].isdigit()):
            raise Http404
        key, way, kind, seen, send_key = parts
        places.append((key, Place(way, Visibility(kind), int(seen[:18]), uuid_of(send_key), despite.get(key, ()))))
    return places


def overruled(request: HttpRequest) -> dict[str, tuple[str, ...]]:
    """By case, the findings that were ticked: sent all the same."""
    pairs = [said.partition(":") for said in request.POST.getlist("despite")]
    return {key: tuple(codes.split(",")) for key, _, codes in pairs}
