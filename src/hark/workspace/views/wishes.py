"""What the page of a person's own notices asks for."""

from datetime import date, timedelta
from typing import Any

from django import forms

from hark.conversations.queries.notices import Wishes
from hark.conversations.types import Medium, NoticeKind

MONDAY = date(2024, 1, 1)
DAYS = [(str(day), f"{MONDAY + timedelta(days=day):%A}") for day in range(7)]


class WishesForm(forms.Form):
    """Media by kind of notice, and the hours of the media that ask for attention."""

    days = forms.MultipleChoiceField(
        label="Days on which you may be told outside the list",
        choices=DAYS,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    from_time = forms.TimeField(
        label="From", required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    until_time = forms.TimeField(
        label="Until",
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text="Empty: all day. Outside these hours notices wait in the list: nothing pops up, is pushed or mailed.",
    )

    def __init__(self, *given: Any, **named: Any) -> None:
        """One field for each kind of notice."""
        super().__init__(*given, **named)
        for kind in NoticeKind:
            self.fields[str(kind)] = forms.MultipleChoiceField(
                label=kind.label, choices=Medium.choices, required=False, widget=forms.CheckboxSelectMultiple
            )

    @property
    def kinds(self) -> list[forms.BoundField]:
        """The fields of the kinds, in order."""
        return [self[str(kind)] for kind in NoticeKind]

    @staticmethod
    def values(wishes: Wishes) -> dict[str, Any]:
        """What stands in the form for these wishes."""
        media = {str(kind): sorted(wishes.by_kind[str(kind)]) for kind in NoticeKind}
        days = [str(day) for day in sorted(wishes.days)]
        return {**media, "days": days, "from_time": wishes.from_time, "until_time": wishes.until_time}

    def wishes(self) -> Wishes:
        """The wishes as they were given."""
        given = self.cleaned_data
        return Wishes(
            by_kind={str(kind): frozenset(given[str(kind)]) for kind in NoticeKind},
            days=frozenset(int(day) for day in given["days"]),
            from_time=given["from_time"],
            until_time=given["until_time"],
        )
