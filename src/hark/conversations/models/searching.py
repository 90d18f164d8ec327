"""What can be found, beside what it is found in."""

from django.contrib.postgres.indexes import GinIndex
from django.db import models

from hark.conversations.models.talk import Message, Note
from hark.kernel.fulltext import WordsField


class MessageSearch(models.Model):
    """What can be found of a message: its words, stems, author, venue and mood. Beside it, and rebuilt at any time.

    Holds nothing that is not in the message; says nothing of rights, which are asked of the message's conversation.
    """

    message = models.OneToOneField(Message, primary_key=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    words = WordsField()

    class Meta:
        indexes = [
            GinIndex(name="messagesearch_words", fields=["words"], fastupdate=False),
            models.Index(name="messagesearch_newest", fields=["-at", "-message"]),
        ]


class NoteSearch(models.Model):
    """What can be found of a note."""

    note = models.OneToOneField(Note, primary_key=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    words = WordsField()

    class Meta:
        indexes = [
            GinIndex(name="notesearch_words", fields=["words"], fastupdate=False),
            models.Index(name="notesearch_newest", fields=["-at", "-note"]),
        ]
