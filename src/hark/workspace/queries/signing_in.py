"""A channel's sign-in by OAuth as its page shows it."""

from dataclasses import dataclass
from typing import Literal

from hark.channels.accounts import account_of
from hark.channels.registry import venue
from hark.kernel.errors import HarkError
from hark.organisation.models import Channel, ChannelSignIn

RETURN_PATH = "/settings/channels/sign-in/"


@dataclass(frozen=True, slots=True)
class SignInShown:
    """How the sign-in at `provider` is; `words` are sentences."""

    provider: str
    state: Literal["missing", "ended", "well"]
    words: str
    row: ChannelSignIn | None = None


def sign_in_of(channel: Channel) -> SignInShown | None:
    """None where the channel needs no such sign-in. One query."""
    try:
        oauth = venue(channel.venue).oauth(account_of(channel))
    except HarkError:
        return None
    if oauth is None:
        return None
    row = ChannelSignIn.objects.filter(channel=channel).first()
    if row is None:
        return SignInShown(oauth.provider, "missing", f"Nobody has signed in with {oauth.provider} yet.")
    if row.of != oauth.of:
        return SignInShown(oauth.provider, "missing", "The client was changed: somebody has to sign in again.")
    if row.ended_at:
        return SignInShown(oauth.provider, "ended", row.ended_why, row)
    return SignInShown(oauth.provider, "well", "Hark renews its access by itself.", row)
