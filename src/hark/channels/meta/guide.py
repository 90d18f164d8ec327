"""What a guide says at WhatsApp, Facebook and Instagram alike: all three are connected by an app at Meta."""

from hark.channels.types import Guide

APPS = "https://developers.facebook.com/apps/"


def meta_guide(steps: tuple[str, ...], scopes: tuple[str, ...], fields: tuple[str, ...]) -> Guide:
    """What to do at Meta: `scopes` are what the token may do, `fields` what Meta shall tell of."""
    values = (("Permissions", "\n".join(scopes)), ("Webhook fields", "\n".join(fields)))
    return Guide("What to do at Meta", steps, values, APPS)


def webhook_step(place: str) -> str:
    """How Meta learns where to call; `place` is the page in its App Dashboard."""
    return (
        f"Then, on the channel's own page, copy the Callback URL. In the App Dashboard, {place}, type it and the "
        f"verify token, verify, and subscribe to the fields below."
    )


__all__ = ["APPS", "meta_guide", "webhook_step"]
