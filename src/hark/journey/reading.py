"""Between the journey and `understanding`: which passengers are read, in which context, in which shape it is stored."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from hark.conversations.profiles import finished, models_for, profile_of
from hark.conversations.queries.history import Key, Said, said_before
from hark.journey.authors import author_key
from hark.journey.failing import describe
from hark.journey.learning import InUseHere, Learnt, base_of, stamped
from hark.journey.opening import addressed
from hark.journey.passengers import Passenger
from hark.journey.rivals import as_rivals, rival_of
from hark.organisation.models import Brand
from hark.organisation.types import OwnReading
from hark.understanding.analyse import analyse
from hark.understanding.loading import FOLDER, Models, WeightsDamaged, linear_alone, load_models
from hark.understanding.trials import remembering
from hark.understanding.types import BrandProfile, Context, HistoryItem, Reading

HISTORY = 20
IN_USE = InUseHere()
Brands = Mapping[str, BrandProfile]
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ToRead:
    """What somebody said and all that it is read with. `why`: why there is no question that it is to us.

    `rival`: the competitor whom it is about instead.
    """

    text: str
    context: Context
    brand: Brand
    own: OwnReading
    why: str
    rival: str = ""


@dataclass(frozen=True, slots=True)
class _Teachers:
    """What brands add to the shipped models: what their corrections taught, and their own words and intents, by key.

    `hurried`: the encoder is left out.
    """

    learnt: Learnt
    own: Mapping[str, OwnReading]
    hurried: bool = False


def read_all(passengers: Sequence[Passenger], *, hurried: bool = False) -> list[Mapping[str, Any]]:
    """The readings of these passengers' words, in the shape in which they are stored, in the same order.

    One batch through the models, with what each brand's corrections taught until now. An author's earlier messages are
    the context: those stored, and those before it here. `hurried`: by the linear models alone.
    """
    keys = [author_key(one) for one in passengers]
    before = said_before({key for key in keys if key})
    contexts = _contexts(passengers, keys, before)
    return read_in_context(
        [
            ToRead(_said(one), context, one.channel.inbox.brand, one.own, addressed(one.inbound), _rival(one))
            for one, context in zip(passengers, contexts, strict=True)
        ],
        hurried=hurried,
    )


def read_in_context(asked: Sequence[ToRead], *, hurried: bool = False) -> list[Mapping[str, Any]]:
    """The readings of these texts as they are stored, in order; `hurried`: by the linear models alone."""
    teachers = _Teachers(IN_USE.now(), {one.brand.key: one.own for one in asked}, hurried)
    brands = {one.brand.key: profile_of(one.brand, one.own) for one in asked}
    readings = _analysed([one.text for one in asked], [one.context for one in asked], brands, teachers)
    told = [_as_addressed(reading, one.why) for reading, one in zip(readings, asked, strict=True)]
    whole = [finished(one.text, reading, one.own) for one, reading in zip(asked, told, strict=True)]
    return [as_rivals(reading, one.rival) for one, reading in zip(asked, whole, strict=True)]


def can_read() -> bool:
    """Are the models whole?"""
    return _models() is not None


def has_encoder() -> bool:
    """Is there more to read with than the linear models?"""
    models = _models()
    return models is not None and models.deep is not None


def _said(one: Passenger) -> str:
    """What the author himself wrote: the text before what it quotes."""
    return (one.inbound.text or "")[: one.inbound.quote_from]


def _rival(one: Passenger) -> str:
    return rival_of(_said(one), one.inbound.targets_us, one.channel.inbox.brand)


def _as_addressed(reading: Mapping[str, Any], why: str) -> Mapping[str, Any]:
    """What was said to us is about us, whether or not our name is in it."""
    if not (reading and why):
        return reading
    others = [reason for reason in reading["reasons"] if reason["field"] != "relevance"]
    reason = {"field": "relevance", "why": why, "span": None}
    return {**reading, "relevance": {"p": 0.99, "label": "relevant"}, "reasons": [reason, *others]}


def _contexts(
    passengers: Sequence[Passenger], keys: Sequence[Key | None], before: Mapping[Key, tuple[Said, ...]]
) -> list[Context]:
    said: dict[Key, list[HistoryItem]] = {key: [_item(one) for one in rows] for key, rows in before.items()}
    contexts = []
    for one, key in zip(passengers, keys, strict=True):
        context = Context(
            language_hint=one.inbound.lang,
            brand=one.channel.inbox.brand.key,
            sent_at=one.inbound.sent_at,
            addressed=bool(addressed(one.inbound)),
        )
        if key:
            history = said.setdefault(key, [])
            context = replace(context, author="|".join(key), history=tuple(history[-HISTORY:]))
            history.append(HistoryItem("contact", _said(one), one.inbound.sent_at))
        contexts.append(context)
    return contexts


def _item(said: Said) -> HistoryItem:
    return HistoryItem("agent" if said.ours else "contact", said.text, said.sent_at, said.score)


def _analysed(
    texts: Sequence[str], contexts: Sequence[Context], brands: Brands, teachers: _Teachers
) -> list[Mapping[str, Any]]:
    models = _models()
    if models is None or not texts:
        return [{} for _ in texts]
    if teachers.hurried:
        models = linear_alone(models)
    try:
        known = teachers.learnt.beside(base_of(models.version))
        taught = models_for(replace(models, brands=known.weights), teachers.own)
        readings = analyse(texts, contexts, taught, brands)
    except Exception as error:  # noqa: BLE001 - what the models stumble over must be seen by people all the same
        return _in_halves(texts, contexts, brands, teachers, error)
    return [
        _stored(one, known.numbers.get(context.brand or "")) for one, context in zip(readings, contexts, strict=True)
    ]


def _stored(reading: Reading, number: int | None) -> Mapping[str, Any]:
    """As it is stored; the version names the brand's own model behind a dot, where it has one."""
    version = reading.model_version if number is None else stamped(reading.model_version, number)
    told = {**reading.as_json(), "score": reading.score, "signals": list(reading.signals)}
    return {**told, "model_version": version}


def _in_halves(
    texts: Sequence[str], contexts: Sequence[Context], brands: Brands, teachers: _Teachers, error: Exception
) -> list[Mapping[str, Any]]:
    """Only what cannot be read goes on unread; its neighbours are read."""
    if len(texts) == 1:
        logger.error("a message goes on without a reading: %s", describe(error))
        return [{}]
    middle = len(texts) // 2
    halves = ((texts[:middle], contexts[:middle]), (texts[middle:], contexts[middle:]))
    return [reading for some, their in halves for reading in _analysed(some, their, brands, teachers)]


@cache
def _models() -> Models | None:
    """The models, read once a process. Where they are damaged messages go on unread: they are shown all the same."""
    try:
        return load_models(Path(settings.HARK_MODELS or FOLDER))
    except WeightsDamaged as error:
        logger.error("messages go on without a reading: %s", error.message)
        return None


@cache
def teaching_models() -> Models | None:
    """The same models for the jobs that learn: their encoder remembers what it has read."""
    models = _models()
    return remembering(models) if models else None
