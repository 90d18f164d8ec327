"""Our own etiquette: how often we answer in public, and unasked, one person or over one channel.

Beside the venue's rules (`Venue.objection`), which may forbid it altogether. Counts are of what is written: two replies
that are written at the same moment in two talks do not see each other.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from hark.contacts.models import Identity
from hark.conversations.models import Message
from hark.conversations.types import Direction, Visibility
from hark.delivery.types import OutboxState
from hark.organisation.models import Brand, Channel

UNASKED = ("keyword",)  # what a post targets that was found by listening: it speaks of us, not to us
NEVER_LEFT = (OutboxState.CANCELLED, OutboxState.REFUSED, OutboxState.FAILED)
HOUR = timedelta(hours=1)
LOOKED_AT = 1_000  # newest posts of these people
NOT_AT_ALL = "Answers to people who did not write to us are switched off for this brand."


def too_many(identity: Identity, channel: Channel, at: datetime) -> str:
    """Why one more public answer, to a person who did not write to us, is too much just now; empty where it is not.

    Ask it only where the post that is answered was found by listening (`UNASKED`) and the reply is public. Three
    queries beside the channel's inbox and brand.
    """
    brand = channel.inbox.brand
    if not brand.uninvited_per_hour:
        return NOT_AT_ALL
    told = last_approaches([identity.contact_id], brand, at).get(identity.contact_id)
    if told is not None:
        return once_is_enough(told, brand)
    if hour_is_full([channel.pk], brand, at):
        return full_words(brand)
    return ""


def last_approaches(contact_ids: Collection[int], brand: Brand, at: datetime) -> dict[int, datetime]:
    """When each of these people last had a public answer unasked, within the brand's days. Two queries."""
    since = at - timedelta(days=brand.uninvited_days)
    said = Message.objects.filter(identity__contact__in=contact_ids, targets_us__in=UNASKED)
    said = said.filter(channel__inbox__brand=brand, external_id__isnull=False).exclude(visibility=Visibility.PRIVATE)
    rows = said.order_by("-sent_at").values_list("conversation", "external_id", "identity__contact")[:LOOKED_AT]
    posts = {(conversation, external_id): contact for conversation, external_id, contact in rows}
    told: dict[int, datetime] = {}
    if not posts:
        return told
    answers = _left(since).filter(conversation__in={conversation for conversation, _ in posts})
    for conversation, parent, sent_at in answers.values_list("conversation", "parent_id", "sent_at"):
        contact = posts.get((conversation, parent))
        if contact is not None:
            told[contact] = max(sent_at, told.get(contact, sent_at))
    return told


def hour_is_full(channel_ids: Collection[int], brand: Brand, at: datetime) -> set[int]:
    """The channels over which as many people were answered unasked within an hour as the brand allows. One query."""
    answers = _left(at - HOUR).filter(channel__in=channel_ids).filter(Exists(_unasked_posts()))
    counted: dict[int, int] = {}
    for channel in answers.values_list("channel", flat=True):
        counted[channel] = counted.get(channel, 0) + 1
    return {channel for channel, number in counted.items() if number >= brand.uninvited_per_hour}


def once_is_enough(told: datetime, brand: Brand) -> str:
    """That somebody had his answer, and from when on the next one is polite."""
    again = told + timedelta(days=brand.uninvited_days)
    return (
        f"This person had an answer in public on {_day(told)} without asking us. The next one is polite from "
        f"{_day(again)} on, or as soon as they write to us."
    )


def full_words(brand: Brand) -> str:
    """That the hour is full."""
    many = "one person" if brand.uninvited_per_hour == 1 else f"{brand.uninvited_per_hour:,} people"
    return f"This channel has answered {many} within an hour who had not asked us. Wait a little."


def _unasked_posts() -> QuerySet[Message]:
    """The post that an answer answers, where it was addressed to nobody of us; for the row of the answer."""
    return Message.objects.filter(
        channel=OuterRef("channel"), external_id=OuterRef("parent_id"), targets_us__in=UNASKED
    ).exclude(visibility=Visibility.PRIVATE)


def _left(since: datetime) -> QuerySet[Message]:
    """Our public words that have left since, are about to, or were said in the venue's own app."""
    gone = Q(outbox_item=None) | ~Q(outbox_item__state__in=NEVER_LEFT)
    ours = Message.objects.filter(gone, direction=Direction.OUTBOUND, received_at__gt=since, deleted_at=None)
    return ours.exclude(visibility=Visibility.PRIVATE).exclude(parent_id="")


def _day(when: datetime) -> str:
    local = timezone.localtime(when)
    return f"{local.day} {local:%B}"
