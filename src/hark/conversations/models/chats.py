"""What a chat needs beside its messages."""

from django.db import models

from hark.conversations.models.talk import Conversation


class LeftAddress(models.Model):
    """An e-mail address that a chat's visitor has left: there the talk goes on when he has gone. A claim, no proof.

    `here_at`: when the talk was last open before his eyes; `seen` is the newest message that was. `mailed` is the
    newest that has gone on by mail; at `due_at` it is looked whether one more has to.
    """

    conversation = models.OneToOneField(
        Conversation, primary_key=True, on_delete=models.PROTECT, related_name="left_address"
    )
    address = models.TextField()
    here_at = models.DateTimeField()
    seen = models.BigIntegerField(default=0)
    mailed = models.BigIntegerField(default=0)
    due_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(name="leftaddress_due", fields=["due_at"], condition=models.Q(due_at__isnull=False))]
