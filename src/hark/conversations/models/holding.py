"""Replies that have not left the house yet."""

from django.db import models

from hark.conversations.models.talk import Conversation, Message
from hark.conversations.types import HeldState, Visibility
from hark.organisation.models import Agent


class HeldReply(models.Model):
    """A finished reply that waits for a colleague's yes, for its time (`leaves_at`), or for its author's word.

    It is no message and has no out-box row until then: what makes it one is `reply`, with everything that `reply`
    looks up, under the same `idempotency_key`. `despite` are the findings that its author has overruled. Its files lie
    beside it as those of a draft whose kind is its key.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.TextField(unique=True)
    conversation = models.ForeignKey(Conversation, on_delete=models.PROTECT, related_name="+")
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    visibility = models.TextField(choices=Visibility)
    idempotency_key = models.UUIDField(unique=True)
    seen_message_id = models.BigIntegerField(null=True)
    despite = models.JSONField(default=list)
    state = models.TextField(choices=HeldState)
    why_stopped = models.TextField(default="")
    leaves_at = models.DateTimeField(null=True)
    held_at = models.DateTimeField()
    decided_by = models.ForeignKey(Agent, null=True, on_delete=models.PROTECT, related_name="+")
    message = models.OneToOneField(Message, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(name="heldreply_state", condition=models.Q(state__in=HeldState.values)),
            models.CheckConstraint(
                name="heldreply_later_has_a_time",
                condition=~models.Q(state="later") | models.Q(leaves_at__isnull=False),
            ),
            models.CheckConstraint(
                name="heldreply_sent_is_a_message",
                condition=~models.Q(state="sent") | models.Q(message__isnull=False),
            ),
            models.CheckConstraint(
                name="heldreply_approved_by_another",
                condition=models.Q(decided_by__isnull=True) | ~models.Q(decided_by=models.F("agent")),
            ),
        ]
        indexes = [
            models.Index(name="heldreply_due", fields=["leaves_at"], condition=models.Q(state="later")),
            models.Index(
                name="heldreply_waiting",
                fields=["conversation"],
                condition=models.Q(state__in=["approval", "later", "stopped"]),
            ),
            models.Index(name="heldreply_to_approve", fields=["held_at"], condition=models.Q(state="approval")),
        ]
