"""Spam: what is held when it comes, and why; and what a brand's marks teach.

Held is what an agent has called spam of the same author, and what the brand's model is sure of. Nothing is held of a
person with a case that is none, or who was answered before; nor what is urgent. It stands in the stream under Spam.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from hark.conversations.actions.learning import LEARN_ANEW, keep_learnt
from hark.conversations.actions.spam import MARKED
from hark.conversations.models import SpamModel
from hark.conversations.queries.spam import (
    answered_texts,
    authors_by_hand,
    known_contacts,
    spam_models_in_use,
    spam_text,
    spam_votes,
)
from hark.conversations.types import Held
from hark.journey.muting import presses
from hark.journey.opening import CASELESS, URGENT, reason_to_open
from hark.journey.passengers import Passenger, is_said
from hark.journey.teaching import GATHERING
from hark.kernel.tasks import defer
from hark.kernel.time import database_now
from hark.kernel.types import JournalEvent
from hark.organisation.models import Brand, Inbox
from hark.understanding.spam import (
    HOLDS_FROM,
    SpamExample,
    SpamWeights,
    packed_spam,
    try_spam,
    unpacked_spam,
)
from hark.understanding.votes import counted

LEARN_SPAM = "journey.learn_spam"
BASE = "words 1"  # what a text's features are: what was learnt over others says nothing here
Models = Mapping[int, tuple[int, SpamWeights]]  # brand → number, weights
logger = logging.getLogger(__name__)
_read: dict[int, SpamWeights] = {}  # by row: what this process has read; rows never change


def with_spam(passengers: Sequence[Passenger]) -> list[Passenger]:
    """The passengers; what is spam says so. Two queries, one more where something is, none where nobody wrote."""
    asked = [one for one in passengers if _may_be(one)]
    if not asked:
        return list(passengers)
    models, authors = _in_use(), authors_by_hand({one.author.identity_id for one in asked if one.author})
    found = {id(one): held for one in asked if (held := _held(one, models, authors))}
    if not found:
        return list(passengers)
    known = known_contacts({one.author.contact_id for one in asked if one.author and id(one) in found})
    return [
        replace(one, held=found[id(one)])
        if id(one) in found and one.author and one.author.contact_id not in known
        else one
        for one in passengers
    ]


def _may_be(one: Passenger) -> bool:
    if one.author is None or not is_said(one) or not CASELESS.isdisjoint(one.inbound.policy):
        return False
    reading = one.reading or {}
    return not presses(reading) and (reading.get("urgency") or {}).get("level") not in URGENT


def _held(one: Passenger, models: Models, authors: Mapping[tuple[int, int], tuple[bool, str]]) -> Held | None:
    brand = one.channel.inbox.brand
    opens = reason_to_open(one.inbound, one.reading or {}, brand, one.own, one.account)
    said = authors.get((one.author.identity_id, brand.pk)) if one.author else None
    if said is not None:
        spam, name = said
        return Held(f"{name} called it spam what this author wrote before", None, opens) if spam else None
    if brand.pk not in models:
        return None
    number, weights = models[brand.pk]
    text = spam_text(one.inbound.subject, (one.inbound.text or "")[: one.inbound.quote_from])
    p = weights.p(text)
    if p < HOLDS_FROM:
        return None
    words = weights.why(text)
    return Held(f"like what agents called spam{f': {words}' if words else ''} (model {number})", round(p, 4), opens)


def _in_use() -> Models:
    rows = spam_models_in_use()
    new = {number for number, _, _ in rows} - _read.keys()
    for row in SpamModel.objects.filter(pk__in=new, base=BASE) if new else ():
        _read[row.pk] = unpacked_spam(row.weights or {"examples": 0, "bias": 0.0, "words": {}})
    for gone in _read.keys() - {number for number, _, _ in rows}:
        _read.pop(gone, None)
    return {brand: (number, _read[row]) for row, brand, number in rows if row in _read}


def have_spam_learnt(event: JournalEvent) -> None:
    """Somebody has said what is spam or is none, or asks for it: the brand's model is learnt anew shortly."""
    if event.kind == LEARN_ANEW:
        _ask(event.subject, anew=True)
    elif event.inbox_id and (event.kind == MARKED or "spam" in event.data):
        key = Inbox.objects.filter(pk=event.inbox_id).values_list("brand__key", flat=True).first()
        if key:
            _ask(key, anew=False)


def _ask(key: str, *, anew: bool) -> None:
    once = f"{LEARN_SPAM}:{key}:{anew}"
    defer(
        LEARN_SPAM,
        once=once,
        in_order=f"{LEARN_SPAM}:{key}",
        not_before=database_now() + GATHERING,
        brand=key,
        anew=anew,
    )


def learn_spam_of(key: str, *, anew: bool = False) -> SpamModel | None:
    """Learn a brand's model of spam from its marks, and use it if it is no worse and holds next to nothing wrongly.

    None: nothing to do, or too few marks. Doing it twice changes nothing; one that somebody went back to stays.
    """
    brand = Brand.objects.filter(key=key).first()
    if brand is None:
        return None
    votes, newest = spam_votes(brand)
    rows = SpamModel.objects.filter(brand=brand)
    before, last = rows.filter(active=True).first(), rows.order_by("-number").first()
    known = last is not None and last.newest_correction == newest and last.base == BASE
    held = before is not None and before.held_by_id is not None and before.base == BASE
    if not votes or held or (known and not anew):
        return None
    taught = counted(brand.key, votes)
    answered = [SpamExample(brand.key, text, relevant=False) for text in answered_texts(brand)]
    old = unpacked_spam(before.probe) if before and before.probe and before.base == BASE else None
    trial = try_spam([*answered, *taught.examples], old)
    if trial.weights is None:
        return None
    if trial.worse:
        logger.warning("a model of spam of %s is kept back: worse on the newest, or it holds what is none", brand.key)
    return keep_learnt(
        SpamModel,
        brand=brand,
        at=database_now(),
        take=not trial.worse,
        base=BASE,
        weights=packed_spam(trial.weights),
        probe=packed_spam(trial.probe) if trial.probe else None,
        newest_correction=newest,
        examples=len(taught.examples) + len(answered),
        relevant=sum(one.relevant for one in taught.examples),
        cancelled=taught.cancelled,
        agents=taught.agents,
        tested=trial.tested,
        right=trial.right,
        right_before=trial.right_before,
        held=trial.held,
        others=trial.others,
    )
