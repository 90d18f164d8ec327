"""Messages that say the same in the same words, wherever and by whomever they were posted."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from hark.conversations.models.talk import Message


class SameWords(models.Model):
    """A text that was said more than once at one brand; `first` is the message that all others are compared with.

    `passed_on`: a headline, a shared link or a polite phrase: everybody uses it, and it is nobody's own complaint.
    """

    first = models.OneToOneField(Message, primary_key=True, on_delete=models.PROTECT, related_name="+")
    passed_on = models.BooleanField(default=False, db_default=False)


class Repeat(models.Model):
    """One message of those that say the same; the first is one of them. A message that nobody repeats has no row."""

    message = models.OneToOneField(Message, primary_key=True, on_delete=models.PROTECT, related_name="repeat")
    words = models.ForeignKey(SameWords, on_delete=models.PROTECT, related_name="repeats", db_index=False)

    class Meta:
        indexes = [models.Index(name="repeat_words_message", fields=["words", "-message"])]


class WordBand(models.Model):
    """A few shingles of a first message, as a number: what is alike shares one of these. Forgotten after some days.

    Its scope, the brand, is in the number. Only firsts have rows: a text that is said a thousand times has them once.
    """

    pk = models.CompositePrimaryKey("band", "message")
    band = models.BigIntegerField()
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="+", db_index=False)
    said_date = models.DateField()

    class Meta:
        indexes = [BrinIndex(name="wordband_said", fields=["said_date"])]
