"""What a reading says, how sure it is, and who changed it, in words. Pure."""

from django.utils import timezone

from hark.conversations.queries.readings import ReadingShown

FIELDS = {
    "relevance": "About us", "sentiment": "Mood", "complaint": "Complaint", "urgency": "Urgency",
    "offensive": "Offensive", "emotion": "Emotion", "intent": "Intent",
}  # fmt: skip
VALUES = {
    "relevance": {"relevant": "yes", "irrelevant": "no", "unsure": "not sure", "competitor": "a competitor"},
    "sentiment": {"negative": "unhappy", "neutral": "calm", "positive": "pleased", "": "does not apply"},
    "urgency": {"high": "urgent"},
    "emotion": {"optimism": "hope", "none": "none of these"},
    "intent": {"other": "none of these"},
    "*": {"true": "yes", "false": "no", "": "left open"},
}


def field_name(field: str) -> str:
    """A field of a reading as people call it."""
    return FIELDS.get(field) or field.removeprefix("flags.").replace("_", " ").capitalize()


def value_word(field: str, value: str) -> str:
    """A value of a field in words."""
    return VALUES.get(field, {}).get(value) or VALUES["*"].get(value, value.replace("_", " "))


def chances_in_words(reading: ReadingShown) -> tuple[tuple[str, str], ...]:
    """(what was read, how sure the model is of that): ("Complaint: yes", "91 %")."""
    return tuple(
        (f"{field_name(field)}: {value_word(field, value)}", f"{round(100 * sureness(field, value, p))} %")
        for field, (value, p) in reading.chances.items()
    )


def sureness(field: str, value: str, p: float) -> float:
    """How sure a model is of what it says, where `p` speaks for the other side."""
    return 1 - p if value == "false" or (field == "relevance" and value == "irrelevant") else p


def changes_in_words(reading: ReadingShown) -> tuple[str, ...]:
    """Who corrected what and when, oldest first."""
    told = []
    for change in reading.history:
        at = timezone.localtime(change.at)
        was, now = value_word(change.field, change.was), value_word(change.field, change.value)
        what = f"said {now} too" if change.was == change.value else f"{was}, now {now}"
        told.append(f"{field_name(change.field)}: {what} ({change.by}, {at.day} {at:%b %Y, %H:%M})")
    return tuple(told)
