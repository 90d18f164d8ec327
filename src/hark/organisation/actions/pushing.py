"""Browsers that let themselves be told: added by their person, told in turn, ended when they are gone."""

import hashlib
from datetime import datetime, timedelta

from django.db import transaction

from hark.kernel import ids, secrets, webpush
from hark.kernel.errors import HarkError, NotFound
from hark.kernel.time import database_now
from hark.kernel.webpush import Subscription
from hark.organisation.models import Agent, Organisation, PushSubscription

PUSH_KEY_PLACE = "organisation_organisation|sealed_push_key|1"
MOST_BROWSERS = 10
LEASE = timedelta(seconds=60)  # no push takes longer; whoever dies over one has only put it off
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 30.0, 3600.0
FAILURES = 30  # a bit more than a day


class TooManyBrowsers(HarkError):
    """Ten browsers are told already. End one of them first."""


def push_key() -> bytes:
    """The private key by which push services know this installation: made at its first use, sealed ever after.

    Of two first uses at the same moment both get the same key. Raises NotFound before the first run.
    """
    row = Organisation.objects.first()
    if row is None:
        raise NotFound
    if not row.sealed_push_key:
        made = secrets.seal(webpush.new_identity(), aad=PUSH_KEY_PLACE)
        Organisation.objects.filter(pk=row.pk, sealed_push_key=b"").update(sealed_push_key=made)
        row.refresh_from_db(fields=["sealed_push_key"])
    return secrets.open_sealed(bytes(row.sealed_push_key), aad=PUSH_KEY_PLACE)


@transaction.atomic
def subscribe(*, agent: Agent, to: Subscription, session_key: str, device: str, told_id: int) -> PushSubscription:
    """Tell this browser from now on, what comes after the notice `told_id`; whose it was before is told no more.

    One row an address. Raises NoSubscription, TooManyBrowsers.
    """
    webpush.checked(to)
    at, name = database_now(), _hash(to.endpoint)
    others = PushSubscription.objects.filter(agent=agent).exclude(endpoint_hash=name)
    if others.count() >= MOST_BROWSERS:
        raise TooManyBrowsers
    values = {
        "key": ids.public_key("push"), "endpoint": to.endpoint, "p256dh": to.p256dh, "auth": to.auth, "agent": agent,
        "session_key": session_key, "device": device, "since_at": at, "told_id": told_id, "not_before": at,
        "failures": 0,
    }  # fmt: skip
    return PushSubscription.objects.update_or_create(endpoint_hash=name, defaults=values)[0]


def carry_on(*, agent: Agent, endpoint: str, session_key: str) -> bool:
    """The same person has come back in this browser: it goes on, under the new session. False: it is not told."""
    theirs = PushSubscription.objects.filter(agent=agent, endpoint_hash=_hash(endpoint))
    return bool(theirs.update(session_key=session_key))


def unsubscribe(*, agent: Agent, key: str = "", endpoint: str = "") -> None:
    """Tell one of this person's browsers no more, by the key of its line or by its address. Raises NotFound."""
    theirs = PushSubscription.objects.filter(agent=agent)
    found = theirs.filter(key=key) if key else theirs.filter(endpoint_hash=_hash(endpoint))
    if not found.delete()[0]:
        raise NotFound


def claim_subscription(*, row: PushSubscription, at: datetime) -> bool:
    """Take it in hand for a minute; False when somebody else was quicker. Compare-and-set."""
    mine = PushSubscription.objects.filter(pk=row.pk, not_before=row.not_before, agent__is_active=True)
    return bool(mine.update(not_before=at + LEASE))


def subscription_told(*, row: PushSubscription, told_id: int, at: datetime) -> None:
    """Its service has everything up to this notice."""
    PushSubscription.objects.filter(pk=row.pk).update(told_id=told_id, not_before=at, failures=0)


def subscription_failed(*, row: PushSubscription, at: datetime, after_seconds: float = 0.0) -> None:
    """Its service takes nothing just now: wait longer each time, at least as long as it asked; after a day it ends."""
    if row.failures + 1 >= FAILURES:
        end_subscription(row=row)
        return
    doubled = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0**row.failures) * (0.75 + ids.random_fraction() / 2)
    wait = timedelta(seconds=max(doubled, after_seconds))
    PushSubscription.objects.filter(pk=row.pk).update(not_before=at + wait, failures=row.failures + 1)


def end_subscription(*, row: PushSubscription) -> None:
    """The browser is gone. One that has just been asked for anew stays."""
    PushSubscription.objects.filter(pk=row.pk, key=row.key).delete()


def _hash(endpoint: str) -> bytes:
    return hashlib.sha256(endpoint.encode()).digest()
