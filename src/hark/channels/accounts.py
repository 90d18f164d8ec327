"""From a connected channel's row to what its venue's code may know of it."""

from dataclasses import replace

from hark.channels.base import Venue
from hark.channels.errors import AuthLost, Retry
from hark.channels.kit.oauth import ACCESS, GrantEnded, renewed
from hark.channels.registry import UnknownVenue, venue
from hark.channels.types import Account, Caps, Grant, OAuth
from hark.kernel.time import now
from hark.organisation.actions.channel_sign_in import (
    NotSignedIn,
    RenewedElsewhere,
    SignInEnded,
    keep_sign_in,
    live_access,
)
from hark.organisation.actions.channels import opened, pause_sending
from hark.organisation.listening import listened_for, listens_now
from hark.organisation.models import Channel


def account_of(channel: Channel) -> Account:
    """The account of a channel, with its secrets opened (they never show in its repr)."""
    settings = channel.settings
    return Account(
        key=channel.key,
        external_id=channel.external_id,
        settings=settings,
        secrets=opened(channel),
        self_ids=frozenset({channel.external_id, *settings.get("self_ids", ())}),
        handles=frozenset(settings.get("handles", ())),
        base_url=str(settings.get("base_url", "")),
        terms=terms_now(channel),
    )


def terms_now(channel: Channel) -> tuple[str, ...]:
    """The words that a channel listens for: its brand's, where its venue can search and its ceiling is not reached."""
    if not can_listen(channel.venue) or not listens_now(channel, now()):
        return ()
    return listened_for(channel.inbox.brand)


def can_listen(venue_key: str) -> bool:
    """Can this venue be searched for words? One that is gone cannot."""
    try:
        return venue(venue_key).caps.listen_keywords
    except UnknownVenue:
        return False


def charges_for_reading(venue_key: str) -> bool:
    """Does this venue charge for what is read?"""
    try:
        return type(venue(venue_key)).read_cost is not Venue.read_cost
    except UnknownVenue:
        return False


def account_at_work(channel: Channel) -> Account:
    """The account for a call of its venue: where somebody signs in for it, or its secrets open a session, with an
    access token that lives.

    Renews that where it ends soon, which calls the provider: no transaction may be open. When the sign-in is over, or
    the provider no longer takes the client, sending stops at once. Raises AuthLost or Retry, each with a sentence.
    """
    account = account_of(channel)
    kind = venue(channel.venue)
    oauth = kind.oauth(account)
    if oauth is None:
        return _in_session(channel, kind, account)
    try:
        access = live_access(channel=channel, of=oauth.of, renew=lambda refresh: _renewed(oauth, refresh))
    except NotSignedIn:
        raise AuthLost(
            f"Nobody has signed in with {oauth.provider} yet. Press “Sign in with {oauth.provider}”."
        ) from None
    except RenewedElsewhere as error:
        raise Retry(2.0, "The sign-in is being renewed.") from error
    except (SignInEnded, AuthLost) as error:
        pause_sending(channel_id=channel.pk, reason=error.detail.rstrip("."))
        raise AuthLost(error.detail) from None
    return replace(account, secrets={**account.secrets, ACCESS: access})


def _in_session(channel: Channel, kind: Venue, account: Account) -> Account:
    """The account with the access token of its session: that which is kept, prolonged, or a new one."""
    of = kind.session(account)
    if not of:
        return account
    try:
        access = live_access(channel=channel, of=of, renew=lambda refresh: _prolonged(kind, account, refresh))
    except RenewedElsewhere as error:
        raise Retry(2.0, "The session is being prolonged.") from error
    except (NotSignedIn, SignInEnded):
        try:
            grant = kind.open_session(account, "")
        except AuthLost as error:
            pause_sending(channel_id=channel.pk, reason=error.detail.rstrip("."))
            raise
        keep_sign_in(channel_id=channel.pk, of=of, grant=grant, actor="system")
        access = grant.access
    return replace(account, secrets={**account.secrets, ACCESS: access})


def _prolonged(kind: Venue, account: Account, refresh: str) -> Grant:
    try:
        return kind.open_session(account, refresh)
    except GrantEnded as error:
        raise SignInEnded(error.detail) from None


def _renewed(oauth: OAuth, refresh: str) -> Grant:
    try:
        return renewed(oauth, refresh)
    except GrantEnded as error:
        raise SignInEnded(error.detail) from None


def caps_of(channel: Channel) -> Caps:
    """What this channel can do: its venue's abilities, narrowed by its own settings. Raises UnknownVenue."""
    return venue(channel.venue).caps_for(account_of(channel))
