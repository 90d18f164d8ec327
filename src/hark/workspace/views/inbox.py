"""The inbox: views, list, the case beside it, and the small fragments that keep them true."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from hark.conversations.models import Case
from hark.conversations.queries.access import get_case
from hark.conversations.queries.branches import cases_beside
from hark.conversations.queries.cases import AnyList, clock_faces
from hark.conversations.queries.files import files_beside
from hark.conversations.queries.merges import live_merge
from hark.conversations.queries.notices import is_followed
from hark.conversations.queries.tags import tags_of
from hark.kernel.ids import new_uuid
from hark.kernel.time import database_now
from hark.organisation.models import Agent
from hark.organisation.types import Right
from hark.routing.queries import load_of, open_offers_for, why_in_hand
from hark.routing.types import DeclineReason
from hark.workspace.queries.again import again_shown
from hark.workspace.queries.closing import to_close, with_closing_line
from hark.workspace.queries.composing import first_kind, ways_shown
from hark.workspace.queries.filtering import filter_shown
from hark.workspace.queries.later import moments
from hark.workspace.queries.ledger import ledger
from hark.workspace.queries.lists import held_back, list_of, list_shown, rows_changed, views_shown
from hark.workspace.queries.people import contact_shown, who_may_hold
from hark.workspace.queries.places import places_shown
from hark.workspace.queries.plans import plan_words_of, tone_of
from hark.workspace.queries.shapes import clock_shown
from hark.workspace.queries.together import company
from hark.workspace.queries.typed import drafts_shown
from hark.workspace.views.desk import agent_of, desk, rail, show


def view_of(request: HttpRequest) -> AnyList:
    """The view that is asked for; Mine when it is none."""
    return list_of(agent_of(request), request.GET.get("view") or request.POST.get("view") or "")


@desk("GET")
def inbox(request: HttpRequest) -> HttpResponse:
    """The list, and an invitation to open a case."""
    view, agent = view_of(request), agent_of(request)
    return show(request, "inbox.html", "inbox", pane="list", **list_context(agent, view))


@desk("GET")
def case_page(request: HttpRequest, key: str) -> HttpResponse:
    """A case between its list and its contact; only case and contact when the list is there already."""
    agent, view = agent_of(request), view_of(request)
    case = get_case(agent, key)
    if case.merged_into is not None:
        return redirect(f"/case/{case.merged_into.key}/?view={view.value}")
    about = case_context(agent, case, view, **composer_asked(request))
    if request.headers.get("HX-Request"):
        return render(request, "workspace/case_panes.html", {**rail(request, "inbox"), **about})
    pane = "contact" if request.GET.get("pane") == "contact" else "case"
    return show(request, "inbox.html", "inbox", pane=pane, **{**list_context(agent, view), **about})


@desk("GET")
def rows(request: HttpRequest) -> HttpResponse:
    """The first page of a view, or the one behind a place."""
    agent, view = agent_of(request), view_of(request)
    found = list_shown(agent, view, at=database_now(), after=request.GET.get("after", ""))
    return render(request, "workspace/parts/rows.html", {"list": found, "view": view})


@desk("GET")
def pulse(request: HttpRequest) -> HttpResponse:
    """What changed around the list: counts, how many newer ones are held back, and the lines named in `changed`."""
    agent, view, at = agent_of(request), view_of(request), database_now()
    shown = words(request, "shown")
    tabs, more = views_shown(agent, view, at=at)
    context = {
        "view": view,
        "tabs": tabs,
        "more_views": more,
        "held": held_back(agent, view, shown, at=at, complete=request.GET.get("complete") == "1"),
        "changed": rows_changed(agent, view, words(request, "changed"), at=at),
        "current_key": request.GET.get("case", ""),
        **offers_context(agent),
    }
    return render(request, "workspace/pulse.html", context)


@desk("GET")
def timeline(request: HttpRequest, key: str) -> HttpResponse:
    """The newest page of a case's ledger with its head, or the page before a place."""
    agent = agent_of(request)
    case = get_case(agent, key)
    before = request.GET.get("before", "")
    at = database_now()
    context = {**rail(request, "inbox"), "case": case, "ledger": ledger(agent, case, at=at, before=before)}
    if before:
        return render(request, "workspace/parts/older.html", context)
    return render(
        request, "workspace/timeline.html", {**context, **head_context(agent, case, at=at), "view": view_of(request)}
    )


