"""What the settings of a brand's reading ask for: its words, its intents, how moods are answered."""

from collections.abc import Iterable
from typing import Any

from django import forms

from hark.conversations.models import SavedReply, Tag
from hark.organisation.types import (
    LEAST_EXAMPLES,
    LEAST_PERCENT,
    MOST_EXAMPLES,
    TEMPERS,
    THANKS,
    OwnIntent,
    OwnReading,
    Plan,
    WordList,
)
from hark.routing.queries import skill_names
from hark.understanding.own import SHIPPED, pattern_problem
from hark.workspace.queries.shapes import MOOD_WORDS
from hark.workspace.views.forms import Choices, OneByName, Words

LONGEST_EXAMPLE = 300
HELP = {
    WordList.CRITICAL: "A message with one of these is critical. Such as recall, battery swollen.",
    WordList.HIGH: "A message with one of these is at least urgent.",
    WordList.LEAVE: "What people say who leave you: a rival's name, switching to.",
    WordList.LEGAL: "Counts as legal words.",
    WordList.PRESS: "Counts as the press.",
    WordList.OUTAGE: "Counts as an outage.",
    WordList.IGNORE: "What would raise an alarm elsewhere and not with you: fire alarm, for somebody who sells them.",
    WordList.OPT_OUT: "Whole messages that ask for no more, beside STOP, unsubscribe and the like.",
}


class Patterns(Words):
    """Patterns of the rules' small language, each of which can be used."""

    def to_python(self, value: Any) -> Any:
        """The patterns; a broad or unreadable one is named."""
        patterns = super().to_python(value)
        problems = [problem for pattern in patterns if (problem := pattern_problem(pattern))]
        if problems:
            raise forms.ValidationError(problems)
        return patterns


class Lines(forms.CharField):
    """One entry a line, without repeats, in the order given."""

    def prepare_value(self, value: Any) -> Any:
        """Lists are edited as lines."""
        return "\n".join(value) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> Any:
        """The lines."""
        return tuple(dict.fromkeys(" ".join(line.split()) for line in (value or "").splitlines() if line.strip()))

    def run_validators(self, value: Any) -> None:
        """Checked by the form."""


def a_tag() -> OneByName:
    """A tag, or none."""
    offered = Tag.objects.filter(retired_at=None).order_by("name")
    return OneByName(
        label="Puts on the tag", queryset=offered, required=False, to_field_name="key", empty_label="No tag"
    )


def skills() -> Choices:
    """Skills that work can ask for, as they stand now."""
    return [("", "No skill"), *sorted(skill_names().items(), key=lambda item: item[1].casefold())]


def a_skill(label: str = "Asks for the skill") -> forms.ChoiceField:
    """A skill, or none."""
    return forms.ChoiceField(label=label, required=False, choices=skills)


class WordsForm(forms.Form):
    """Word lists, and what follows from buying questions and praise."""

    def __init__(self, *given: Any, **named: Any) -> None:
        """One field a list, in their order."""
        super().__init__(*given, **named)
        for name in WordList:
            kind = Words if name == WordList.OPT_OUT else Patterns
            self.fields[name] = kind(label=WordList(name).label, required=False, help_text=HELP[name])
        self.order_fields([*WordList.values, "buying_tag", "buying_skill", "thanks"])

    buying_tag = a_tag()
    buying_skill = a_skill()
    thanks = forms.CharField(
        label="Line of thanks for praise",
        required=False,
        max_length=280,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Proposed when somebody is thanked from the stream. Promise in it only what you do.",
    )

    def clean_thanks(self) -> str:
        """It answers praise: it must not ask or complain itself."""
        line: str = self.cleaned_data["thanks"] or THANKS
        if "?" in line:
            raise forms.ValidationError("A line of thanks asks nothing.")
        return line

    def words(self) -> dict[str, tuple[str, ...]]:
        """The lists as they were written."""
        return {str(name): self.cleaned_data.get(name, ()) for name in WordList.values}

    def own(self, now: OwnReading) -> OwnReading:
        """The brand's reading as it would be with these words."""
        pairs = tuple((name, pattern) for name, patterns in self.words().items() for pattern in patterns)
        return OwnReading(now.version, pairs, now.intents_off, now.intents)

    def buying(self) -> tuple[str, str]:
        """(tag, skill) of buying questions, as keys."""
        tag = self.cleaned_data["buying_tag"]
        return (tag.key if tag else "", self.cleaned_data["buying_skill"])


