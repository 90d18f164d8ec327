"""Forms of roles and of the API's keys."""

from datetime import date, timedelta
from typing import Any

from django import forms

from hark.organisation.models import Inbox
from hark.organisation.types import Right
from hark.workspace.views.forms import Choices, OneByName

LONGEST_DAYS = 365


class RoleForm(forms.Form):
    """A role of one's own: a name and rights, one by one."""

    name = forms.CharField(label="Name of the role", max_length=60)
    rights = forms.MultipleChoiceField(
        label="People with this role may",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Everybody sees the cases of the inboxes of the own teams.",
    )

    def __init__(self, *given: Any, offered: Choices, **named: Any) -> None:
        """`offered`: the rights that may be given here."""
        super().__init__(*given, **named)
        self.fields["rights"].choices = offered  # type: ignore[attr-defined]

    def clean_rights(self) -> list[Right]:
        """As rights."""
        return [Right(word) for word in self.cleaned_data["rights"]]


class ApiKeyForm(forms.Form):
    """A key for a program."""

    name = forms.CharField(
        label="What it is for", max_length=60, help_text="Such as the program that uses it, and where it runs."
    )
    rights = forms.MultipleChoiceField(
        label="Beside reading cases it may", required=False, widget=forms.CheckboxSelectMultiple
    )
    inbox = OneByName(
        label="Inbox",
        queryset=Inbox.objects.none(),
        to_field_name="key",
        required=False,
        empty_label="Every inbox that you see",
    )
    ends_on = forms.DateField(
        label="Last day", widget=forms.DateInput(attrs={"type": "date"}), help_text="A year from today at the latest."
    )

    def __init__(self, *given: Any, offered: Choices, inboxes: Any, today: date, **named: Any) -> None:
        """`offered` and `inboxes`: what the person himself may do and see."""
        super().__init__(*given, **named)
        self.today = today
        self.fields["rights"].choices = offered  # type: ignore[attr-defined]
        self.fields["inbox"].queryset = inboxes  # type: ignore[attr-defined]
        self.fields["ends_on"].initial = today + timedelta(days=90)

    def clean_rights(self) -> list[Right]:
        """As rights."""
        return [Right(word) for word in self.cleaned_data["rights"]]

    def clean_ends_on(self) -> date:
        """Within a year."""
        day: date = self.cleaned_data["ends_on"]
        if not self.today <= day <= self.today + timedelta(days=LONGEST_DAYS):
            raise forms.ValidationError("Choose a day within a year from today.")
        return day
