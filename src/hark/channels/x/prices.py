"""What X charges per use, in US dollars (docs.x.com and the developer console, August 2026). Pure.

One object is charged once a day (UTC), so that what is read again costs less than is said here. Authors who come along
with posts are not counted: X does not say that it charges for them.
"""

from collections.abc import Iterable
from decimal import Decimal

import regex

from hark.channels.kit.counting import LINK
from hark.channels.types import Outbound

Cost = tuple[str, str]
CURRENCY = "USD"
READ = {"mention": Decimal("0.001"), "keyword": Decimal("0.005"), "direct": Decimal("0.010")}
POST, POST_WITH_LINK, SUMMONED = Decimal("0.015"), Decimal("0.200"), Decimal("0.010")
DIRECT = Decimal("0.015")
SCHEME = regex.compile(r"https?://\S", regex.IGNORECASE)


def of_reading(found: Iterable[str]) -> Cost | None:
    """The price of what was read, each named by how it was found."""
    total = sum((READ.get(one, Decimal(0)) for one in found), Decimal(0))
    return _shown(total) if total else None


def of_sending(outbound: Outbound, *, summoned: bool) -> Cost:
    """The price of a reply: to whom called us less, with or without a link; with a link much more elsewhere."""
    if outbound.visibility == "private":
        return _shown(DIRECT)
    if summoned:
        return _shown(SUMMONED)
    return _shown(POST_WITH_LINK if has_link(outbound.text) else POST)


def has_link(text: str) -> bool:
    """Would X make a link of something in it? A name such as shop.example counts only with an ending that is sure."""
    return bool(SCHEME.search(text)) or any(link.group("sure") for link in LINK.finditer(text))


def _shown(amount: Decimal) -> Cost:
    return f"{amount:.3f}", CURRENCY
