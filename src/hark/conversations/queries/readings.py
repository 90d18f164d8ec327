"""What is shown of a reading: the newest, with the agents' corrections laid over it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hark.conversations.models import Correction, Message, Reading
from hark.understanding.kinds import kind_now
from hark.understanding.types import FLAGS

YES = 0.5  # the decision point of a calibrated head
HEADS = ("sentiment", "complaint", "offensive", "emotion", "intent")


@dataclass(frozen=True, slots=True)
class ReasonShown:
    """Why a field reads as it does; `start` and `end` in code points of the text, -1 where no words are named."""

    field: str
    why: str
    start: int = -1
    end: int = -1


@dataclass(frozen=True, slots=True)
class ChangeShown:
    """What an agent made of one field, and when."""

    field: str
    was: str
    value: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ReadingShown:
    """A reading as a page shows it. `corrected` names the fields that an agent has changed, `by` who did it last.

    Empty text: the head abstains, or an agent has said that it does not apply. `relevance_p` is the model's own.
    `chances`: field → (what the model read, its probability), also where it abstains; `history`: oldest first.
    """

    language: str
    relevance: str
    relevance_p: float | None
    sentiment: str
    complaint: bool
    offensive: bool
    emotion: str
    intent: str
    urgency: str
    flags: tuple[str, ...]
    reasons: tuple[ReasonShown, ...]
    model_version: str
    corrected: tuple[str, ...] = ()
    by: str = ""
    chances: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    history: tuple[ChangeShown, ...] = ()
    kind: str = ""
    opts_out: bool = False
    curses: bool = False


def newest_reading(message: Message) -> Reading | None:
    """The reading that counts for a message."""
    return message.readings.order_by("-id").first()


def newest_readings(message_ids: Iterable[int]) -> dict[int, Reading]:
    """The readings that count, by message. One query."""
    rows = Reading.objects.filter(message__in=list(message_ids)).order_by("message_id", "-id").distinct("message_id")
    return {row.message_id: row for row in rows}


def corrections_of(message_ids: Iterable[int]) -> dict[int, list[Correction]]:
    """All corrections by message, oldest first, with who made them. One query."""
    found: dict[int, list[Correction]] = {}
    for row in Correction.objects.filter(message__in=list(message_ids)).select_related("agent").order_by("id"):
        found.setdefault(row.message_id, []).append(row)
    return found


def shown_value(data: Mapping[str, Any], field: str) -> tuple[str, float | None]:
    """The value of a field as text, and its probability where it has one. Empty text where the head abstains."""
    if field.startswith("flags."):
        return _yes_or_no(bool(_part(data, "flags").get(field.removeprefix("flags.")))), None
    if field in data.get("abstain", ()):
        return "", None
    part = _part(data, field)
    if field in {"complaint", "offensive"}:
        return _yes_or_no(_number(part.get("p")) >= YES), _number(part.get("p"))
    label = str(part.get("level" if field == "urgency" else "label") or "")
    p = part.get("p")
    p = p.get(label) if isinstance(p, dict) else p
    return label, float(p) if isinstance(p, int | float) else None


def corrected(reading: Reading, corrections: Sequence[Correction] = ()) -> ReadingShown:
    """The reading with the newest correction of each field laid over it. Pure; the row is not touched."""
    data = reading.data
    changed = {row.field: row.new_value for row in corrections}

    def _value(field: str) -> str:
        return changed[field] if field in changed else shown_value(data, field)[0]

    flags = tuple(name for name in FLAGS if _value(f"flags.{name}") == "true")
    return ReadingShown(
        language=reading.language,
        relevance=_value("relevance"),
        relevance_p=shown_value(data, "relevance")[1],
        sentiment=_value("sentiment"),
        complaint=_value("complaint") == "true",
        offensive=_value("offensive") == "true",
        emotion=_value("emotion"),
        intent=_value("intent"),
        urgency=_value("urgency"),
        flags=flags,
        reasons=tuple(_reasons(data)),
        model_version=reading.model_version,
        corrected=tuple(changed),
        by=corrections[-1].agent.name if corrections else "",
        chances=_chances(data),
        history=tuple(
            ChangeShown(row.field, row.old_value, row.new_value, row.agent.name, row.at) for row in corrections
        ),
        kind=kind_now(reading.kind, changed),
        opts_out=bool(data.get("opt_out")),
        curses="curse" in (data.get("signals") or ()) and changed.get("offensive") != "false",
    )


def _chances(data: Mapping[str, Any]) -> dict[str, tuple[str, float]]:
    """What each model read and its probability, whether or not it dares to say so."""
    said = {name: shown_value({**data, "abstain": ()}, name) for name in ("relevance", *HEADS)}
    return {name: (value, p) for name, (value, p) in said.items() if value and p is not None}


def feeling(reading: ReadingShown) -> str:
    """How the writer of one message feels: pleased, calm, unhappy, angry; empty where the reading abstains.

    Anger needs evidence of its own; an unhappy message is not an angry one.
    """
    if reading.sentiment == "negative":
        return "angry" if reading.offensive or reading.emotion == "anger" else "unhappy"
    return {"neutral": "calm", "positive": "pleased"}.get(reading.sentiment, "")


def _reasons(data: Mapping[str, Any]) -> Iterable[ReasonShown]:
    for reason in data.get("reasons") or ():
        start, end = reason.get("span") or (-1, -1)
        yield ReasonShown(str(reason.get("field", "")), str(reason.get("why", "")), int(start), int(end))


def _part(data: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    part = data.get(field)
    return part if isinstance(part, dict) else {}


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _yes_or_no(yes: bool) -> str:  # noqa: FBT001
    return "true" if yes else "false"
