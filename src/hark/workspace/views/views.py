"""Saved views: the filter of the list shown, kept under a name, put in order, removed."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from hark.conversations.actions.saved_views import NewView, add_view, change_view, move_view, remove_view
from hark.conversations.queries.filters import FIELDS, CaseFilter
from hark.conversations.queries.saved_views import free_list, saved_lists
from hark.organisation.models import Team
from hark.workspace.actions.acts import author_of
from hark.workspace.views.desk import agent_of, desk, show


@desk("GET", "POST")
def views(request: HttpRequest) -> HttpResponse:
    """All saved views in their order; or an act on one, after which the list is shown."""
    if request.method == "POST":
        return redirect(after(request, request.POST.get("act", "")))
    return show(request, "views.html", "inbox", lists=saved_lists(agent_of(request)))


def after(request: HttpRequest, act: str) -> str:
    """Do what the form says; the page to go to."""
    author, key, wanted = author_of(agent_of(request)), request.POST.get("key", ""), filter_of(request)
    name = request.POST.get("name", "")
    if act == "show":
        return f"/?view={free_list(wanted).value}"
    if act == "save":
        team = Team.objects.filter(key=request.POST.get("team", "")).first()
        return f"/?view={add_view(new=NewView(name, wanted, team), actor=author).key}"
    if act == "keep":
        return f"/?view={change_view(key=key, name=name, filter=wanted, actor=author).key}"
    if act == "remove":
        remove_view(key=key, actor=author)
    elif act in {"up", "down"}:
        move_view(key=key, by=-1 if act == "up" else 1, actor=author)
    else:
        raise Http404
    return "/views/"


def filter_of(request: HttpRequest) -> CaseFilter:
    """The filter as the form says it."""
    return CaseFilter.of((field, value) for field in FIELDS for value in request.POST.getlist(field))
