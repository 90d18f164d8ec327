"""What a brand does not want to hear for a while."""

from django.db import models

from hark.contacts.models import Identity
from hark.conversations.models.talk import Conversation
from hark.organisation.models import Agent, Brand


class Mute(models.Model):
    """A term (a pattern), an author or a thread whose public posts open no case until a day. An ended one stays."""

    id = models.BigAutoField(primary_key=True)
    key = models.TextField(unique=True)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+")
    term = models.TextField(default="")
    identity = models.ForeignKey(Identity, null=True, on_delete=models.PROTECT, related_name="+")
    conversation = models.ForeignKey(Conversation, null=True, on_delete=models.PROTECT, related_name="+")
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    until_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="mute_of_one_thing",
                condition=(
                    models.Q(identity__isnull=True, conversation__isnull=True) & ~models.Q(term="")
                    | models.Q(term="", identity__isnull=False, conversation__isnull=True)
                    | models.Q(term="", identity__isnull=True, conversation__isnull=False)
                ),
            ),
            models.CheckConstraint(name="mute_ends", condition=models.Q(until_at__gte=models.F("made_at"))),
        ]
        indexes = [models.Index(name="mute_of_brand", fields=["brand", "until_at"])]
