"""Which venues there are: Hark's own, and those that installed packages bring (entry-point group `hark.channels`)."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points

from hark.channels.base import Venue
from hark.kernel.errors import HarkError

GROUP = "hark.channels"
BUILT_IN = {
    "webchat": "hark.channels.webchat:WebChat",
    "form": "hark.channels.form:ContactForm",
    "email": "hark.channels.email.venue:Email",
    "api": "hark.channels.api:ApiChannel",
    "encounter": "hark.channels.encounter:Encounters",
    "whatsapp": "hark.channels.whatsapp.venue:WhatsApp",
    "facebook": "hark.channels.facebook.venue:Facebook",
    "instagram": "hark.channels.instagram.venue:Instagram",
    "x": "hark.channels.x.venue:X",
    "telegram": "hark.channels.telegram:Telegram",
    "mastodon": "hark.channels.mastodon:Mastodon",
    "bluesky": "hark.channels.bluesky:Bluesky",
    "matrix": "hark.channels.matrix:Matrix",
    "sms-twilio": "hark.channels.sms_twilio.venue:Twilio",
    "sms-kannel": "hark.channels.sms_kannel.venue:Kannel",
    "google-business": "hark.channels.google_business:GoogleBusiness",
    "play": "hark.channels.play:Play",
    "appstore": "hark.channels.appstore:AppStore",
    "yelp": "hark.channels.yelp:Yelp",
    "tripadvisor": "hark.channels.tripadvisor:TripAdvisor",
    "youtube": "hark.channels.youtube:YouTube",
    "reddit": "hark.channels.reddit:Reddit",
    "discourse": "hark.channels.discourse:Discourse",
    "wordpress": "hark.channels.wordpress.venue:WordPress",
    "tumblr": "hark.channels.tumblr:Tumblr",
    "rss": "hark.channels.rss.venue:Rss",
    "simulated": "hark.channels.simulated:Simulated",
}
log = logging.getLogger(__name__)
_for_tests: dict[str, Venue] = {}


class UnknownVenue(HarkError):
    """There is no venue of this name."""


def venue(key: str) -> Venue:
    """The venue called `key`; raises UnknownVenue, naming those there are."""
    if key in _for_tests:
        return _for_tests[key]
    if key in BUILT_IN:
        return _built_in(key)
    if key in _installed():
        return _installed()[key]
    raise UnknownVenue(f"{key!r}; known: {', '.join(sorted(venues()))}")


def venues() -> dict[str, Venue]:
    """All venues by key."""
    return {**_installed(), **{key: _built_in(key) for key in BUILT_IN}, **_for_tests}


@contextmanager
def register_for_tests(*extra: Venue) -> Iterator[None]:
    """These venues exist (before any of the same key) while the block runs."""
    before = dict(_for_tests)
    _for_tests.update({each.key: each for each in extra})
    try:
        yield
    finally:
        _for_tests.clear()
        _for_tests.update(before)


@cache
def _installed() -> dict[str, Venue]:
    """The venues of installed packages; one that cannot be loaded is named in the log and left out."""
    found: dict[str, Venue] = {}
    for point in entry_points(group=GROUP):
        try:
            one: Venue = point.load()()
        except (ImportError, AttributeError, TypeError) as error:
            log.error("The venue %r could not be loaded: %s", point.name, error)
            continue
        found[one.key] = one
    return found


@cache
def _built_in(key: str) -> Venue:
    module, _, name = BUILT_IN[key].partition(":")
    made: Venue = getattr(import_module(module), name)()
    return made
