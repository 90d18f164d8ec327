"""The sites whose pages may show one of ours in a frame."""

import re

from hark.channels.types import Account

# An origin and nothing else: what is written into a Content-Security-Policy must not be able to end it.
SITES_HELP = "Such as https://shop.example. Empty: only by its own address."
ORIGIN = re.compile(r"https?://(?:[a-z0-9-]+\.)*[a-z0-9-]+(?::\d{1,5})?\Z", re.IGNORECASE)


def sites_of(account: Account) -> tuple[str, ...]:
    """The origins named in the channel's settings; what is no origin is left out."""
    return tuple(site for site in _named(account) if ORIGIN.match(site))


def bad_sites(account: Account) -> tuple[str, ...]:
    """What stands in the settings and is no origin."""
    return tuple(site for site in _named(account) if not ORIGIN.match(site))


def site_objections(account: Account) -> dict[str, str]:
    """What is wrong with the field `sites`, in a sentence for its form."""
    bad = bad_sites(account)
    return {"sites": f"{bad[0]!r} is not written like https://shop.example, without anything behind it."} if bad else {}


def frame_ancestors(account: Account) -> str:
    """The value of `frame-ancestors` for this channel's pages."""
    return " ".join(("'self'", *sites_of(account)))


def _named(account: Account) -> tuple[str, ...]:
    listed = account.settings.get("sites", ())
    return tuple(str(site).rstrip("/") for site in listed) if isinstance(listed, list | tuple) else ()
