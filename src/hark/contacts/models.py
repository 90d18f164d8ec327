"""Identities and the people behind them."""

from django.contrib.postgres.indexes import GinIndex
from django.db import models

from hark.contacts.types import Verified
from hark.kernel.fulltext import WordsField


class Contact(models.Model):
    """The person. A merge never deletes one: the absorbed contact points to the survivor.

    Mood is the fold of the contact's last ten messages (understanding reference, section 13), kept beside the person
    because every list shows it.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.TextField(unique=True)
    name = models.TextField(default="")
    language = models.TextField(default="")
    time_zone = models.TextField(default="")
    attributes = models.JSONField(default=dict)
    mood_value = models.FloatField(default=0)
    mood_slope = models.FloatField(default=0)
    mood_level = models.TextField(default="calm")
    mood_reasons = models.JSONField(default=list)
    merged_into = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()


class Identity(models.Model):
    """One handle, address, number or visitor at one network. `scope` is empty text where there is none.

    What a person merely typed is kept under the scope `claim:<network>:<scope>:<key>` of the identity that typed it, so
    that it can never match somebody else's.
    """

    id = models.BigAutoField(primary_key=True)
    network = models.TextField()
    scope = models.TextField(default="")
    key = models.TextField()
    handle = models.TextField(default="")
    name = models.TextField(default="")
    url = models.TextField(default="")
    followers = models.BigIntegerField(null=True)
    followers_on = models.DateField(null=True)  # the day (UTC) on which the venue last said so
    verified = models.TextField(choices=Verified, default=Verified.OBSERVED)
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="identities")
    first_seen_at = models.DateTimeField()
    preferred = models.BooleanField(default=False, db_default=False)  # where the person likes to hear from us
    stopped_at = models.DateTimeField(null=True)  # when the person last asked for no more messages there
    started_at = models.DateTimeField(null=True)  # when he last asked for them again

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="identity_one_preferred", fields=["contact"], condition=models.Q(preferred=True)
            ),
            models.UniqueConstraint(name="identity_network_scope_key", fields=["network", "scope", "key"]),
            models.CheckConstraint(name="identity_key_not_empty", condition=~models.Q(key="")),
            models.CheckConstraint(name="identity_verified", condition=models.Q(verified__in=Verified.values)),
        ]

    @property
    def wants_none(self) -> bool:
        """Has the person asked for no more messages there, and not taken it back?"""
        return self.stopped_at is not None and (self.started_at is None or self.started_at < self.stopped_at)


class ContactSearch(models.Model):
    """The names, handles and addresses by which a contact is found. Beside it, and rebuilt at any time."""

    contact = models.OneToOneField(Contact, primary_key=True, on_delete=models.PROTECT, related_name="+")
    words = WordsField()

    class Meta:
        indexes = [GinIndex(name="contactsearch_words", fields=["words"], fastupdate=False)]
