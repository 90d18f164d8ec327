"""Who was praised."""

from django.db import models

from hark.conversations.models.talk import Message
from hark.organisation.models import Agent


class Praise(models.Model):
    """A message of praise and an agent whom it is about; `agent` None: about nobody in particular.

    `why` is `named` or `answered`. `stands`: nobody has corrected since that it is praise.
    """

    id = models.BigAutoField(primary_key=True)
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="praise")
    agent = models.ForeignKey(Agent, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    why = models.TextField(default="")
    stands = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="praise_message_agent", fields=["message", "agent"], nulls_distinct=False),
            models.CheckConstraint(
                name="praise_says_why",
                condition=models.Q(agent__isnull=True, why="")
                | models.Q(agent__isnull=False, why__in=["named", "answered"]),
            ),
        ]
        indexes = [models.Index(name="praise_agent_newest", fields=["agent", "-message"])]
