"""What was called spam, by whom and why; and what a brand's marks taught."""

from django.db import models

from hark.contacts.models import Identity
from hark.conversations.models.learning import LearntModel
from hark.conversations.models.talk import Message
from hark.organisation.models import Agent, Brand
from hark.understanding.spam import MOST_WRONG


class SpamMark(models.Model):
    """Somebody, or a rule, said of a message that it is spam, or that it is none. Append-only: the newest counts.

    `agent` None: it was held when it came, `why` says by what; `opens` is why it would have opened a case.
    """

    id = models.BigAutoField(primary_key=True)
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="spam_marks")
    identity = models.ForeignKey(Identity, on_delete=models.PROTECT, related_name="+", db_index=False)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+", db_index=False)
    agent = models.ForeignKey(Agent, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    spam = models.BooleanField()
    why = models.TextField(default="")
    p = models.FloatField(null=True)
    opens = models.TextField(default="")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="spammark_held_says_why",
                condition=models.Q(agent__isnull=False) | (models.Q(spam=True) & ~models.Q(why="")),
            )
        ]
        indexes = [
            models.Index(name="spammark_by_hand", fields=["identity", "-id"], condition=models.Q(agent__isnull=False)),
            models.Index(name="spammark_brand", fields=["brand", "-id"], condition=models.Q(agent__isnull=False)),
        ]


class SpamModel(LearntModel):
    """What one brand's marks taught about spam, by number. `relevant` counts the spam among its examples.

    `held` of `others`: what is no spam, judged unseen, and would have been held all the same.
    """

    held = models.PositiveIntegerField(default=0)
    others = models.PositiveIntegerField(default=0)

    @property
    def kept_back(self) -> bool:
        """Was it worse on the newest marks, or would it have held what is no spam?"""
        return super().kept_back or self.held > MOST_WRONG * self.others
