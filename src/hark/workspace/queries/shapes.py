"""Clocks, moods and readings in words and shapes. Pure."""

from collections.abc import Sequence

from hark.conversations.queries.cases import ClockFace
from hark.conversations.queries.readings import ReadingShown, feeling
from hark.understanding.own import SHIPPED
from hark.understanding.types import OTHER
from hark.workspace.queries.reading_words import chances_in_words, changes_in_words
from hark.workspace.queries.words import clock_face, span_words
from hark.workspace.types import ClockShown, MoodShown, ReadingWords

CLOCK_NAMES = {
    "first_response": "First reply",
    "next_response": "Next reply",
    "resolution": "Resolution",
    "callback": "Call back",
}
MOOD_WORDS = {"calm": "Calm", "unhappy": "Unhappy", "angry": "Angry", "furious": "Furious"}
FEELINGS = {"calm": "Calm", "pleased": "Pleased", "unhappy": "Unhappy", "angry": "Angry"}
FLAG_WORDS = {
    "safety": "Safety", "legal": "Legal words", "press": "Press", "leave": "May leave", "outage": "Outage",
    "abuse": "Insults people",
}  # fmt: skip
KIND_WORDS = {
    "complaint": "Complaint", "buying": "Buying question", "question": "Question", "request": "Request",
    "praise": "Praise", "chatter": "Chatter",
}  # fmt: skip
UNSAID = frozenset(SHIPPED)
ABOUT_WORDS = {
    "irrelevant": "Not about us", "unsure": "Perhaps not about us", "competitor": "About a competitor"
}  # fmt: skip
WHYS_SHOWN = 3
ABOUT_TO_BREAK = 0.7  # as routing sees it


def clock_shown(face: ClockFace) -> ClockShown:
    """A clock as a phrase. Only a breach that still waits is breached; one answered late says so calmly."""
    kind, share = CLOCK_NAMES.get(face.kind, ""), round(face.spent * 100)
    if face.state == "running":
        state = "running" if face.seconds < 3600 else "calm"
        return ClockShown(state, clock_face(face.seconds), "left", share, kind, face.due_at)
    if face.state == "breached" and not face.stopped:
        return ClockShown("breached", "Breached", span_words(face.seconds), 100, kind, face.due_at)
    if face.state == "breached":
        return ClockShown("calm", "Late", f"by {span_words(face.seconds)}", 0, kind)
    if face.state == "met":
        return ClockShown("calm", "Met", f"in {span_words(face.seconds)}", 0, kind)
    return ClockShown("none")


def rank_words(face: ClockFace) -> str:
    """Why a line stands where it does, where that needs a word: its promise is broken, or about to."""
    if face.state == "breached" and not face.stopped:
        return "its promise is broken"
    if face.state == "running" and face.spent > ABOUT_TO_BREAK:
        return f"{round(face.spent * 100)} % of its time used"
    return ""


def lift_words(plan: str, face: ClockFace) -> str:
    """Why a line stands higher than its promise alone would have it: the plan for its writer's mood."""
    running = face.state == "running" and bool(plan)
    return f"raised: {MOOD_WORDS.get(plan, plan).lower()}" if running else ""


def mood_shown(level: str) -> MoodShown:
    """A contact's mood."""
    return MoodShown(level or "calm", MOOD_WORDS.get(level, "Calm"))


def reading_words(reading: ReadingShown, intents: Sequence[str] = ()) -> ReadingWords:
    """A reading as the line under a message: what was read, then why. `intents`: the brand's own."""
    return ReadingWords(
        mood=feeling_shown(feeling(reading)),
        words=tuple(_words(reading)),
        why=_why(reading),
        values={
            "sentiment": reading.sentiment,
            "urgency": reading.urgency,
            "complaint": "true" if reading.complaint else "false",
            "relevance": reading.relevance,
            "offensive": "true" if reading.offensive else "false",
            "emotion": reading.emotion,
            "intent": reading.intent,
        },
        corrected_by=reading.by,
        model=reading.model_version,
        chances=chances_in_words(reading),
        changes=changes_in_words(reading),
        flags=tuple((f"flags.{flag}", FLAG_WORDS[flag]) for flag in reading.flags),
        unset=tuple((f"flags.{flag}", word) for flag, word in FLAG_WORDS.items() if flag not in reading.flags),
        intents=_with_this(intents, reading.intent),
    )


def _with_this(intents: Sequence[str], intent: str) -> tuple[str, ...]:
    """The intents of the brand's own; one that it has no more stays while a message is said to have it."""
    gone = intent and intent not in UNSAID and intent not in {OTHER, *intents}
    return (*intents, intent) if gone else tuple(intents)


def feeling_shown(kind: str) -> MoodShown | None:
    """How the writer of one message feels; nothing where nobody can tell."""
    return MoodShown(kind, FEELINGS[kind]) if kind in FEELINGS else None


def kind_word(kind: str) -> str:
    """A kind as a chip; chatter, which asks for nothing, says nothing."""
    return "" if kind == "chatter" else KIND_WORDS.get(kind, "")


def intent_word(intent: str) -> str:
    """An intent of the brand's own; the shipped ones are no news beside the kind."""
    return "" if intent in UNSAID or intent == OTHER else intent


def _words(reading: ReadingShown) -> list[str]:
    words = [kind_word(reading.kind) or ("Complaint" if reading.complaint else ""), intent_word(reading.intent)]
    words += ["Wants no more messages" if reading.opts_out else ""]
    words += (
        [{"high": "Urgent", "critical": "Critical"}[reading.urgency]] if reading.urgency in {"high", "critical"} else []
    )
    words += [FLAG_WORDS[flag] for flag in reading.flags]
    words += ["Curses, at nobody" if curses_at_nobody(reading) else ""]
    words += [ABOUT_WORDS.get(reading.relevance, "")]
    return [word for word in words if word]


def curses_at_nobody(reading: ReadingShown) -> bool:
    """Foul words that insult no person: said beside, and never in place of, an insult."""
    return (reading.curses or reading.offensive) and "abuse" not in reading.flags


def _why(reading: ReadingShown) -> str:
    """The reasons that are no words of the text, then that some words of it are underlined."""
    whys = list(dict.fromkeys(reason.why for reason in reading.reasons if reason.why))[:WHYS_SHOWN]
    if any(reason.start >= 0 for reason in reading.reasons):
        whys.append("underlined words")
    return ", ".join(whys)


def evidence_spans(reading: ReadingShown | None, *fields: str) -> list[tuple[int, int]]:
    """Where the words stand on which a reading rests, in code points; of some fields only, when named."""
    if reading is None:
        return []
    told = (reason for reason in reading.reasons if not fields or reason.field in fields)
    return [(reason.start, reason.end) for reason in told if 0 <= reason.start < reason.end]
