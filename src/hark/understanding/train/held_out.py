"""The whole reading, rules and heads together, measured on written messages of sectors that nothing was made with."""

from pathlib import Path
from typing import Any

import numpy as np

from hark.understanding.analyse import analyse
from hark.understanding.loading import Models, load_models
from hark.understanding.train import figures
from hark.understanding.train.sources import own_messages
from hark.understanding.types import FEELINGS, FLAGS, LEVELS, Context, Reading


def held_out_figures(folder: Path, *, linear: bool = False) -> dict[str, Any]:
    """Urgency, complaint and flags on the held-out sectors, by the models in `folder`."""
    return figures_on(own_messages("held_out"), load_models(folder, linear=linear))


def figures_on(messages: list[dict[str, Any]], models: Models) -> dict[str, Any]:
    """The same figures on any list of written messages."""
    readings = analyse([message["text"] for message in messages], [Context()] * len(messages), models, {})
    return (
        {"texts": len(messages)}
        | _urgency(messages, readings)
        | _complaint(messages, readings)
        | _flags(messages, readings)
    )


def _urgency(messages: list[dict[str, Any]], readings: list[Reading]) -> dict[str, Any]:
    given = np.array([LEVELS.index(message["urgency"]) for message in messages])
    said = np.array([LEVELS.index(reading.urgency.level) for reading in readings])
    return {
        "urgency_kappa": figures.weighted_kappa(given, said, len(LEVELS)),
        "urgency_macro_f1": figures.macro_f1(given, said),
        "high_or_critical_found": _share(said[given >= 2] >= 2),
        "high_or_critical_right": _share(given[said >= 2] >= 2),
        "critical_found": _share(said[given == 3] == 3),
        "critical_right": _share(given[said == 3] == 3),
        "critical_called_low": _share(said[given == 3] == 0),
        "low_called_high": _share(said[given == 0] >= 2),
    }


def _complaint(messages: list[dict[str, Any]], readings: list[Reading]) -> dict[str, Any]:
    given = [int(message["complaint"]) for message in messages]
    p = np.array([reading.complaint for reading in readings])
    feelings = [FEELINGS.index(message["mood"]) for message in messages]
    said = [FEELINGS.index(reading.sentiment.label) for reading in readings]
    return {"sentiment_macro_recall": figures.macro_recall(feelings, said)} | {
        "complaint_macro_f1": figures.macro_f1(given, p >= 0.5),
        "complaint_auc": figures.auc(given, p),
    }


def _flags(messages: list[dict[str, Any]], readings: list[Reading]) -> dict[str, Any]:
    """Precision and recall over all flags together, and of safety by itself."""
    given = np.array([[flag in message["flags"] for flag in FLAGS] for message in messages])
    said = np.array([[getattr(reading.flags, flag) for flag in FLAGS] for reading in readings])
    return {
        "flags_found": _share(said[given]),
        "flags_right": _share(given[said]),
        "flags_macro_f1": figures.mean([_f1(given[:, place], said[:, place]) for place in range(len(FLAGS))]),
        "safety_found": _share(said[:, 0][given[:, 0]]),
        "safety_right": _share(given[:, 0][said[:, 0]]),
    }


def _f1(given: "np.ndarray[Any, np.dtype[np.bool_]]", said: "np.ndarray[Any, np.dtype[np.bool_]]") -> float:
    """Of a flag: the messages that have it are one class, the others are not counted."""
    return float(2.0 * (given & said).sum() / max(given.sum() + said.sum(), 1))


def _share(values: "np.ndarray[Any, np.dtype[np.bool_]]") -> float | None:
    """Share of true values; None of nothing."""
    return figures.mean(values.tolist()) if len(values) else None
