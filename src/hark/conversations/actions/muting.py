"""Muting a term, an author or a thread until a day: what they post in public opens no case; nothing is thrown away."""

from datetime import timedelta

from django.db import transaction

from hark.conversations.actions.standing import acting_agent
from hark.conversations.models import Mute
from hark.conversations.queries.access import messages_visible_to
from hark.conversations.types import Author, Direction
from hark.kernel.errors import HarkError, NotFound
from hark.kernel.ids import public_key
from hark.kernel.time import database_now
from hark.organisation.actions.audit import audit
from hark.organisation.models import Brand
from hark.organisation.types import Right

MOST_DAYS = 90


class MuteTooLong(HarkError):
    """Something is muted for 1 to 90 days, so that nobody forgets it."""


@transaction.atomic
def mute_term(*, brand: Brand, term: str, days: int, author: Author) -> Mute:
    """Mute a pattern for a brand, whose form has checked that it is one. Raises NotAllowed, MuteTooLong."""
    acting_agent(author, Right.BRANDS)
    return _mute(brand, days, author, term=term)


@transaction.atomic
def mute_said(*, message_id: int, what: str, days: int, author: Author) -> Mute:
    """Mute the author (`author`) or the thread (`thread`) of a message that somebody else wrote.

    One transaction. Raises NotAllowed, NotFound, MuteTooLong.
    """
    agent = acting_agent(author, Right.ANSWER)
    said = messages_visible_to(agent).filter(pk=message_id, direction=Direction.INBOUND)
    message = said.select_related("channel__inbox__brand").first()
    if message is None or what not in {"author", "thread"}:
        raise NotFound
    target = {"identity_id": message.identity_id} if what == "author" else {"conversation_id": message.conversation_id}
    return _mute(message.channel.inbox.brand, days, author, **target)


@transaction.atomic
def unmute(*, key: str, author: Author) -> None:
    """It is heard again from now on. Repeating changes nothing. Raises NotAllowed, NotFound."""
    acting_agent(author, Right.BRANDS)
    mute = Mute.objects.select_for_update().filter(key=key).first()
    if mute is None:
        raise NotFound
    at = database_now()
    if mute.until_at > at:
        Mute.objects.filter(pk=mute.pk).update(until_at=max(at, mute.made_at))
        audit("mute.ended", key, actor=author.agent_key)


def _mute(brand: Brand, days: int, author: Author, **target: object) -> Mute:
    if not 1 <= days <= MOST_DAYS:
        raise MuteTooLong
    at = database_now()
    Mute.objects.filter(brand=brand, until_at__gt=at, made_at__lte=at, **target).update(until_at=at)  # muted anew
    mute = Mute.objects.create(
        key=public_key("mute"), brand=brand, agent_id=author.agent_id, made_at=at, until_at=at + timedelta(days=days),
        **target,
    )  # fmt: skip
    audit("mute.made", mute.key, actor=author.agent_key, brand=brand.key, days=days)
    return mute
