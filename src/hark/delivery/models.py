"""The out-box: replies stored before they are sent."""

from django.db import models

from hark.delivery.types import OutboxState
from hark.organisation.models import Channel


class OutboxItem(models.Model):
    """One reply on its way to a venue.

    `thread` orders the sends of one conversation. `not_before` is the end of the undo window, later of the back-off.
    A send whose fate is unknown stays `ambiguous` until an echo or a person settles it.
    """

    id = models.BigAutoField(primary_key=True)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+")
    idempotency_key = models.UUIDField(unique=True)
    thread = models.TextField()
    inbox_id_for_events = models.BigIntegerField()
    payload = models.JSONField()
    text_hash = models.BinaryField()
    state = models.TextField(choices=OutboxState, default=OutboxState.QUEUED)
    created_at = models.DateTimeField()
    not_before = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    fence = models.BigIntegerField(default=0)
    attempts = models.SmallIntegerField(default=0)
    error = models.TextField(default="")
    external_ids = models.JSONField(default=list)
    permalink = models.TextField(default="")
    receipt_state = models.TextField(default="")  # accepted, sent, delivered, read: what the venue said last
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="outboxitem_state", condition=models.Q(state__in=OutboxState.values)),
        ]
        indexes = [
            models.Index(name="outboxitem_due", fields=["not_before", "id"], condition=models.Q(state="queued")),
            models.Index(name="outboxitem_unsettled", fields=["thread", "id"],
                         condition=models.Q(state__in=["queued", "sending", "ambiguous"])),
        ]
