"""What was found because a competitor is named, and names nothing of ours, is read as such: never counted as ours."""

from collections.abc import Mapping
from typing import Any

from hark.organisation.listening import rival_in
from hark.organisation.models import Brand

ABOUT = "competitor"  # the value of relevance, beside relevant, irrelevant and unsure
NO_KIND = {"label": "", "why": ""}


def rival_of(text: str, targets_us: str, brand: Brand) -> str:
    """The competitor whom this find is about; empty for what was said to us, and for what names us too."""
    return rival_in(text, brand) if targets_us == "keyword" else ""


def as_rivals(reading: Mapping[str, Any], rival: str) -> Mapping[str, Any]:
    """The reading of a find about a competitor: neither about us nor noise, of no kind, no part of a mood with us."""
    if not (reading and rival):
        return reading
    others = [reason for reason in reading.get("reasons") or () if reason["field"] not in {"relevance", "kind"}]
    reason = {"field": "relevance", "why": f"names the competitor {rival}, and nothing of yours", "span": None}
    relevance = {**(reading.get("relevance") or {"p": 0.0}), "label": ABOUT}
    return {**reading, "relevance": relevance, "kind": NO_KIND, "score": None, "reasons": [reason, *others]}
