"""Who we are: brands, inboxes, connected channels, teams and agents; their sessions, and the audit of their acts."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower

from hark.organisation.types import RIGHTS_OF, TEMPERS, ChannelState, PublicSignature, Right, Role, known_rights


class Organisation(models.Model):
    """The one organisation of this installation; its row is written by the first run.

    `mailbox` sends the desk's own mails; none: the desk writes none. `sealed_push_key` is made at its first use.
    """

    name = models.TextField()
    set_up_at = models.DateTimeField()
    only_one = models.BooleanField(default=True, unique=True)
    mailbox = models.ForeignKey("Channel", null=True, on_delete=models.PROTECT, related_name="+")
    notices_name_cases = models.BooleanField(default=False, db_default=False)  # outside Hark: who wrote, about what
    sealed_push_key = models.BinaryField(default=b"", db_default=b"")

    class Meta:
        constraints = [models.CheckConstraint(name="organisation_only_one", condition=models.Q(only_one=True))]


class Brand(models.Model):
    """What we listen for and sign as. Lists are short and edited as a whole.

    `terms` are saved searches: objects with kind, text and on (`listening.terms_of` reads them). Uninvited: an answer
    in public to somebody who did not speak to us, to one person at most once in so many days.
    """

    key = models.TextField(unique=True)
    name = models.TextField(unique=True)
    about = models.TextField(default="")
    handles = models.JSONField(default=list)
    products = models.JSONField(default=list)
    exclude = models.JSONField(default=list)
    own_numbers = models.JSONField(default=list, db_default=[])  # what its orders and parcels look like
    language = models.TextField(default="en")
    colour = models.TextField(default="#0f6b5f")
    public_signature = models.TextField(
        choices=PublicSignature, default=PublicSignature.NOBODY, db_default=PublicSignature.NOBODY
    )
    terms = models.JSONField(default=list, db_default=[])
    uninvited_days = models.PositiveSmallIntegerField(default=30, db_default=30)
    uninvited_per_hour = models.PositiveSmallIntegerField(default=10, db_default=10)  # over one channel; 0: none

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="brand_public_signature", condition=models.Q(public_signature__in=PublicSignature.values)
            )
        ]


class BrandReading(models.Model):
    """What a brand adds to how its messages are read. `version` grows with every change that a reading may rest on.

    `words` are patterns by list (`WordList`), `intents_off` the shipped intents that do not count. Tags, skills and
    saved replies are named by their keys, because their rooms stand above; one that is gone asks for nothing.
    """

    brand = models.OneToOneField(Brand, primary_key=True, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField(default=1)
    words = models.JSONField(default=dict)
    intents_off = models.JSONField(default=list)
    buying_tag = models.TextField(default="")
    buying_skill = models.TextField(default="")
    thanks = models.TextField(default="")


class BrandIntent(models.Model):
    """An intent of a brand's own, told by a handful of examples, and what follows from it."""

    key = models.TextField(unique=True)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+")
    name = models.TextField()
    examples = models.JSONField(default=list)
    tag = models.TextField(default="")
    skill = models.TextField(default="")
    reply = models.TextField(default="")

    class Meta:
        constraints = [models.UniqueConstraint("brand", Lower("name"), name="brandintent_name")]