class IntentForm(forms.Form):
    """An intent of the brand's own."""

    name = forms.CharField(label="Name of the intent", max_length=60, help_text="Such as Delivery late.")
    examples = Lines(
        label="Examples, one a line",
        widget=forms.Textarea(attrs={"rows": 7}),
        help_text=f"{LEAST_EXAMPLES} to {MOST_EXAMPLES}, as your customers write them. Different words teach most.",
    )
    tag = a_tag()
    skill = a_skill()
    reply = forms.ModelChoiceField(
        label="Proposes the saved reply",
        queryset=SavedReply.objects.order_by("title"),
        required=False,
        to_field_name="key",
        empty_label="None",
    )

    def __init__(self, *given: Any, **named: Any) -> None:
        """Saved replies are shown by their title."""
        super().__init__(*given, **named)
        self.fields["reply"].label_from_instance = lambda reply: reply.title  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        """“other” is what is left over: nobody can define it."""
        name: str = " ".join(self.cleaned_data["name"].split())
        if name.casefold() == "other":
            raise forms.ValidationError("“Other” is what is left when no intent fits. Give it another name.")
        return name

    def clean_examples(self) -> tuple[str, ...]:
        """As many as an intent can be told by."""
        examples: tuple[str, ...] = self.cleaned_data["examples"]
        if len(examples) < LEAST_EXAMPLES:
            raise forms.ValidationError(f"At least {LEAST_EXAMPLES} different examples, one a line.")
        if len(examples) > MOST_EXAMPLES:
            raise forms.ValidationError(f"At most {MOST_EXAMPLES} examples. Keep those that differ most.")
        if long := next((one for one in examples if len(one) > LONGEST_EXAMPLE), ""):
            raise forms.ValidationError(f"“{long[:40]}…” is longer than {LONGEST_EXAMPLE} characters.")
        return examples

    def intent(self, key: str = "") -> OwnIntent:
        """The intent as it was written."""
        given = self.cleaned_data
        tag, reply = (given[name].key if given[name] else "" for name in ("tag", "reply"))
        return OwnIntent(given["name"], given["examples"], tag, given["skill"], reply, key)


class ShippedForm(forms.Form):
    """Which of the shipped intents count."""

    shipped = forms.MultipleChoiceField(
        label="Shipped intents that count",
        required=False,
        choices=[(name, name.replace("_", " ").capitalize()) for name in SHIPPED],
        widget=forms.CheckboxSelectMultiple,
        help_text="One that is off is read as the nearest other one, or as none.",
    )

    def off(self) -> set[str]:
        """Those that do not count."""
        return set(SHIPPED) - set(self.cleaned_data["shipped"])


class PlanForm(forms.Form):
    """How one mood is answered; prefixed by its level."""

    reply_percent = forms.IntegerField(
        label="Reply within, % of the promise",
        min_value=LEAST_PERCENT,
        max_value=100,
    )
    skill = a_skill()
    tone = forms.CharField(label="Hint on the tone", required=False, max_length=200)
    tells_seniors = forms.BooleanField(label="Supervisors are told", required=False)

    def plan(self, level: str) -> Plan:
        """The plan as it was written."""
        return Plan(level, **self.cleaned_data)


def plan_forms(plans: dict[str, Plan], data: Any = None) -> list[tuple[str, PlanForm]]:
    """(name of the mood, its form), calmest first."""

    def _form(level: str) -> PlanForm:
        fields = ("reply_percent", "skill", "tone", "tells_seniors")
        return PlanForm(data, prefix=level, initial={name: getattr(plans[level], name) for name in fields})

    return [(MOOD_WORDS[level], _form(level)) for level in TEMPERS]


def all_valid(told: Iterable[tuple[str, PlanForm]]) -> bool:
    """Is each of them as it can be? Every one is checked, so that all errors show at once."""
    checked = [form.is_valid() for _, form in told]
    return all(checked)
