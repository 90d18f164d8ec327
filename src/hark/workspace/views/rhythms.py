"""The guided start: where customers talk, and the clocks that suit each place."""

from typing import Any, NamedTuple

from django import forms

from hark.organisation.types import NewInbox


class Rhythm(NamedTuple):
    """How fast an answer is expected somewhere, as a place to begin: minutes for the first reply and further ones."""

    key: str
    where: str
    name: str
    first: int
    further: int
    why: str


RHYTHMS = (
    Rhythm("chat", "In a chat on our site or in messengers", "Chat", 2, 5, "People wait in front of the screen."),
    Rhythm("mail", "By e-mail and forms", "Care", 240, 480, "An answer on the same day is what most expect."),
    Rhythm("public", "In public: posts, comments, reviews", "Public", 60, 120, "Others read along meanwhile."),
)


class RhythmsForm(forms.Form):
    """Where customers talk; for each place an inbox with the clocks that suit it, to be changed at will."""

    def __init__(self, *given: Any, **named: Any) -> None:
        """Three fields and a box for each rhythm."""
        super().__init__(*given, **named)
        for each in RHYTHMS:
            used = forms.BooleanField(label=each.where, required=False, initial=each.key != "public")
            self.fields[f"{each.key}_used"] = used
            self.fields[f"{each.key}_name"] = forms.CharField(
                label="Name of the inbox", max_length=80, initial=each.name, required=False
            )
            for part, label, minutes in (
                ("first", "First reply", each.first),
                ("next", "Further replies", each.further),
            ):
                self.fields[f"{each.key}_{part}"] = forms.IntegerField(
                    label=f"{label}, minutes", min_value=1, max_value=43200, initial=minutes, required=False
                )

    def rows(self) -> list[dict[str, Any]]:
        """A rhythm with its fields, for the page."""
        return [
            {"rhythm": each, **{part: self[f"{each.key}_{part}"] for part in ("used", "name", "first", "next")}}
            for each in RHYTHMS
        ]

    def clean(self) -> dict[str, Any]:
        """At least one, and no name twice."""
        given = super().clean() or {}
        names = [inbox.name.casefold() for inbox in self.inboxes()]
        if not names:
            self.add_error(None, "Choose at least one place where customers talk.")
        if len(set(names)) < len(names):
            self.add_error(None, "Two inboxes cannot have the same name.")
        return given

    def inboxes(self) -> list[NewInbox]:
        """What was chosen; a field left empty is as it was proposed."""
        given = self.cleaned_data
        return [
            NewInbox(
                name=given.get(f"{each.key}_name") or each.name,
                first_response_seconds=60 * (given.get(f"{each.key}_first") or each.first),
                next_response_seconds=60 * (given.get(f"{each.key}_next") or each.further),
            )
            for each in RHYTHMS
            if given.get(f"{each.key}_used")
        ]
