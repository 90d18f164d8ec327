"""What is kept of how often somebody has come about one matter."""

from django.db import models

from hark.conversations.models.talk import Case
from hark.organisation.models import Agent


class Again(models.Model):
    """The contacts that a case's mark *again* rests on, as they were counted when the newest began.

    `contacts` are [{"case": key, "at": instant, "venue": key, "why": words}], oldest first, the newest last. What was
    before `begins_at` is another matter: an agent said so (`corrected_by`), or the case was split off there.
    """

    case = models.OneToOneField(Case, primary_key=True, on_delete=models.PROTECT, related_name="matter")
    contacts = models.JSONField(default=list)
    begins_at = models.DateTimeField(null=True)
    corrected_by = models.ForeignKey(Agent, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    corrected_at = models.DateTimeField(null=True)
