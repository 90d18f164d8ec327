"""Encounters: shop counter, letter, call elsewhere, in one short form."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from hark.channels.encounter import Met
from hark.channels.encounter.words import WAYS
from hark.contacts.models import Contact
from hark.conversations.models import Case
from hark.conversations.queries.access import get_case
from hark.kernel.ids import new_uuid
from hark.kernel.time import now
from hark.organisation.models import Agent, Inbox
from hark.organisation.queries import inboxes_visible_to
from hark.organisation.types import Right
from hark.workspace.actions.encounters import kept, note_encounter
from hark.workspace.queries.encounters import cases_offered, get_contact, known_as, people_called
from hark.workspace.views.desk import agent_of, desk, show
from hark.workspace.views.forms import OneByName

LONGEST = 20_000
MOST_FILES = 10
MOMENT = "%Y-%m-%dT%H:%M"
NEW_CASE, SETTLED = "new", "done"


class EncounterForm(forms.Form):
    """Who, when, where, what was said, what was done."""

    name = forms.CharField(label="Who", max_length=200, required=False)
    email = forms.EmailField(label="E-mail address", required=False)
    phone = forms.CharField(label="Telephone", max_length=40, required=False)
    way = forms.ChoiceField(label="How", choices=list(WAYS.items()))
    place = forms.CharField(label="Where", max_length=80, required=False, help_text="Such as the shop, or who called.")
    at = forms.DateTimeField(
        label="When",
        input_formats=[MOMENT],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT),
    )
    said = forms.CharField(label="What was said", max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 5}))
    done = forms.CharField(
        label="What was done", max_length=LONGEST, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    then = forms.ChoiceField(label="And now", widget=forms.RadioSelect)
    inbox = OneByName(label="Inbox", queryset=Inbox.objects.none(), to_field_name="key", empty_label=None)
    number = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *given: Any, inboxes: QuerySet[Inbox], cases: list[Case], person: Contact | None) -> None:
        """`cases`: those that it may belong to; `person`: whoever was met, where Hark knows him."""
        super().__init__(*given)
        self.initial = {"at": timezone.localtime(now()), "number": new_uuid(), "then": NEW_CASE}
        if cases:
            self.initial["then"] = cases[0].key
        joins = [(case.key, f"It belongs to “{case.title}”") for case in cases]
        rest = [(NEW_CASE, "Somebody has to go on: open a case"), (SETTLED, "It is settled: no case")]
        self.fields["then"].choices = [*joins, *rest]  # type: ignore[attr-defined]
        self.fields["inbox"].queryset = inboxes  # type: ignore[attr-defined]
        self.fields["name"].required = person is None
        if person:
            for name in ("name", "email", "phone"):
                del self.fields[name]

    def clean_at(self) -> Any:
        """Not in the future."""
        at = self.cleaned_data["at"]
        if at > now() + timedelta(minutes=5):
            raise forms.ValidationError("That time has not come yet.")
        return at


@desk("GET", "POST", right=Right.ANSWER)
def encounter(request: HttpRequest) -> HttpResponse:
    """Note one. `case` or `contact` in the address says who it was; else somebody is looked for, or new."""
    agent, asked = agent_of(request), request.GET
    case = get_case(agent, asked["case"]) if asked.get("case") else None
    person = case.contact if case else get_contact(agent, asked["contact"]) if asked.get("contact") else None
    cases = cases_offered(agent, person) if person else []
    inboxes = inboxes_visible_to(agent).select_related("brand").order_by("name")
    form = EncounterForm(request.POST or None, inboxes=inboxes, cases=cases, person=person)
    files = request.FILES.getlist("files")
    if len(files) > MOST_FILES:
        form.add_error(None, f"At most {MOST_FILES} files.")
    if form.is_valid():
        return noted(request, agent, form, person, cases, files)
    words = asked.get("q", "")
    found = people_called(agent, words) if not person else ()
    about = {"form": form, "person": person, "case": case, "q": words, "found": found}
    response = show(request, "encounter.html", "encounter", **about)
    response.status_code = 422 if form.errors else 200
    return response


def noted(
    request: HttpRequest,
    agent: Agent,
    form: EncounterForm,
    person: Contact | None,
    cases: list[Case],
    files: "list[UploadedFile[Any]]",
) -> HttpResponse:
    """Store it, and go on where it will be seen."""
    given = form.cleaned_data
    joined = next((case for case in cases if case.key == given["then"]), None)
    number = str(given["number"])
    who = (
        known_as(person) if person else {name: given[name] for name in ("name", "email", "phone")} | {"person": number}
    )
    met = Met(
        id=number, way=given["way"], place=given["place"], at=given["at"], said=given["said"], done=given["done"],
        settled=given["then"] == SETTLED, files=tuple(kept(one.name or "file", one.chunks()) for one in files), **who,
    )  # fmt: skip
    note_encounter(agent=agent, met=met, inbox=joined.inbox if joined else given["inbox"], case=joined)
    messages.success(request, "Noted. It is being read and will be there in a moment.")
    if joined:
        return redirect(f"/case/{joined.key}/")
    return redirect("/stream/" if met.settled else "/?view=unassigned")
