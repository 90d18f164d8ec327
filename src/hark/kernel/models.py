"""The event journal and the readers' places in it, rate limits, the key check."""

from django.db import models


class Event(models.Model):
    """One line of the append-only journal, partitioned by month (the table is made by SQL in the first migration).

    Read it through `kernel.queries.events_after`, never by id alone: an id can become visible after a higher one.
    """

    id = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    xid = models.BigIntegerField()
    kind = models.TextField()
    subject = models.TextField()
    actor = models.TextField()
    inbox_id = models.BigIntegerField(null=True)
    agent_id = models.BigIntegerField(null=True)
    visitor = models.TextField()
    data = models.JSONField()

    class Meta:
        managed = False
        db_table = "kernel_event"


class EventReader(models.Model):
    """How far a named reader has come in the journal; moved in the transaction that did the work."""

    name = models.TextField(primary_key=True)
    xid = models.BigIntegerField(default=0)
    event_id = models.BigIntegerField(default=0)


class RateLimit(models.Model):
    """A token bucket: `tokens` left at `refilled_at`."""

    key = models.TextField(primary_key=True)
    tokens = models.FloatField()
    refilled_at = models.DateTimeField()


class KeyCheck(models.Model):
    """One sealed word: opens it with our key ring, then these data are ours (`kernel.secrets.check_database`)."""

    only_one = models.BooleanField(primary_key=True, default=True)
    sealed = models.BinaryField()

    class Meta:
        constraints = [models.CheckConstraint(name="keycheck_only_one", condition=models.Q(only_one=True))]
