"""A simulated account that behaves like one of a real venue: its length, window, rules and words for a refusal."""

from dataclasses import replace
from functools import cache

from hark.channels.base import Venue
from hark.channels.registry import BUILT_IN, venue
from hark.channels.types import Account, Caps

ITSELF = "none"
NOT_PLAYED = frozenset({"simulated", "webchat", "form", "api", "encounter"})  # ours: they can be tried as they are
LIKE = (ITSELF, *(key for key in BUILT_IN if key not in NOT_PLAYED))

SET_UP = {"email": {"smtp_host": "made-up"}}  # settings without which an account there could not answer at all


def model_of(account: Account) -> Venue | None:
    """The venue that this account plays; None: it is itself."""
    key = account.settings.get("like")
    return venue(key) if isinstance(key, str) and key in LIKE[1:] else None


@cache
def played(key: str, own: Caps) -> Caps:
    """What such an account can do: what the venue lets us do, as far as the simulated one (`own`) can play it."""
    theirs = venue(key).caps
    return replace(
        theirs,
        own_venue=False,
        webhook=own.webhook,
        poll=own.poll,
        echo=own.echo,
        media=own.media,
        edits_in=own.edits_in,
        deletes_in=own.deletes_in,
        listen_keywords=False,
        native_reply_url=own.native_reply_url,
        storage=own.storage,
        files_out=min(theirs.files_out, own.files_out),
    )


def names() -> dict[str, str]:
    """What the choice is called in the form."""
    return {ITSELF: "Itself", **{key: _name(key) for key in LIKE[1:]}}


def _name(key: str) -> str:
    """Of the key, since a form must not have to import every venue: `google-business` is Google business."""
    return SPECIAL.get(key, key.replace("-", " ").capitalize())


SPECIAL = {
    "email": "E-mail",
    "rss": "RSS",
    "sms-twilio": "Text messages (Twilio)",
    "sms-kannel": "Text messages (Kannel)",
    "whatsapp": "WhatsApp",
    "facebook": "Facebook and Messenger",
    "google-business": "Google Business reviews",
    "play": "Google Play reviews",
    "appstore": "App Store reviews",
    "youtube": "YouTube comments",
    "tripadvisor": "TripAdvisor",
    "wordpress": "WordPress",
}
