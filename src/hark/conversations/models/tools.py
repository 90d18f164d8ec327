"""The tools of the desk: tags, saved replies, macros, views, merges."""

from django.db import models
from django.db.models.functions import Lower

from hark.conversations.models.talk import Case
from hark.organisation.models import Agent, Brand, Inbox, Team


class Tag(models.Model):
    """A word that agents put on cases. A retired one stays where it is and is not offered any more."""

    id = models.BigAutoField(primary_key=True)
    key = models.TextField(unique=True)
    name = models.TextField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(Lower("name"), name="tag_name")]


class CaseTag(models.Model):
    """A tag on a case."""

    id = models.BigAutoField(primary_key=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    tag = models.ForeignKey(Tag, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(name="casetag_case_tag", fields=["case", "tag"])]
        indexes = [models.Index(name="casetag_tag", fields=["tag", "case"])]


class SavedReply(models.Model):
    """A text with variables that agents put into their answers: of one brand or all, in some inboxes or all."""

    id = models.BigAutoField(primary_key=True)
    key = models.TextField(unique=True)
    title = models.TextField()
    text = models.TextField()
    brand = models.ForeignKey(Brand, null=True, on_delete=models.PROTECT, related_name="+")
    inboxes = models.ManyToManyField(Inbox, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(Lower("title"), name="savedreply_title")]


class Macro(models.Model):
    """A reply (perhaps none) and acts (pairs of a word and a value), done together with one key."""

    id = models.BigAutoField(primary_key=True)
    key = models.TextField(unique=True)
    title = models.TextField()
    text = models.TextField(default="", blank=True)
    acts = models.JSONField(default=list)
    inboxes = models.ManyToManyField(Inbox, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(Lower("title"), name="macro_title")]


class SavedView(models.Model):
    """A filter over cases under a name: of one agent, or of a team. `filter` is a CaseFilter as it is written."""

    id = models.BigAutoField(primary_key=True)
    key = models.TextField(unique=True)
    name = models.TextField()
    owner = models.ForeignKey(Agent, null=True, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    filter = models.TextField(default="", blank=True)
    place = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="savedview_of_one_or_a_team",
                condition=models.Q(owner__isnull=True, team__isnull=False)
                | models.Q(owner__isnull=False, team__isnull=True),
            )
        ]
        indexes = [models.Index(name="savedview_owner", fields=["owner", "place", "id"])]


class CaseMerge(models.Model):
    """One case put into another. `moved` holds the rows that went over and how both cases stood, to undo it exactly."""

    id = models.BigAutoField(primary_key=True)
    key = models.TextField(unique=True)
    survivor = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    absorbed = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)
    moved = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="casemerge_one_live", fields=["absorbed"], condition=models.Q(undone_at__isnull=True)
            ),
            models.CheckConstraint(name="casemerge_two_cases", condition=~models.Q(survivor=models.F("absorbed"))),
        ]
