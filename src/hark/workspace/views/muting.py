"""Muting: an author or a thread from the stream, a term in the settings of a brand; and the list of what is muted."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from hark.conversations.actions.muting import MOST_DAYS, mute_said, mute_term, unmute
from hark.conversations.queries.mutes import mutes_of
from hark.organisation.types import Right
from hark.understanding.own import pattern_problem
from hark.workspace.actions.acts import author_of
from hark.workspace.views.answers import message_of, number_in
from hark.workspace.views.brand_reading import brand_and_own
from hark.workspace.views.cases import corrected_in_stream
from hark.workspace.views.desk import agent_of, back, desk
from hark.workspace.views.first_run import tried
from hark.workspace.views.settings import settings_page


class TermForm(forms.Form):
    """A term that is muted for some days."""

    term = forms.CharField(
        label="Term", max_length=80, help_text="In the language of the word lists: giveaway*, win a."
    )
    days = forms.IntegerField(label="For how many days", min_value=1, max_value=MOST_DAYS, initial=7)

    def clean_term(self) -> str:
        """A pattern that would not mute everything."""
        term: str = self.cleaned_data["term"].strip()
        if problem := pattern_problem(term):
            raise forms.ValidationError(problem)
        return term


@desk("POST", right=Right.ANSWER)
def mute(request: HttpRequest, key: str) -> HttpResponse:
    """Mute the author or the thread of a message."""
    agent = agent_of(request)
    days = number_in(request.POST.get("days", "")) or 7
    what = request.POST.get("what", "")
    mute_said(message_id=message_of(agent, key).pk, what=what, days=days, author=author_of(agent))
    told = (
        f"{'The author' if what == 'author' else 'The thread'} is muted for {'a day' if days == 1 else f'{days} days'}."
    )
    return corrected_in_stream(request, told)


@desk("GET", "POST", right=Right.BRANDS)
def mutes(request: HttpRequest, key: str) -> HttpResponse:
    """What is muted for the brand, and one term more."""
    brand, _ = brand_and_own(key)
    form = TermForm(request.POST or None)
    author = author_of(agent_of(request))
    if form.is_valid() and tried(form, lambda: mute_term(brand=brand, author=author, **form.cleaned_data)):
        messages.success(request, "Muted. What names it in public stands among the noise.")
        return redirect(request.path)
    return settings_page(request, "brand_mutes", brand=brand, form=form, mutes=mutes_of(brand), tab="mutes")


@desk("POST", right=Right.BRANDS)
def end(request: HttpRequest, key: str) -> HttpResponse:
    """Hear it again."""
    unmute(key=key, author=author_of(agent_of(request)))
    messages.success(request, "Heard again from now on.")
    return redirect(back(request))