class MoodPlan(models.Model):
    """How a brand answers a mood: how much of the promised time, by whom, in which tone, and who is told."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+")
    level = models.TextField()
    reply_percent = models.PositiveSmallIntegerField(default=100)
    skill = models.TextField(default="")
    tone = models.TextField(default="")
    tells_seniors = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="moodplan_brand_level", fields=["brand", "level"]),
            models.CheckConstraint(name="moodplan_level", condition=models.Q(level__in=TEMPERS)),
            models.CheckConstraint(
                name="moodplan_bounded", condition=models.Q(reply_percent__gte=25, reply_percent__lte=100)
            ),
        ]


class Team(models.Model):
    """Agents together."""

    key = models.TextField(unique=True)
    name = models.TextField(unique=True)


class Inbox(models.Model):
    """What agents see and admins configure. Several channels feed one inbox."""

    key = models.TextField(unique=True)
    name = models.TextField(unique=True)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+")
    teams = models.ManyToManyField(Team, related_name="+")
    only_assigned = models.BooleanField(default=False)
    second_factor = models.BooleanField(default=False, db_default=False)  # asked of everybody who sees this inbox
    undo_seconds = models.PositiveIntegerField(default=15)
    first_response_seconds = models.PositiveIntegerField(default=900)
    next_response_seconds = models.PositiveIntegerField(default=1800)
    again_days = models.PositiveSmallIntegerField(default=14, db_default=14)  # contacts on one matter count; 0: never


class OwnRole(models.Model):
    """A role of the organisation's own making: a name and some of the rights."""

    key = models.TextField(unique=True)
    name = models.TextField(unique=True)
    rights = models.JSONField(default=list)


class AgentManager(BaseUserManager["Agent"]):
    """Agents come with their own role, so that asking for a right asks the database nothing."""

    def get_queryset(self) -> models.QuerySet["Agent"]:
        """With the own role in the same statement."""
        return super().get_queryset().select_related("own_role")

    def get_by_natural_key(self, username: str | None) -> "Agent":
        """The agent with this e-mail address, whatever its case."""
        return self.get(email__iexact=username)


class Agent(AbstractBaseUser):
    """A person who works here; never a contact and never a machine.

    `own_role` goes before `role`, which is then the least of the given ones.
    """

    key = models.TextField(unique=True)
    email = models.EmailField(unique=True)
    name = models.TextField()
    role = models.TextField(choices=Role, default=Role.AGENT)
    own_role = models.ForeignKey(OwnRole, null=True, on_delete=models.PROTECT, related_name="agents")
    teams = models.ManyToManyField(Team, related_name="agents")
    is_active = models.BooleanField(default=True)
    time_zone = models.TextField(default="UTC")
    languages = models.JSONField(default=list)
    needs_approval = models.BooleanField(default=False, db_default=False)  # of what he writes in public

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]
    objects = AgentManager()

    class Meta:
        constraints = [models.CheckConstraint(name="agent_role", condition=models.Q(role__in=Role.values))]

    @property
    def rights(self) -> frozenset[Right]:
        """What this person's role allows."""
        if self.own_role:
            return known_rights(self.own_role.rights)
        return RIGHTS_OF[Role(self.role)]

    @property
    def role_name(self) -> str:
        """The role in words."""
        return self.own_role.name if self.own_role else Role(self.role).label

    def may(self, *rights: Right) -> bool:
        """Does the role allow one of these?"""
        return not self.rights.isdisjoint(rights)


class SignIn(models.Model):
    """A session as its person sees it: from which device and address, since when. Forgotten once that is over."""

    key = models.TextField(unique=True)
    session_key = models.TextField(unique=True)
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="+")
    device = models.TextField()
    address = models.TextField()
    since_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    active_at = models.DateTimeField(null=True)  # somebody moved a hand in a page of it


class PushSubscription(models.Model):
    """A browser that lets itself be told while no page is open; it ends with the session in which it was asked for.

    Its person has been told of everything up to the notice `told_id`. Nobody tries it before `not_before`: it is being
    told just now, or its service asked for patience, after `failures` attempts one after another.
    """

    key = models.TextField(unique=True)
    endpoint = models.TextField()
    endpoint_hash = models.BinaryField(unique=True)
    p256dh = models.TextField()
    auth = models.TextField()
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="+")
    session_key = models.TextField()
    device = models.TextField()
    since_at = models.DateTimeField()
    told_id = models.BigIntegerField()
    not_before = models.DateTimeField()
    failures = models.PositiveSmallIntegerField(default=0)


class ApiKey(models.Model):
    """A program's way in, for one person: it may what its rights and that person's both allow. The secret is a hash."""

    key = models.TextField(unique=True)
    prefix = models.TextField(unique=True)
    secret_hash = models.BinaryField()
    name = models.TextField()
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="+")
    rights = models.JSONField(default=list)
    inbox = models.ForeignKey(Inbox, null=True, on_delete=models.PROTECT, related_name="+")  # null: all he sees
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    used_from = models.TextField(default="")


