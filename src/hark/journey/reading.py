"""Between the journey and `understanding`: which passengers are read, in which context, in which shape it is stored."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from hark.conversations.profiles import finished, models_for, profile_of
from hark.conversations.queries.history import Key, Said, said_before
from hark.journey.authors import author_key
from hark.journey.failing import describe
from hark.journey.opening import addressed
from hark.journey.passengers import Passenger
from hark.organisation.types import OwnReading
from hark.understanding.analyse import analyse
from hark.understanding.loading import Models, WeightsDamaged, load_models
from hark.understanding.types import BrandProfile, Context, HistoryItem

HISTORY = 20
Brands = Mapping[str, BrandProfile]
Own = Mapping[str, OwnReading]
logger = logging.getLogger(__name__)


def read_all(passengers: Sequence[Passenger]) -> list[Mapping[str, Any]]:
    """The readings of these passengers' words, in the shape in which they are stored, in the same order.

    One batch through the models. An author's earlier messages are the context: those stored, and those before it here.
    """
    keys = [author_key(one) for one in passengers]
    before = said_before({key for key in keys if key})
    contexts = _contexts(passengers, keys, before)
    texts = [_said(one) for one in passengers]
    own = {one.channel.inbox.brand.key: one.own for one in passengers}
    brands = {one.channel.inbox.brand.key: profile_of(one.channel.inbox.brand, one.own) for one in passengers}
    readings = _analysed(texts, contexts, brands, own)
    told = [_as_addressed(reading, one) for reading, one in zip(readings, passengers, strict=True)]
    return [finished(text, reading, one.own) for text, reading, one in zip(texts, told, passengers, strict=True)]


def _said(one: Passenger) -> str:
    """What the author himself wrote: the text before what it quotes."""
    return (one.inbound.text or "")[: one.inbound.quote_from]


def _as_addressed(reading: Mapping[str, Any], one: Passenger) -> Mapping[str, Any]:
    """What was said to us is about us, whether or not our name is in it."""
    why = addressed(one.inbound)
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


def _analysed(texts: Sequence[str], contexts: Sequence[Context], brands: Brands, own: Own) -> list[Mapping[str, Any]]:
    models = _models()
    if models is None or not texts:
        return [{} for _ in texts]
    try:
        readings = analyse(texts, contexts, models_for(models, own), brands)
    except Exception as error:  # noqa: BLE001 - what the models stumble over must be seen by people all the same
        return _in_halves(texts, contexts, brands, own, error)
    return [{**one.as_json(), "score": one.score, "signals": list(one.signals)} for one in readings]


def _in_halves(
    texts: Sequence[str], contexts: Sequence[Context], brands: Brands, own: Own, error: Exception
) -> list[Mapping[str, Any]]:
    """Only what cannot be read goes on unread; its neighbours are read."""
    if len(texts) == 1:
        logger.error("a message goes on without a reading: %s", describe(error))
        return [{}]
    middle = len(texts) // 2
    halves = ((texts[:middle], contexts[:middle]), (texts[middle:], contexts[middle:]))
    return [reading for some, their in halves for reading in _analysed(some, their, brands, own)]


@cache
def _models() -> Models | None:
    """The models, read once a process. Where they are damaged messages go on unread: they are shown all the same."""
    try:
        return load_models()
    except WeightsDamaged as error:
        logger.error("messages go on without a reading: %s", error.message)
        return None
