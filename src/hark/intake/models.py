"""The in-box: what was received, before anybody understood it."""

from django.db import models

from hark.intake.types import ArrivalState
from hark.organisation.models import Channel


class Arrival(models.Model):
    """Raw bytes as a venue delivered them, committed before the acknowledgement.

    Unique by (channel, dedupe key): the venue's delivery id, else SHA-256 of the bytes. `lane` spreads threads over
    workers; `lease_until` and `fence` say who reads it now. `outcome` says in one word what became of it.
    """

    id = models.BigAutoField(primary_key=True)
    # no index of its own: the unique one begins with the channel
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+", db_index=False)
    dedupe_key = models.TextField()
    lane = models.SmallIntegerField()
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    received_at = models.DateTimeField()
    state = models.TextField(choices=ArrivalState, default=ArrivalState.RECEIVED)
    not_before = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    fence = models.BigIntegerField(default=0)
    attempts = models.SmallIntegerField(default=0)
    error = models.TextField(default="")
    outcome = models.TextField(default="")
    done_at = models.DateTimeField(null=True)
    key = models.TextField(null=True)  # public, made when it first gives trouble: only then has it a page

    class Meta:
        constraints = [
            models.UniqueConstraint(name="arrival_key", fields=["key"], condition=models.Q(key__isnull=False)),
            models.UniqueConstraint(name="arrival_channel_dedupe_key", fields=["channel", "dedupe_key"]),
            models.CheckConstraint(name="arrival_state", condition=models.Q(state__in=ArrivalState.values)),
            models.CheckConstraint(name="arrival_dedupe_key_not_empty", condition=~models.Q(dedupe_key="")),
        ]
        indexes = [
            models.Index(name="arrival_received_order", fields=["id"], condition=models.Q(state="received")),
            models.Index(name="arrival_parked", fields=["-id"], condition=models.Q(state="parked")),
        ]


class Cursor(models.Model):
    """How far a polled channel has been read; moved in the transaction that stores the arrivals of that page."""

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+")
    name = models.TextField()
    value = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(name="cursor_channel_name", fields=["channel", "name"])]


class Poller(models.Model):
    """Who reads a polled channel now, and how that goes.

    `fence` and `lease_until` say who; nobody reads before `not_before`. `failures` counts from `failing_since`, and
    `problem` is the sentence that its page shows. `read_at` is when the venue last answered.
    """

    channel = models.OneToOneField(Channel, primary_key=True, on_delete=models.PROTECT, related_name="+")
    fence = models.BigIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    failures = models.SmallIntegerField(default=0, db_default=0)
    failing_since = models.DateTimeField(null=True)
    problem = models.TextField(default="", db_default="")
    read_at = models.DateTimeField(null=True)