class AuditEntry(models.Model):
    """One act that changed rights, settings, channels or keys, or let somebody in; chained to the one before by hashes.

    The table is made by SQL and append-only. `details` hold keys and short words, never what a customer wrote.
    """

    number = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    actor = models.TextField()
    verb = models.TextField()
    subject = models.TextField()
    details = models.JSONField()
    address = models.TextField()
    previous = models.BinaryField()
    hash = models.BinaryField()

    class Meta:
        managed = False
        db_table = "organisation_audit"


class Channel(models.Model):
    """One connected account at a venue. Secrets are sealed; `settings` holds nothing secret.

    `ceiling_micros` is what it may cost in a month, in millionths of what its venue charges in (null: no ceiling);
    `ceiling_reached` the month in which it did, as 2026-11: then it does not listen.
    """

    key = models.TextField(unique=True)
    venue = models.TextField()
    external_id = models.TextField()
    name = models.TextField()
    inbox = models.ForeignKey(Inbox, on_delete=models.PROTECT, related_name="+")
    settings = models.JSONField(default=dict)
    sealed_secrets = models.BinaryField(default=b"")
    state = models.TextField(choices=ChannelState, default=ChannelState.ACTIVE)
    state_reason = models.TextField(default="")
    connected_at = models.DateTimeField()
    needs_approval = models.BooleanField(default=False, db_default=False)  # of what anybody writes here in public
    ceiling_micros = models.BigIntegerField(null=True)
    ceiling_reached = models.TextField(default="", db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="channel_venue_external_id", fields=["venue", "external_id"]),
            models.CheckConstraint(name="channel_state", condition=models.Q(state__in=ChannelState.values)),
            models.CheckConstraint(
                name="channel_ceiling",
                condition=models.Q(ceiling_micros__isnull=True) | models.Q(ceiling_micros__gte=0),
            ),
        ]


class ChannelCost(models.Model):
    """What a channel cost on one day (UTC), in millionths of its currency; `reads` are the posts that reading brought.

    Written in the transaction of the page or the receipt that cost it.
    """

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    currency = models.TextField()
    reading_micros = models.BigIntegerField(default=0)
    sending_micros = models.BigIntegerField(default=0)
    reads = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="channelcost_channel_day_currency", fields=["channel", "day", "currency"]),
        ]


class ChannelHealth(models.Model):
    """What is known of how a channel is, beside its row, which the front door reads again whenever it changes.

    `problems` are sentences of the last check; `usual_gaps` holds, for each hour of the week (UTC, Monday first), the
    longest silence in seconds that is usual then, or null; `silent_since` is the last word before an unusual silence;
    `warnings` say what ends soon, and `told_ending` which of them people were told of.
    """

    channel = models.OneToOneField(Channel, primary_key=True, on_delete=models.PROTECT, related_name="health")
    checked_at = models.DateTimeField(null=True)
    problems = models.JSONField(default=list)
    ends_at = models.DateTimeField(null=True)
    usual_gaps = models.JSONField(default=list)
    learned_at = models.DateTimeField(null=True)
    silent_since = models.DateTimeField(null=True)
    warnings = models.JSONField(default=list, db_default=[])
    told_ending = models.TextField(default="", db_default="")


class ChannelSignIn(models.Model):
    """What a provider has granted a channel because somebody signed in there (OAuth 2).

    Beside the channel's row, because it is locked while the provider is asked for the next access token. `of` names
    the client to which it was granted; `ended_why` is a sentence for administrators.
    """

    channel = models.OneToOneField(Channel, primary_key=True, on_delete=models.PROTECT, related_name="sign_in")
    of = models.TextField()
    sealed_tokens = models.BinaryField(default=b"")
    signed_in_at = models.DateTimeField()
    access_ends_at = models.DateTimeField()
    refresh_ends_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_why = models.TextField(default="")
