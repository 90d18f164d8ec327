"""Files of messages and notes."""

from django.db import models

from hark.conversations.models.talk import Case, Message, Note
from hark.conversations.types import FileState
from hark.organisation.models import Agent


class Attachment(models.Model):
    """A file of a message, of a note, or of what an agent is writing (`draft_case` and `draft_kind`).

    Its bytes lie in `kernel.storage` under `sha256`; `preview` is the hash of the same picture re-encoded, without what
    a camera writes into it. `name` is data. `ref` finds the bytes at the venue or in the arrival until they are here:
    tried again at `try_at`. `remote`: a picture that the formatted message names on the web, fetched when asked for.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.TextField(unique=True)
    message = models.ForeignKey(Message, null=True, on_delete=models.PROTECT, related_name="attachments")
    note = models.ForeignKey(Note, null=True, on_delete=models.PROTECT, related_name="attachments")
    draft_case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    draft_kind = models.TextField(default="")
    agent = models.ForeignKey(Agent, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    state = models.TextField(choices=FileState)
    name = models.TextField()
    mime = models.TextField(default="")
    size = models.BigIntegerField(null=True)
    sha256 = models.TextField(default="")
    preview = models.TextField(default="")
    width = models.IntegerField(null=True)
    height = models.IntegerField(null=True)
    ref = models.TextField(default="")
    content_id = models.TextField(default="")
    inline = models.BooleanField(default=False)
    remote = models.BooleanField(default=False)
    problem = models.TextField(default="")
    attempts = models.SmallIntegerField(default=0)
    try_at = models.DateTimeField(null=True)
    added_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="attachment_message_ref", fields=["message", "ref"], condition=~models.Q(ref="")
            ),
            models.CheckConstraint(name="attachment_state", condition=models.Q(state__in=FileState.values)),
            models.CheckConstraint(
                name="attachment_stored_has_bytes", condition=~models.Q(state="stored") | ~models.Q(sha256="")
            ),
            models.CheckConstraint(
                name="attachment_belongs_to_one",
                condition=models.Q(message__isnull=False, note__isnull=True, draft_case__isnull=True)
                | models.Q(message__isnull=True, note__isnull=False, draft_case__isnull=True)
                | models.Q(message__isnull=True, note__isnull=True, draft_case__isnull=False, agent__isnull=False),
            ),
        ]
        indexes = [
            models.Index(name="attachment_due", fields=["try_at"], condition=models.Q(state="waiting")),
            models.Index(name="attachment_agent_added", fields=["agent", "added_at"]),
            models.Index(name="attachment_draft", fields=["draft_case", "agent"]),
            models.Index(name="attachment_bytes", fields=["sha256"], condition=~models.Q(sha256="")),
            models.Index(name="attachment_preview", fields=["preview"], condition=~models.Q(preview="")),
        ]
