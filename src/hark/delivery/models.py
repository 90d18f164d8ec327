"""The out-box: replies stored before they are sent, and the breaker of each channel."""

from django.contrib.postgres.indexes import GinIndex
from django.db import models

from hark.delivery.types import OutboxState
from hark.organisation.models import Channel


class OutboxItem(models.Model):
    """One reply on its way to a venue.

    `thread` orders the sends of one conversation. `not_before` is the end of the undo window, later of the back-off,
    which lasts a day from `tried_since`; `tried_at` is when the last attempt began. `may_have_left`: an attempt may
    have reached the venue, so that it can no longer be taken back. A send whose fate is unknown stays `ambiguous` until
    an echo or a person settles it. A `fence` of 0: nobody is sending it.

    A long reply is several rows with one `reply` key, each a `part` of `parts`, made in this order. The last one bears
    that key itself and stands for the whole: it is sent when all are. A part leaves when those before it are sent.
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
    tried_since = models.DateTimeField(null=True)
    tried_at = models.DateTimeField(null=True)
    may_have_left = models.BooleanField(default=False, db_default=False)
    reply = models.UUIDField(null=True)
    part = models.SmallIntegerField(default=1, db_default=1)
    parts = models.SmallIntegerField(default=1, db_default=1)
    taken_away = models.BooleanField(default=False, db_default=False)  # by a change that made the reply shorter

    class Meta:
        constraints = [
            models.CheckConstraint(name="outboxitem_state", condition=models.Q(state__in=OutboxState.values)),
        ]
        indexes = [
            models.Index(
                name="outboxitem_channel_due",
                fields=["channel", "not_before", "id"],
                condition=models.Q(state="queued"),
            ),
            models.Index(
                name="outboxitem_unsettled",
                fields=["thread", "id"],
                condition=models.Q(state__in=["queued", "sending", "ambiguous"]),
            ),
            models.Index(name="outboxitem_leased", fields=["lease_until"], condition=models.Q(state="sending")),
            models.Index(name="outboxitem_parts", fields=["reply", "part"], condition=models.Q(reply__isnull=False)),
            GinIndex(name="outboxitem_external_ids", fields=["external_ids"], opclasses=["jsonb_path_ops"]),
        ]


class Breaker(models.Model):
    """Whether a channel rests: nothing is sent before `open_until`; from five failures on, one trial after it."""

    channel = models.OneToOneField(Channel, primary_key=True, on_delete=models.PROTECT, related_name="+")
    failures = models.SmallIntegerField(default=0, db_default=0)
    failing_since = models.DateTimeField()
    open_until = models.DateTimeField(null=True)
