"""Who looks at a case, who follows it, what concerns whom."""

from django.db import models

from hark.conversations.models.talk import Case
from hark.conversations.types import NoticeKind
from hark.organisation.models import Agent, Channel


class Looking(models.Model):
    """Who has a case on the screen just now, one row a tab, until `until`. Unlogged: worth nothing after a crash."""

    id = models.BigAutoField(primary_key=True)
    tab = models.TextField()
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="+")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    until = models.DateTimeField()
    typing = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(name="looking_agent_tab", fields=["agent", "tab"])]


class Follow(models.Model):
    """An agent wants to hear what happens on a case."""

    id = models.BigAutoField(primary_key=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(name="follow_case_agent", fields=["case", "agent"])]


class Notice(models.Model):
    """Something about a case or a channel that concerns one agent, made from one event; `what` is that event's kind.

    `media` are the ways in which he wanted to hear of it at that hour.
    """

    id = models.BigAutoField(primary_key=True)
    agent = models.ForeignKey(Agent, db_index=False, on_delete=models.PROTECT, related_name="+")
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="+")
    channel = models.ForeignKey(Channel, null=True, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(Agent, null=True, on_delete=models.PROTECT, related_name="+")
    kind = models.TextField(choices=NoticeKind)
    what = models.TextField()
    event_id = models.BigIntegerField()
    media = models.JSONField(default=list)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="notice_agent_event", fields=["agent", "event_id"]),
            models.CheckConstraint(
                name="notice_case_or_channel",
                condition=models.Q(case__isnull=True) ^ models.Q(channel__isnull=True),
            ),
        ]
        indexes = [
            models.Index(name="notice_agent_newest", fields=["agent", "-id"]),
            models.Index(name="notice_unread", fields=["agent", "case"], condition=models.Q(read_at__isnull=True)),
        ]


class NoticeWishes(models.Model):
    """How an agent wants to hear: media by kind of notice, and his hours in his zone. No row: see `types.UNASKED`.

    Up to the notice `mailed_id` everything that he wanted by e-mail is in the out-box, or was read before.
    """

    agent = models.OneToOneField(Agent, primary_key=True, on_delete=models.PROTECT, related_name="+")
    media = models.JSONField(default=dict)
    days = models.JSONField(default=list)
    from_time = models.TimeField(null=True)
    until_time = models.TimeField(null=True)
    mailed_id = models.BigIntegerField(default=0, db_default=0)
