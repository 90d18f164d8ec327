"""What mail needs beside its messages: who takes part, by what it is found again, how it was formatted."""

from django.db import models

from hark.contacts.models import Identity
from hark.conversations.models.talk import Conversation, Message
from hark.organisation.models import Agent, Channel


class ThreadRef(models.Model):
    """A name by which a mail may speak of a conversation, as its SHA-256: a Message-ID, or a code in a reply address.

    `token`: only Hark gives it out, so that whoever has it got our mail; it was made for `recipient`. Any other name
    counts for those only who take part already.
    """

    id = models.BigAutoField(primary_key=True)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+", db_index=False)
    hash = models.BinaryField()
    conversation = models.ForeignKey(Conversation, on_delete=models.PROTECT, related_name="+")
    token = models.BooleanField(default=False)
    recipient = models.TextField(default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="threadref_hash_channel", fields=["hash", "channel"]),
            models.CheckConstraint(
                name="threadref_recipient_of_tokens_only", condition=models.Q(token=True) | models.Q(recipient="")
            ),
        ]


class Participant(models.Model):
    """Somebody who takes part in a mail conversation. `pending`: he came by a name that was given to somebody else.

    Until an agent has let him in he is shown as such, is answered by nobody, and sees nothing. `copied`: he gets a copy
    of every reply that goes to another one.
    """

    id = models.BigAutoField(primary_key=True)
    conversation = models.ForeignKey(Conversation, on_delete=models.PROTECT, related_name="participants")
    identity = models.ForeignKey(Identity, on_delete=models.PROTECT, related_name="+")
    pending = models.BooleanField(default=False)
    copied = models.BooleanField(default=False, db_default=False)
    admitted_by = models.ForeignKey(Agent, null=True, on_delete=models.PROTECT, related_name="+")
    admitted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="participant_conversation_identity", fields=["conversation", "identity"])
        ]


class NamedBeside(models.Model):
    """An address that a mail of a conversation named beside ours. It takes no part until an agent copies it in."""

    id = models.BigAutoField(primary_key=True)
    conversation = models.ForeignKey(Conversation, on_delete=models.PROTECT, related_name="named_beside")
    address = models.TextField()
    name = models.TextField(default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="namedbeside_conversation_address", fields=["conversation", "address"])
        ]


class MessageHtml(models.Model):
    """A message as it was formatted, cleaned; pictures that lie elsewhere are taken out until an agent asks for them.

    `hidden_text` is what the sender had hidden from people's eyes.
    """

    message = models.OneToOneField(Message, primary_key=True, on_delete=models.PROTECT, related_name="formatted")
    html = models.TextField()
    hidden_text = models.TextField(default="")
    remote = models.SmallIntegerField(default=0)
    remote_wanted_at = models.DateTimeField(null=True)
    remote_wanted_by = models.ForeignKey(Agent, null=True, on_delete=models.PROTECT, related_name="+")
