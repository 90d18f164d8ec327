"""Our own messages coming back from the venue: which reply was this?"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from hark.delivery.actions.announcing import announce
from hark.delivery.actions.queue import text_hash
from hark.delivery.models import OutboxItem
from hark.delivery.types import RECEIPT_RANK, OutboxState
from hark.kernel.time import database_now

WITHIN = timedelta(minutes=10)
UNSETTLED = Q(state__in=[OutboxState.SENDING, OutboxState.AMBIGUOUS]) | Q(state=OutboxState.QUEUED, may_have_left=True)


@transaction.atomic
def match_echo(
    *, channel_id: int, client_ref: str, external_id: str, thread: str, text: str, at: datetime | None = None
) -> OutboxItem | None:
    """The reply that a venue's echo is, or None: then somebody answered in the venue's own app.

    By client reference, then external id, then the same text in the same thread within 10 minutes of the attempt (`at`:
    the venue's time) where the fate is still open. A reply in doubt is thereby settled as sent. May be repeated.
    """
    ours = OutboxItem.objects.filter(channel_id=channel_id)
    item = _by_reference(ours, client_ref) or _by_external_id(ours, external_id) or _by_text(ours, thread, text, at)
    return item and _it_is_there(item, external_id)


@transaction.atomic
def record_receipt(*, channel_id: int, external_id: str, state: str, client_ref: str = "") -> OutboxItem | None:
    """What the venue says later of a reply: sent, delivered, read, failed. Never goes back. None: it is not ours."""
    ours = OutboxItem.objects.filter(channel_id=channel_id)
    item = _by_reference(ours, client_ref) or _by_external_id(ours, external_id)
    if item is None:
        return None
    item = _it_is_there(item, external_id)
    if RECEIPT_RANK.get(state, 0) > RECEIPT_RANK.get(item.receipt_state, 0):
        item.receipt_state = state
        item.save(update_fields=["receipt_state"])
        announce(item, state)
    return item


def _by_reference(ours: QuerySet[OutboxItem], client_ref: str) -> OutboxItem | None:
    try:
        key = UUID(client_ref)
    except ValueError:
        return None
    return ours.select_for_update().filter(idempotency_key=key).exclude(tried_at=None).first()


def _by_external_id(ours: QuerySet[OutboxItem], external_id: str) -> OutboxItem | None:
    return ours.select_for_update().filter(external_ids__contains=[external_id]).first() if external_id else None


def _by_text(ours: QuerySet[OutboxItem], thread: str, text: str, at: datetime | None) -> OutboxItem | None:
    at = at or database_now()
    near = ours.filter(thread=thread, text_hash=text_hash(text), tried_at__range=(at - WITHIN, at + WITHIN))
    return near.select_for_update().filter(UNSETTLED).order_by("id").first()


def _it_is_there(item: OutboxItem, external_id: str) -> OutboxItem:
    """Settle a reply in doubt as sent, and keep the id that the venue gave it. The row is locked."""
    if external_id and external_id not in item.external_ids:
        item.external_ids = [*item.external_ids, external_id]
    news = item.state != OutboxState.SENT
    if news:
        item.state, item.sent_at, item.error = OutboxState.SENT, item.tried_at or database_now(), ""
    item.save(update_fields=["external_ids", "state", "sent_at", "error"])
    if news:
        announce(item, OutboxState.SENT)
    return item
