"""Reactions that did not succeed: tried again, then set aside where people see them."""

from django.db import models


class FailedReaction(models.Model):
    """One reaction to one event that failed. Others have gone on without it; `set_aside_at` when it was given up."""

    id = models.BigAutoField(primary_key=True)
    event_xid = models.BigIntegerField()
    event_id = models.BigIntegerField()
    kind = models.TextField()
    subject = models.TextField()
    reaction = models.TextField()
    tries = models.SmallIntegerField(default=1)
    not_before = models.DateTimeField()
    error = models.TextField()
    set_aside_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="failedreaction_event_reaction", fields=["event_xid", "event_id", "reaction"])
        ]
        indexes = [
            models.Index(
                name="failedreaction_due", fields=["not_before"], condition=models.Q(set_aside_at__isnull=True)
            )
        ]
