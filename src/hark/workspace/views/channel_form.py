"""The form of a channel, made from its venue's `Settings`: no venue has a page of its own."""

from datetime import date, datetime
from typing import Any

from django import forms

from hark.channels.base import Venue
from hark.channels.kit.setting import Asked, asked
from hark.channels.simulated import WAYS, MadeUp
from hark.channels.types import Account
from hark.organisation.actions.channels import opened
from hark.organisation.models import Channel, Inbox
from hark.workspace.views.forms import OneByName, Words

KEPT = "One is kept, sealed. Type to replace it."
LONGEST = 2000
OTHER_BRAND = "This one belongs to another brand. Choose one of the same."


class MadeUpForm(forms.Form):
    """What a made-up customer writes to a simulated account."""

    way = forms.ChoiceField(label="What it is", choices=list(WAYS.items()))
    name = forms.CharField(label="Who writes", max_length=80)
    text = forms.CharField(label="What is written", max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 3}))
    stars = forms.IntegerField(label="Stars", required=False, min_value=1, max_value=5, help_text="Of a review.")
    followers = forms.IntegerField(label="Followers", required=False, min_value=0, max_value=10**12)
    hours = forms.IntegerField(
        label="Hours in which we may answer", required=False, min_value=0, max_value=720,
        help_text="Empty: for ever. 0: the window is closed already.",
    )  # fmt: skip

    def made_up(self, *, new_id: str, at: datetime) -> MadeUp:
        """What was written, as the simulated venue posts it."""
        return MadeUp(id=new_id, at=at, **self.cleaned_data)


class ChannelForm(forms.Form):
    """Name, inbox, and what the venue asks for (each field `set_…`). Secrets can be written, never read."""

    name = forms.CharField(label="Name", max_length=80, help_text="What your people call it, such as shop.example.")
    inbox = OneByName(
        label="Inbox",
        queryset=Inbox.objects.order_by("name"),
        to_field_name="key",
        empty_label=None,
        help_text="Decides who sees it, which clocks run and how long a reply can be taken back.",
    )

    def __init__(self, data: Any, *, venue: Venue, channel: Channel | None = None) -> None:
        """`channel` is None while it is being connected."""
        self.venue, self.channel = venue, channel
        self.asked, self.kept = asked(venue.Settings), opened(channel) if channel else {}
        super().__init__(data, initial=self._shown())
        for one in self.asked:
            self.fields[f"set_{one.name}"] = field_of(one, kept=bool(self.kept.get(one.name)))
        self.parts = {f"set_{one.name}": one.part for one in self.asked if one.part}

    def _shown(self) -> dict[str, Any]:
        """What stands in the fields before anybody types."""
        known = self.channel.settings if self.channel else {}
        shown = {f"set_{one.name}": known.get(one.name, one.default) for one in self.asked if one.kind != "secret"}
        return {**shown, "name": self.channel.name, "inbox": self.channel.inbox.key} if self.channel else shown

    def settings(self) -> dict[str, Any]:
        """What is not secret, as it is stored."""
        typed = {one.name: self.cleaned_data.get(f"set_{one.name}") for one in self.asked if one.kind != "secret"}
        return {name: _as_stored(value) for name, value in typed.items()}

    def secrets(self) -> dict[str, str]:
        """The secrets that were typed; one left empty stays as it is."""
        typed = {one.name: self.cleaned_data.get(f"set_{one.name}") for one in self.asked if one.kind == "secret"}
        return {name: value for name, value in typed.items() if value}

    def in_parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields under their headings, the first ones without."""
        found: list[tuple[str, list[forms.BoundField]]] = [("", [])]
        for field in self:
            if field.name in self.parts:
                found.append((self.parts[field.name], []))
            found[-1][1].append(field)
        return found

    def external_id(self) -> str:
        """What names the account at the venue, where a setting does; a page of ours is named by inbox and name."""
        if self.venue.identified_by:
            named = str(self.settings().get(self.venue.identified_by) or "").strip()
            return named.lower() if self.venue.folds_case else named
        return "" if self.channel else f"{self.cleaned_data['inbox'].key}/{self.cleaned_data['name']}"

    def clean(self) -> dict[str, Any]:
        """The venue itself says what it cannot use."""
        given = super().clean() or {}
        account = Account("", settings=self.settings(), secrets={**self.kept, **self.secrets()})
        for name, sentence in self.venue.objections(account).items():
            self.add_error(f"set_{name}", sentence)
        for one in self.asked:
            if one.kind == "channel" and not self._is_of_the_brand(given, f"set_{one.name}"):
                self.add_error(f"set_{one.name}", OTHER_BRAND)
        return given

    def _is_of_the_brand(self, given: dict[str, Any], name: str) -> bool:
        """Is the chosen channel, if any, one of the brand whose inbox was chosen?"""
        chosen, inbox = given.get(name), given.get("inbox")
        if not chosen or inbox is None:
            return True
        return Channel.objects.filter(key=chosen, inbox__brand=inbox.brand_id).exists()


def field_of(one: Asked, *, kept: bool = False) -> forms.Field:
    """The field that asks for one setting."""
    found = _plain_field(one, kept=kept)
    if one.only:
        found.widget.attrs["data-only"] = only_words(one.only)
    vars(found)["needed"] = one.needed  # read by the page alone
    return found


def only_words(only: tuple[str, tuple[str, ...]]) -> str:
    """Where a field or a guide is of use, as the page reads it: `set_sign_in google microsoft`."""
    return " ".join((f"set_{only[0]}", *only[1]))


def _plain_field(one: Asked, *, kept: bool) -> forms.Field:
    more: dict[str, Any] = {"label": one.label, "help_text": one.help, "required": one.required and not kept}
    if one.kind == "secret":
        hidden = forms.PasswordInput(attrs={"autocomplete": "new-password", "placeholder": KEPT if kept else ""})
        return forms.CharField(widget=hidden, strip=False, max_length=LONGEST, **more)
    if one.kind in {"choice", "channel"}:
        return forms.ChoiceField(choices=one.choices or _channels_of(one.channel_of), **more)
    if one.kind == "date":
        return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), input_formats=["%Y-%m-%d"], **more)
    if one.kind == "number":
        return forms.IntegerField(min_value=one.low, max_value=one.high, **more)
    if one.kind == "yes":
        return forms.BooleanField(**{**more, "required": False})
    return Words(**more) if one.kind == "words" else _words_field(one, more)


def _words_field(one: Asked, more: dict[str, Any]) -> forms.Field:
    widget = forms.Textarea(attrs={"rows": 3}) if one.kind == "long" else forms.TextInput()
    return forms.CharField(max_length=LONGEST, widget=widget, **more)


def _channels_of(venue: str) -> list[tuple[str, str]]:
    there = Channel.objects.filter(venue=venue).order_by("name")
    return [("", "None"), *there.values_list("key", "name")]


def _as_stored(value: Any) -> Any:
    """As JSON keeps it: a list, a day as text, and no day as an empty one."""
    if isinstance(value, tuple):
        return list(value)
    return value.isoformat() if isinstance(value, date) else value
