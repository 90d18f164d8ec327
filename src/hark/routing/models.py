"""Work items, offers, presence and load."""

from django.db import models
from django.db.models import F, Q

from hark.conversations.models import Case
from hark.organisation.models import Agent, Inbox
from hark.routing.types import CAPACITY_POINTS, Answer, ItemState, PresenceState


class Skill(models.Model):
    """Something a work item may need: a topic, a language, a venue."""

    key = models.TextField(unique=True)
    name = models.TextField()
    kind = models.TextField(default="topic")


class AgentSkill(models.Model):
    """How well an agent holds a skill, 1 to 5."""

    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="+")
    skill = models.ForeignKey(Skill, on_delete=models.PROTECT, related_name="+")
    proficiency = models.SmallIntegerField(default=3)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="agentskill_agent_skill", fields=["agent", "skill"]),
            models.CheckConstraint(name="agentskill_proficiency", condition=Q(proficiency__range=(1, 5))),
        ]


class AgentLoad(models.Model):
    """One row an agent: presence, and the capacity points in use. The one that claims work locks it.

    `presence` is what the agent said; `gone_since` is set while the page has fallen silent without a word. `idle_since`
    is the start of the present turn of waiting for work, null while anything is in hand.
    """

    agent = models.OneToOneField(Agent, primary_key=True, on_delete=models.PROTECT, related_name="+")
    presence = models.TextField(choices=PresenceState, default=PresenceState.OFFLINE)
    presence_reason = models.TextField(default="")
    presence_since = models.DateTimeField()
    heartbeat_at = models.DateTimeField()
    capacity_points = models.SmallIntegerField(default=CAPACITY_POINTS)
    used_points = models.SmallIntegerField(default=0)
    last_offered_at = models.DateTimeField(null=True)
    idle_since = models.DateTimeField(null=True)
    gone_since = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="agentload_within_capacity",
                condition=Q(used_points__gte=0) & Q(used_points__lte=F("capacity_points")),
            ),
            models.CheckConstraint(name="agentload_presence", condition=Q(presence__in=PresenceState.values)),
        ]


class WorkItem(models.Model):
    """What routing sees of a case that needs somebody. `arrived_at` never changes, however often it is offered.

    `points` is what it costs the agent in hand; `placed_at` is when the newest message that asks for it was placed.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.TextField(unique=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    inbox = models.ForeignKey(Inbox, on_delete=models.PROTECT, related_name="+")
    kind = models.TextField()
    points = models.SmallIntegerField()
    skills = models.JSONField(default=list)
    state = models.TextField(choices=ItemState, default=ItemState.QUEUED)
    agent = models.ForeignKey(Agent, null=True, on_delete=models.PROTECT, related_name="+")
    arrived_at = models.DateTimeField()
    target_seconds = models.IntegerField()
    placed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    excluded = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.CheckConstraint(name="workitem_state", condition=Q(state__in=ItemState.values)),
            models.CheckConstraint(
                name="workitem_held_by_somebody",
                condition=Q(state__in=["offered", "accepted"], agent__isnull=False)
                | Q(state__in=["queued", "done", "cancelled"]),
            ),
            models.UniqueConstraint(
                name="workitem_one_live_per_case",
                fields=["case"],
                condition=Q(state__in=["queued", "offered", "accepted"]),
            ),
        ]
        indexes = [
            models.Index(name="workitem_waiting", fields=["inbox", "arrived_at"], condition=Q(state="queued")),
            models.Index(name="workitem_in_hand", fields=["agent"], condition=Q(state__in=["offered", "accepted"])),
        ]


class Offer(models.Model):
    """A proposal of one item to one agent, and, once accepted, the assignment until `ended_at`.

    `reason` is what people may read; `inputs` is what the policy saw, kept to come to the same agent again.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.TextField(unique=True)
    item = models.ForeignKey(WorkItem, on_delete=models.PROTECT, related_name="offers")
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="+")
    offered_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    answer = models.TextField(choices=Answer, default="", blank=True)
    answered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    answer_reason = models.TextField(default="")
    reason = models.JSONField(default=dict)
    inputs = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="offer_one_live_per_item", fields=["item"], condition=Q(ended_at__isnull=True)
            ),
        ]
        indexes = [
            models.Index(name="offer_open", fields=["expires_at"], condition=Q(answer="", ended_at__isnull=True)),
            models.Index(name="offer_agent_newest", fields=["agent", "-id"]),
        ]
