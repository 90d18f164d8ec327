"""Keys of the API: made for a person, shown once, ended on a day or before."""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from hark.kernel.errors import HarkError, NotAllowed, NotFound
from hark.kernel.ids import new_token, public_key
from hark.kernel.time import database_now
from hark.organisation.actions.audit import audit
from hark.organisation.models import Agent, ApiKey, Inbox, OwnRole
from hark.organisation.queries import inboxes_visible_to
from hark.organisation.types import Right, known_rights

MOST_A_PERSON = 10
LONGEST = timedelta(days=367)  # a year from today, to its end in any time zone
NOTED_EVERY = timedelta(minutes=1)
PREFIX_LENGTH = len("hk_") + 8


class TooManyKeys(HarkError):
    """You have ten keys that are valid. Revoke one that nothing uses any more."""


def make_api_key(
    *, agent: Agent, name: str, rights: Iterable[Right], ends_at: datetime, inbox: Inbox | None = None
) -> tuple[ApiKey, str]:
    """Make a key that acts for `agent` until `ends_at`; returns it with its secret, which is kept nowhere.

    One transaction. Raises NotAllowed (rights that the person does not hold, a day too far), NotFound (an inbox that he
    does not see), TooManyKeys.
    """
    asked, at = frozenset(rights), database_now()
    if not asked <= agent.rights or not at < ends_at <= at + LONGEST:
        raise NotAllowed
    if inbox and not inboxes_visible_to(agent).filter(pk=inbox.pk).exists():
        raise NotFound
    key, secret = public_key("key"), new_token()
    with transaction.atomic():
        Agent.objects.select_for_update(of=("self",), no_key=True).get(pk=agent.pk)
        if ApiKey.objects.filter(agent=agent, revoked_at=None, ends_at__gt=at).count() >= MOST_A_PERSON:
            raise TooManyKeys
        row = ApiKey.objects.create(
            key=key, prefix=public_key("hk")[:PREFIX_LENGTH], secret_hash=_hash(secret), name=name, agent=agent,
            rights=sorted(asked), inbox=inbox, made_at=at, ends_at=ends_at,
        )  # fmt: skip
        scope = {"inbox": inbox.key} if inbox else {}
        audit("key.added", key, rights=row.rights, ends=f"{ends_at:%Y-%m-%d}", **scope)
    return row, f"{row.prefix}_{secret}"


@transaction.atomic
def revoke_api_key(*, key: str) -> None:
    """End a key at once; doing it twice changes nothing. Raises NotFound."""
    row = ApiKey.objects.select_for_update().filter(key=key).first()
    if row is None:
        raise NotFound
    if row.revoked_at is None:
        ApiKey.objects.filter(pk=row.pk).update(revoked_at=database_now())
        audit("key.revoked", key)


def use_api_key(*, token: str, address: str) -> ApiKey:
    """The key whose secret this is, with its person narrowed to the rights of both; its use is noted.

    Raises NotFound for a key that is unknown, revoked or over, and for one whose person is deactivated.
    """
    prefix, secret, at = token[:PREFIX_LENGTH], token[PREFIX_LENGTH + 1 :], database_now()
    row = ApiKey.objects.select_related("agent__own_role", "inbox").filter(prefix=prefix).first()
    right = hmac.compare_digest(bytes(row.secret_hash) if row else b"", _hash(secret))
    if row is None or not right or row.revoked_at or row.ends_at <= at or not row.agent.is_active:
        raise NotFound
    if row.used_at is None or at - row.used_at > NOTED_EVERY or row.used_from != address:
        ApiKey.objects.filter(pk=row.pk).update(used_at=at, used_from=address)
    row.agent.own_role = OwnRole(name=row.name, rights=sorted(known_rights(row.rights) & row.agent.rights))
    return row


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