@desk("GET")
def composer(request: HttpRequest, key: str) -> HttpResponse:
    """The composer for another conversation of the case."""
    agent = agent_of(request)
    case = get_case(agent, key)
    about = composer_context(agent, case, **composer_asked(request))
    context = {**rail(request, "inbox"), "case": case, "view": view_of(request), **about}
    return render(request, "workspace/parts/composer.html", context)


@desk("GET")
def contact(request: HttpRequest, key: str) -> HttpResponse:
    """The person beside the case."""
    agent = agent_of(request)
    case = get_case(agent, key)
    shown = contact_shown(agent, case, at=database_now())
    context = {"case": case, "contact": shown, "may_answer": agent.may(Right.ANSWER)}
    return render(request, "workspace/parts/contact.html", context)


def composer_asked(request: HttpRequest) -> dict[str, Any]:
    """Which conversation the address names, and whether the composer shall offer to close it in public."""
    return {"way_key": request.GET.get("to", ""), "closing_line": request.GET.get("close") == "1"}


def words(request: HttpRequest, name: str) -> list[str]:
    """A list of keys in the address, at most 300."""
    return [word for word in request.GET.get(name, "").split(",") if word][:300]


def list_context(agent: Agent, view: AnyList) -> dict[str, Any]:
    """What the list's pane shows."""
    at = database_now()
    tabs, more = views_shown(agent, view, at=at)
    found = list_shown(agent, view, at=at)
    filters = filter_shown(agent, view)
    return {"view": view, "tabs": tabs, "more_views": more, "list": found, "filters": filters, **offers_context(agent)}


def offers_context(agent: Agent) -> dict[str, Any]:
    """What waits for the agent's answer, and why nothing does when he cannot be offered anything."""
    return {
        "offers": open_offers_for(agent),
        "decline_reasons": DeclineReason.choices,
        "load": load_of(agent),
        "me": agent,
        "may_answer": agent.may(Right.ANSWER),
    }


def case_context(agent: Agent, case: Case, view: AnyList, **composer: Any) -> dict[str, Any]:
    """What the panes of a case show."""
    at = database_now()
    return {
        "case": case,
        "view": view,
        "ledger": ledger(agent, case, at=at),
        "contact": contact_shown(agent, case, at=at),
        **head_context(agent, case, at=at),
        **composer_context(agent, case, at=at, **composer),
    }


def head_context(agent: Agent, case: Case, *, at: datetime) -> dict[str, Any]:
    """What the head of a case says."""
    clocks = [clock_shown(face) for face in clock_faces(case, at=at)]
    return {
        "clocks": [clock for clock in clocks if clock.state != "none"],
        "holders": [one for one in who_may_hold(case) if one != agent],
        "followed": is_followed(agent, case),
        "why_mine": why_in_hand(agent, case) if case.assignee_id == agent.pk else "",
        "tags": tags_of(case),
        "merge": live_merge(case),
        "beside": cases_beside(agent, case),
        "places": places_shown(case),
        "again": again_shown(agent, case, at=at),
        "plan": plan_words_of(case),
        "closing": to_close(agent, case),
    }


def composer_context(agent: Agent, case: Case, *, at: datetime | None = None, **said: Any) -> dict[str, Any]:
    """What the composer shows: the ways to answer, what was typed before, and a fresh key against double sending."""
    at = at or database_now()
    ways = ways_shown(agent, case)
    chosen = said.pop("way_key", "") or (ways[0].key if ways else "")
    way = next((one for one in ways if one.key == chosen), ways[0] if ways else None)
    drafts = drafts_shown(agent, case)
    return {
        "ways": ways,
        "way": way,
        "kind": first_kind([way] if way else []),
        "drafts": with_closing_line(drafts, case) if said.pop("closing_line", False) else drafts,
        "trays": files_beside(agent, case),
        "tone": tone_of(case),
        "send_key": new_uuid(),
        "moments": moments(at),
        "company": company(agent, case, at=at),
        **said,
    }
