"""Which corrections of an installation the global heads take in at the next training."""

from collections.abc import Sequence

from hark.understanding.files import Correction
from hark.understanding.train.sources import Labelled
from hark.understanding.types import EMOTIONS, FEELINGS


def taken_in(corrections: Sequence[Correction]) -> tuple[dict[str, Labelled], int]:
    """Corrections by head (sentiment, offensive, emotion, complaint, asks), and how many teach none."""
    extra: dict[str, Labelled] = {}
    left = 0
    for correction in corrections:
        found = _target(correction)
        if found is None:
            left += correction.field != "relevance"
            continue
        head, label = found
        kept = extra.setdefault(head, Labelled([], []))
        kept.texts.append(correction.text)
        kept.labels.append(label)
    return extra, left


def _target(correction: Correction) -> tuple[str, int] | None:
    """The head and the label that a correction teaches."""
    if correction.field == "sentiment":
        return "sentiment", FEELINGS.index(correction.value)
    if correction.field in ("offensive", "complaint"):
        return correction.field, int(bool(correction.value))
    if correction.field == "emotion" and correction.value in EMOTIONS:
        return "emotion", EMOTIONS.index(correction.value)
    if correction.field == "urgency":
        return "asks", int(correction.value != "low")
    return None
