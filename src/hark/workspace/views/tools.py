"""Settings of what agents work with: tags, saved replies, macros."""

from typing import Any, TypeVar

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from hark.conversations.actions.saved_replies import (
    keep_macro,
    keep_saved_reply,
    remove_macro,
    remove_saved_reply,
)
from hark.conversations.actions.tags import add_tag, change_tag
from hark.conversations.models import Macro, SavedReply, Tag
from hark.conversations.queries.saved_replies import VARIABLES, filled
from hark.organisation.types import Right
from hark.workspace.actions.acts import author_of
from hark.workspace.queries.picking import act_words
from hark.workspace.views.desk import agent_of, desk
from hark.workspace.views.first_run import tried
from hark.workspace.views.settings import settings_page
from hark.workspace.views.tool_forms import MacroForm, SavedReplyForm, TagForm

EXAMPLE = {
    "customer": "Maud Terlinden", "first_name": "Maud", "inbox": "Care", "case": "case_7f3k",
    "title": "Charged twice for a roaming bundle",
}  # fmt: skip
Row = TypeVar("Row", SavedReply, Macro)


@desk("GET", "POST", right=Right.TOOLS)
def tags(request: HttpRequest) -> HttpResponse:
    """All tags; rename or retire one, add one."""
    form, author = TagForm(request.POST or None), author_of(agent_of(request))
    if request.method == "POST" and request.POST.get("key"):
        retired = request.POST.get("act") == "retire"
        change_tag(key=request.POST["key"], name=request.POST.get("name", ""), retired=retired, actor=author)
        messages.success(request, "Kept.")
        return redirect("/settings/tags/")
    if (
        request.method == "POST"
        and form.is_valid()
        and tried(form, lambda: add_tag(name=form.cleaned_data["name"], actor=author))
    ):
        messages.success(request, "The tag is there.")
        return redirect("/settings/tags/")
    return settings_page(request, "tags", form=form, tags=Tag.objects.order_by("retired_at", "name"))


@desk("GET", "POST", right=Right.TOOLS)
def replies(request: HttpRequest) -> HttpResponse:
    """All saved replies, and one more."""
    form = SavedReplyForm(request.POST or None)
    if kept(request, form):
        return redirect("/settings/replies/")
    rows = SavedReply.objects.select_related("brand").prefetch_related("inboxes").order_by("title")
    return settings_page(request, "replies", form=form, replies=rows, **preview(request, form))


@desk("GET", "POST", right=Right.TOOLS)
def saved_reply(request: HttpRequest, key: str) -> HttpResponse:
    """One saved reply, and how it reads."""
    row = found(SavedReply, key)
    if request.POST.get("act") == "remove":
        remove_saved_reply(key=key, actor=author_of(agent_of(request)))
        messages.success(request, "Removed. What was sent with it stays.")
        return redirect("/settings/replies/")
    inboxes = [one.key for one in row.inboxes.all()]
    now = {"title": row.title, "text": row.text, "brand": row.brand.key if row.brand else "", "inboxes": inboxes}
    form = SavedReplyForm(request.POST or None, initial=now)
    if kept(request, form, key):
        return redirect(f"/settings/replies/{key}/")
    return settings_page(request, "reply", form=form, reply=row, **preview(request, form, row.text))


@desk("GET", "POST", right=Right.TOOLS)
def macros(request: HttpRequest) -> HttpResponse:
    """All macros, and one more."""
    form = MacroForm(request.POST or None)
    if kept(request, form):
        return redirect("/settings/macros/")
    names = dict(Tag.objects.values_list("key", "name"))
    rows = [(row, does(row, names)) for row in Macro.objects.prefetch_related("inboxes").order_by("title")]
    return settings_page(request, "macros", form=form, macros=rows, **preview(request, form))


@desk("GET", "POST", right=Right.TOOLS)
def macro(request: HttpRequest, key: str) -> HttpResponse:
    """One macro, and how its reply reads."""
    row = found(Macro, key)
    if request.POST.get("act") == "remove":
        remove_macro(key=key, actor=author_of(agent_of(request)))
        messages.success(request, "Removed. What it has done stays.")
        return redirect("/settings/macros/")
    now = {"title": row.title, "text": row.text, "inboxes": [one.key for one in row.inboxes.all()], **dict(row.acts)}
    form = MacroForm(request.POST or None, initial={**now, **status_of(row)})
    if kept(request, form, key):
        return redirect(f"/settings/macros/{key}/")
    return settings_page(request, "macro", form=form, macro=row, **preview(request, form, row.text))


def kept(request: HttpRequest, form: SavedReplyForm | MacroForm, key: str = "") -> bool:
    """Was it a valid form that asked to be kept, and is it kept now? What went wrong stands on the form."""
    if request.method != "POST" or request.POST.get("act") == "preview" or not form.is_valid():
        return False
    author = author_of(agent_of(request))
    if isinstance(form, MacroForm):
        done = tried(form, lambda: keep_macro(new=form.macro(), actor=author, key=key))
    else:
        done = tried(form, lambda: keep_saved_reply(new=form.saved_reply(), actor=author, key=key))
    if done:
        messages.success(request, "Kept. Agents have it from now on.")
    return done


def preview(request: HttpRequest, form: SavedReplyForm | MacroForm, text: str = "") -> dict[str, Any]:
    """How the text reads to an invented customer, and what the variables mean."""
    text = str(form.data.get("text", text)) if form.is_bound else text
    agent = agent_of(request)
    known = {**EXAMPLE, "agent": agent.name, "agent_first": agent.name.split()[0], "brand": "Plum"}
    return {"preview": filled(text, known), "variables": VARIABLES.items()}


def does(row: Macro, names: dict[str, str]) -> str:
    """What a macro does, as a phrase."""
    acts = [act_words(act, value, names) for act, value in row.acts]
    return ", ".join([*(["replies"] if row.text else []), *acts]).capitalize()


def status_of(row: Macro) -> dict[str, str]:
    """What a macro does to the status, as its form says it."""
    acts = [act for act, _ in row.acts if act in {"resolve", "wait"}]
    return {"status": acts[0] if acts else "", "give": "me" if ["give", "me"] in row.acts else ""}


def found(model: type[Row], key: str) -> Row:
    """The row with this key."""
    row = model.objects.filter(key=key).first()
    if row is None:
        raise Http404
    return row
