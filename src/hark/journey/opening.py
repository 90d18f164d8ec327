"""What opens a case, and the sentence that says why (docs/decisions/0004)."""

from collections.abc import Mapping
from typing import Any

from hark.channels.types import Account, Inbound
from hark.journey.passengers import NOTHING_OWN
from hark.journey.profiles import kind_in
from hark.organisation.models import Brand
from hark.organisation.types import OwnReading

NOBODYS = Account("")
COMPLAINT = 0.5  # the decision point of a calibrated head
CASELESS = frozenset({"backfilled", "automatic", "settled"})
FEWEST_STARS = 4  # of 5, from which a review can be praise
URGENT = ("high", "critical")
TO_US = {"mention": "Mentions us", "reply": "Reply to us", "owned_venue": "On our own page"}
ADDRESSED = {"reply": "written in reply to you", "owned_venue": "written on your own page"}


def reason_to_open(
    inbound: Inbound,
    reading: Mapping[str, Any],
    brand: Brand,
    own: OwnReading = NOTHING_OWN,
    account: Account = NOBODYS,
) -> str:
    """Why this message opens a case, in a few words; empty when it stays in the stream.

    `account` is the channel's: its own names count as the brand's.

    Private: always. In reply to us, on our own page: unless it is praise that asks for nothing. Mentions us: nor when
    it is not about us and our handle is not in it. Found by listening: only when it is about us and is a complaint,
    urgent, or a buying question for which the brand has a tag or a skill; not when it is about a competitor. Read back
    from before the channel was connected, written by no person, or settled on the spot: never; nor what is muted and
    said in public.
    """
    if not CASELESS.isdisjoint(inbound.policy):
        return ""
    if inbound.visibility == "private":
        return "Private message"
    if reading.get("muted"):
        return ""
    if inbound.targets_us in TO_US:
        elsewhere = inbound.targets_us not in ADDRESSED and _about_something_else(inbound, reading, brand, account)
        return "" if elsewhere or is_praise(inbound, reading) else _said_to_us(inbound)
    return _heard(reading, own) if inbound.targets_us == "keyword" else ""


def addressed(inbound: Inbound) -> str:
    """Why there is no question whether it is about us, in a few words; empty where the words must tell."""
    return addressed_by(inbound.visibility, inbound.targets_us)


def addressed_by(visibility: str | None, targets_us: str) -> str:
    """The same of a message that is stored already."""
    return "written to you in private" if visibility == "private" else ADDRESSED.get(targets_us, "")


def _said_to_us(inbound: Inbound) -> str:
    return f"Review, {inbound.rating} of 5" if inbound.rating is not None else TO_US[inbound.targets_us]


def _about_something_else(inbound: Inbound, reading: Mapping[str, Any], brand: Brand, account: Account) -> bool:
    text = (inbound.text or "").casefold()
    names = (name.casefold() for name in (*brand.handles, *account.handles) if name)
    marked = any(mention.external_id in account.self_ids for mention in inbound.mentions)
    return relevance_of(reading) == "irrelevant" and not marked and not any(name in text for name in names)


def is_praise(inbound: Inbound, reading: Mapping[str, Any]) -> bool:
    """Is it said in public, pleased, and asks for nothing? A review with few stars never is, whatever its words."""
    return kind_in(reading) == "praise" and (inbound.rating is None or inbound.rating >= FEWEST_STARS)


def _heard(reading: Mapping[str, Any], own: OwnReading) -> str:
    if relevance_of(reading) != "relevant":
        return ""
    if "complaint" not in reading.get("abstain", ()) and (reading.get("complaint") or {}).get("p", 0.0) >= COMPLAINT:
        return "About us, a complaint"
    if (own.buying_tag or own.buying_skill) and kind_in(reading) == "buying":
        return "About us, a buying question"
    level = (reading.get("urgency") or {}).get("level", "")
    return f"About us, {level} urgency" if level in URGENT else ""


def relevance_of(reading: Mapping[str, Any]) -> str:
    """Is it about the brand: relevant, irrelevant, unsure; empty where nobody has asked."""
    return str((reading.get("relevance") or {}).get("label", ""))
