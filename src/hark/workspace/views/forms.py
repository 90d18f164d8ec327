"""What the pages of the first run and the settings ask for."""

import re
from dataclasses import replace
from typing import Any

from django import forms
from django.core.validators import RegexValidator

from hark.organisation.models import Brand, Team
from hark.organisation.queries import sending_mailboxes
from hark.organisation.types import NewBrand, NewInbox, PublicSignature, Role

MAX_WORDS = 100
UNASKED = ("language", "colour", "public_signature")
LANGUAGES = (
    ("de", "German"), ("en", "English"), ("es", "Spanish"), ("fr", "French"), ("it", "Italian"), ("nl", "Dutch"),
    ("pt", "Portuguese"),
)  # fmt: skip


Choices = list[tuple[str, str]]


class Words(forms.CharField):
    """A short list: separated by commas or lines, without repeats, in the order given."""

    widget = forms.Textarea(attrs={"rows": 2})

    def prepare_value(self, value: Any) -> Any:
        """Lists are edited as lines of commas."""
        return ", ".join(value) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> Any:
        """The words."""
        words = dict.fromkeys(word.strip() for word in re.split(r"[,\n]", value or "") if word.strip())
        if len(words) > MAX_WORDS or any(len(word) > 80 for word in words):
            raise forms.ValidationError("At most 100 words or names, each of at most 80 characters.")
        return tuple(words)

    def validate(self, value: Any) -> None:
        """An empty list is a list."""

    def run_validators(self, value: Any) -> None:
        """Checked by `to_python`."""


