"""Old messages that are read again: how far that is, and what it changed."""

from django.db import models

from hark.conversations.models.talk import Message
from hark.conversations.types import RereadingState
from hark.organisation.models import Agent, Brand


class Hurried(models.Model):
    """A message that was read by its words alone, because many waited: the encoder reads it when there is quiet."""

    message = models.OneToOneField(Message, primary_key=True, on_delete=models.PROTECT, related_name="+")


class Rereading(models.Model):
    """One run over old messages, newest first, of one brand or all.

    `place`: messages from this id on are done with. `alive` is true while it runs or is paused, else null: there is one
    such run at most. `changes` are {field: {"before>after": messages}} between the readings shown before and after;
    `agreement` says of how many corrected fields the old and the new reading say what people say. `leased_until`: a
    worker is at it.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.TextField(unique=True)
    state = models.TextField(choices=RereadingState, default=RereadingState.RUNNING)
    alive = models.BooleanField(null=True, default=True, unique=True)
    brand = models.ForeignKey(Brand, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    since = models.DateTimeField(null=True)
    started_by = models.ForeignKey(Agent, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)
    place = models.BigIntegerField()
    total = models.IntegerField()
    done = models.IntegerField(default=0)
    unread = models.IntegerField(default=0)
    compared = models.IntegerField(default=0)
    model_version = models.TextField(default="")
    changes = models.JSONField(default=dict)
    agreement = models.JSONField(default=dict)
    problem = models.TextField(default="")

    class Meta:
        constraints = [
            models.CheckConstraint(name="rereading_state", condition=models.Q(state__in=RereadingState.values)),
            models.CheckConstraint(
                name="rereading_alive",
                condition=models.Q(alive__isnull=False, state__in=["running", "paused"])
                | models.Q(alive__isnull=True, state__in=["done", "cancelled"]),
            ),
        ]

    @property
    def percent(self) -> int:
        """How far it is; a finished one is at 100."""
        return 100 if self.state == RereadingState.DONE else min(99, 100 * self.done // max(self.total, 1))
