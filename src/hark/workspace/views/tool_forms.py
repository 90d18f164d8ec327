"""What the settings of tags, saved replies and macros ask for."""

from typing import Any

from django import forms

from hark.conversations.actions.saved_replies import NewMacro, NewSavedReply
from hark.conversations.models import Tag
from hark.organisation.models import Brand, Inbox
from hark.workspace.queries.snooze import PRESETS
from hark.workspace.views.forms import ByName, OneByName

TEXT = forms.Textarea(attrs={"rows": 7})


def inboxes() -> ByName:
    """In which inboxes it is offered."""
    return ByName(
        label="Inboxes",
        queryset=Inbox.objects.order_by("name"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        to_field_name="key",
        help_text="None ticked: in every inbox.",
    )


class TagForm(forms.Form):
    """A word for cases."""

    name = forms.CharField(label="Name of the tag", max_length=80)


class SavedReplyForm(forms.Form):
    """A text that agents put into their answers."""

    title = forms.CharField(label="Title", max_length=80, help_text="Agents find it by its title and its words.")
    text = forms.CharField(label="Text", max_length=20_000, widget=TEXT)
    brand = OneByName(
        label="Brand",
        queryset=Brand.objects.order_by("name"),
        required=False,
        to_field_name="key",
        empty_label="Every brand",
    )
    inboxes = inboxes()

    def saved_reply(self) -> NewSavedReply:
        """The saved reply as it was written."""
        given = self.cleaned_data
        return NewSavedReply(given["title"], given["text"], given["brand"], list(given["inboxes"]))


class MacroForm(forms.Form):
    """A reply and acts, done with one key."""

    title = forms.CharField(label="Title", max_length=80)
    text = forms.CharField(
        label="Reply",
        required=False,
        max_length=20_000,
        widget=TEXT,
        help_text="Empty: it answers nobody. Public or private is what the agent has chosen when running it.",
    )
    tag = OneByName(
        label="Put on a tag",
        queryset=Tag.objects.filter(retired_at=None).order_by("name"),
        required=False,
        to_field_name="key",
        empty_label="No tag",
    )
    give = forms.ChoiceField(
        label="Whose it is", required=False, choices=[("", "As it is"), ("me", "Whoever runs the macro")]
    )
    status = forms.ChoiceField(
        label="Then",
        required=False,
        choices=[("", "Leave it as it stands"), ("wait", "Wait for the customer"), ("resolve", "Resolve")],
    )
    snooze = forms.ChoiceField(
        label="Snooze", required=False, choices=[("", "No"), *((word, name) for word, (name, _) in PRESETS.items())]
    )
    inboxes = inboxes()

    def clean(self) -> dict[str, Any]:
        """It must do something, and what is resolved has nothing to rest from."""
        given = super().clean() or {}
        if not any(given.get(name) for name in ("text", "tag", "give", "status", "snooze")):
            raise forms.ValidationError("A macro must do something: reply, tag, take, wait, resolve or snooze.")
        if given.get("status") == "resolve" and given.get("snooze"):
            self.add_error("snooze", "A resolved case is not snoozed.")
        return given

    def macro(self) -> NewMacro:
        """The macro as it was written; its acts in the order in which they are done."""
        given = self.cleaned_data
        acts = [
            ("tag", given["tag"].key if given["tag"] else ""),
            ("give", given["give"]),
            ("wait", "wait" if given["status"] == "wait" else ""),
            ("snooze", given["snooze"]),
            ("resolve", "resolve" if given["status"] == "resolve" else ""),
        ]
        chosen = tuple((act, value) for act, value in acts if value)
        return NewMacro(given["title"], given["text"], chosen, list(given["inboxes"]))