class ByName(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Rows are chosen by their public key and shown by their name."""

    def label_from_instance(self, obj: Any) -> str:
        """What stands beside the box."""
        return str(obj.name)


class OneByName(forms.ModelChoiceField):  # type: ignore[type-arg]
    """One row, chosen by its public key and shown by its name."""

    def label_from_instance(self, obj: Any) -> str:
        """What stands in the list."""
        return str(obj.name)


class PasswordForm(forms.Form):
    """A new password, typed twice."""

    password = forms.CharField(
        label="Password",
        max_length=200,
        strip=False,
        help_text="At least 12 characters. A sentence is easy to keep.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label="Password again",
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        """Both must be the same."""
        given = super().clean() or {}
        if given.get("password") != given.get("again") and "again" in given:
            self.add_error("again", "This is not the same password.")
        return given


class ChangePasswordForm(PasswordForm):
    """Another password, with the present one."""

    old = forms.CharField(
        label="Your present password",
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ("old", "password", "again")

    def __init__(self, *given: Any, **named: Any) -> None:
        """What is new is called so."""
        super().__init__(*given, **named)
        self.fields["password"].label, self.fields["again"].label = "New password", "New password again"


class FirstRunForm(PasswordForm):
    """The organisation and the person who owns it."""

    organisation = forms.CharField(label="Name of your organisation", max_length=120)
    owner_name = forms.CharField(label="Your name", max_length=120)
    owner_email = forms.EmailField(label="Your e-mail address", help_text="You sign in with it.")
    field_order = ("organisation", "owner_name", "owner_email", "password", "again")


class BrandForm(forms.Form):
    """What Hark listens for."""

    name = forms.CharField(label="Name of the brand", max_length=80)
    about = forms.CharField(
        label="What you sell, in a sentence or two",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Tells your name from the same word in other mouths.",
    )
    handles = Words(label="Your names at venues", required=False, help_text="Such as @plumcare, separated by commas.")
    products = Words(label="Products and words that go with you", required=False)
    exclude = Words(
        label="Words that mean something else",
        required=False,
        help_text="Posts with these words are noise, unless they name your handle.",
    )
    own_numbers = Words(
        label="What your order and parcel numbers look like",
        required=False,
        help_text="# stands for a digit: PL-##########. Card numbers are removed from what people write, these stay.",
    )

    def clean_own_numbers(self) -> tuple[str, ...]:
        """A pattern of digits alone would spare card numbers as well."""
        patterns: tuple[str, ...] = self.cleaned_data["own_numbers"]
        if any("#" not in each or not each.strip("# ") for each in patterns):
            raise forms.ValidationError("Each needs # for its digits and something fixed beside them, as in PL-######.")
        return patterns

    def brand(self, keep: Brand | None = None) -> NewBrand:
        """The brand as it was written; what the form does not ask for stays as it is."""
        unasked = {name: getattr(keep, name) for name in UNASKED} if keep else {}
        return NewBrand(**{**unasked, **self.cleaned_data})


class BrandLooksForm(BrandForm):
    """Everything a brand says of itself, how it looks and who signs."""

    language = forms.ChoiceField(label="Language of its own pages", choices=LANGUAGES)
    colour = forms.CharField(
        label="Colour of its chat and form",
        max_length=7,
        widget=forms.TextInput(attrs={"type": "color"}),
        help_text="Made lighter or darker by itself where it could not be read.",
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}\Z", "A colour is written like #0f6b5f.")],
    )
    public_signature = forms.ChoiceField(
        label="Who signs public replies",
        choices=PublicSignature.choices,
        help_text="Added when the reply leaves. Private replies are not signed.",
    )


class NewBrandForm(forms.Form):
    """One brand more."""

    name = forms.CharField(label="Name of the brand", max_length=80)


class DeskForm(forms.Form):
    """What holds for the whole desk."""

    mailbox = OneByName(
        label="Mailbox that sends the desk's own mails",
        queryset=sending_mailboxes(),
        to_field_name="key",
        required=False,
        empty_label="None: notices are not sent by e-mail",
        help_text="People who want notices by e-mail get them from its address.",
    )
    notices_name_cases = forms.BooleanField(
        label="Mails and pushes name the customer and the case",
        required=False,
        help_text="Seen on locked screens and in mailboxes elsewhere. Off: what happened, and in which inbox.",
    )


class InboxForm(forms.Form):
    """What agents see under one name."""

    name = forms.CharField(label="Name of the inbox", max_length=80)
    first_minutes = forms.IntegerField(
        label="First reply within, minutes",
        min_value=1,
        max_value=43200,
        initial=15,
        help_text="Its clock runs from the first message.",
    )
    next_minutes = forms.IntegerField(label="Further replies within, minutes", min_value=1, max_value=43200, initial=30)
    undo_seconds = forms.IntegerField(
        label="Seconds to take a reply back",
        min_value=0,
        max_value=120,
        initial=15,
        help_text="For so long nothing leaves the house.",
    )

    def inbox(self) -> NewInbox:
        """The inbox as it was written."""
        given = self.cleaned_data
        return NewInbox(
            name=given["name"],
            undo_seconds=given["undo_seconds"],
            first_response_seconds=given["first_minutes"] * 60,
            next_response_seconds=given["next_minutes"] * 60,
        )


class BrandedInboxForm(InboxForm):
    """An inbox and the brand that speaks from it."""

    brand = OneByName(
        label="Brand",
        queryset=Brand.objects.order_by("name"),
        to_field_name="key",
        empty_label=None,
        help_text="Its words, its colour and its signature are used here.",
    )
    again_days = forms.IntegerField(
        label="Third contact on one matter, within days",
        min_value=0,
        max_value=90,
        required=False,
        help_text="Such a case is marked “again”, asks for a senior, and needs a personal word. 0: never. Empty: 14.",
    )

    def inbox(self) -> NewInbox:
        """With what only a whole inbox has."""
        days = self.cleaned_data["again_days"]
        return super().inbox() if days is None else replace(super().inbox(), again_days=days)


class AgentForm(forms.Form):
    """A person who works here."""

    name = forms.CharField(label="Name", max_length=120)
    email = forms.EmailField(label="E-mail address")
    role = forms.ChoiceField(label="Role", initial=Role.AGENT)
    teams = ByName(
        label="Teams",
        queryset=Team.objects.order_by("name"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        to_field_name="key",
        help_text="Agents see the inboxes of their teams.",
    )

    def __init__(self, *given: Any, roles: Choices, **named: Any) -> None:
        """`roles`: those that may be given here."""
        super().__init__(*given, **named)
        self.fields["role"].choices = roles  # type: ignore[attr-defined]


class AgentRightsForm(forms.Form):
    """What a person may do and see."""

    role = forms.ChoiceField(label="Role")
    needs_approval = forms.BooleanField(
        label="A colleague approves what this person writes in public",
        required=False,
        help_text="A supervisor or above reads it first, under To approve. Private replies leave at once.",
    )
    senior = forms.BooleanField(
        label="Senior: customers who come about one matter again go to this person first",
        required=False,
    )
    teams = ByName(
        queryset=Team.objects.order_by("name"), required=False, widget=forms.CheckboxSelectMultiple, to_field_name="key"
    )

    def __init__(self, *given: Any, roles: Choices, **named: Any) -> None:
        """`roles`: those that may be given here."""
        super().__init__(*given, **named)
        self.fields["role"].choices = roles  # type: ignore[attr-defined]


class TeamForm(forms.Form):
    """Agents together."""

    name = forms.CharField(label="Name of the team", max_length=80)


class MembersForm(forms.Form):
    """Who sees an inbox."""

    teams = ByName(
        queryset=Team.objects.order_by("name"), required=False, widget=forms.CheckboxSelectMultiple, to_field_name="key"
    )
    only_assigned = forms.BooleanField(label="Agents see only what is assigned to them", required=False)
    second_factor = forms.BooleanField(label="Everybody who sees it signs in with a second factor", required=False)


class FirstChannelsForm(forms.Form):
    """The two venues that need no account anywhere. What is connected already is not asked for again."""

    VENUES = (("webchat", "Web chat", "Chat"), ("form", "Contact form", "Contact form"))
    sites = Words(
        label="Sites that may show them",
        required=False,
        help_text="Such as https://shop.example. Empty: only by their own address.",
    )
    field_order = ("webchat", "form", "sites")

    def __init__(self, *given: Any, connected: set[str], **named: Any) -> None:
        """`connected`: keys of the venues that are there."""
        super().__init__(*given, **named)
        for venue, label, _ in self.VENUES:
            if venue not in connected:
                self.fields[venue] = forms.BooleanField(label=f"Connect {label.lower()}", required=False, initial=True)
        if len(self.fields) == 1:
            del self.fields["sites"]
        self.order_fields(self.field_order)

    def chosen(self) -> list[tuple[str, str]]:
        """(venue, name) of what is to be connected."""
        return [(venue, name) for venue, _, name in self.VENUES if self.cleaned_data.get(venue)]

    def clean_sites(self) -> tuple[str, ...]:
        """Origins only."""
        return origins(self.cleaned_data["sites"])


def origins(sites: tuple[str, ...]) -> tuple[str, ...]:
    """The same sites; refused where one is more than an origin."""
    if any(not re.fullmatch(r"https?://[^/\s?#@]+", site) for site in sites):
        raise forms.ValidationError("A site is written like https://shop.example, without anything behind it.")
    return sites
