"""Cases, conversations, messages, their readings and clocks, and what agents write on them."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from hark.clocks.types import ClockKind
from hark.contacts.models import Contact, Identity
from hark.conversations.types import MAIL, Direction, Status, Visibility
from hark.delivery.models import OutboxItem
from hark.intake.models import Arrival
from hark.organisation.models import Agent, Channel, Inbox, Team


class Case(models.Model):
    """One contact's one problem over 1..n conversations.

    `due_at` repeats the soonest running clock, `last_*` the newest message, because every list is ordered and drawn by
    them; both are written in the transaction of what changed them. `version` grows with every change that a page shows.
    A merged case has no conversations any more and leads to the one it was merged into. `again` is how many times the
    person has come about this matter, from the third on; 0 before. `kind` is the weightiest that was said in it.
    `plan` is the mood whose response plan holds, `plan_words` what follows from it; empty: nothing special. `spam`: it
    was resolved as spam.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.TextField(unique=True)
    title = models.TextField()
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="+")
    inbox = models.ForeignKey(Inbox, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    assignee = models.ForeignKey(Agent, null=True, on_delete=models.PROTECT, related_name="+")
    status = models.TextField(choices=Status, default=Status.OPEN)
    opened_because = models.TextField(default="")
    opened_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    snoozed_until = models.DateTimeField(null=True)
    merged_into = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    mood_at_opening = models.TextField(default="calm")
    mood_at_closing = models.TextField(default="")
    last_message_at = models.DateTimeField()
    last_inbound_at = models.DateTimeField(null=True)
    last_text = models.TextField(default="")
    last_kind = models.TextField(default="")
    version = models.BigIntegerField(default=1)
    again = models.SmallIntegerField(default=0, db_default=0)
    kind = models.TextField(default="", db_default="")
    plan = models.TextField(default="", db_default="")
    plan_words = models.TextField(default="", db_default="")
    spam = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(name="case_status", condition=models.Q(status__in=Status.values)),
            models.CheckConstraint(
                name="case_merged_is_resolved",
                condition=models.Q(merged_into__isnull=True) | models.Q(status=Status.RESOLVED),
            ),
        ]
        indexes = [
            models.Index(
                name="case_snoozed", fields=["snoozed_until"], condition=models.Q(snoozed_until__isnull=False)
            ),
            models.Index(name="case_inbox_due", fields=["inbox", "status", "due_at", "id"]),
            models.Index(name="case_assignee_due", fields=["assignee", "status", "due_at", "id"]),
            models.Index(name="case_contact", fields=["contact", "-opened_at"]),
            models.Index(name="case_alive_due", fields=["due_at", "id"], condition=~models.Q(status=Status.RESOLVED)),
            models.Index(name="case_again_due", fields=["due_at", "id"], condition=models.Q(again__gt=0)),
        ]


class Conversation(models.Model):
    """One thread at one venue. Without a case it belongs to the stream.

    `branch_of`: a second case in the thread of that conversation; its own `thread_key` is known here only.
    `outside`: with somebody who is asked about the case. It is not the customer's, who never sees it.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.TextField(unique=True)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+")
    thread_key = models.TextField()
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="conversations")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="+")
    subject = models.TextField(default="")
    branch_of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    outside = models.BooleanField(default=False, db_default=False)
    first_responded_at = models.DateTimeField(null=True)
    last_inbound_at = models.DateTimeField(null=True)
    last_outbound_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="conversation_channel_thread", fields=["channel", "thread_key"]),
            models.CheckConstraint(name="conversation_thread_key_not_empty", condition=~models.Q(thread_key="")),
        ]
        indexes = [
            models.Index(name="conversation_contact", fields=["contact"]),
            models.Index(name="conversation_branch", fields=["branch_of"], condition=models.Q(branch_of__isnull=False)),
        ]

    @property
    def venue_thread(self) -> str:
        """What the thread is called where it goes. Answers by mail are told apart by a name of the branch's own."""
        return self.thread_key if self.branch_of is None or self.channel.venue == MAIL else self.branch_of.thread_key

    @property
    def visitor_key(self) -> str:
        """The conversation that a visitor's page follows."""
        return self.key if self.branch_of is None else self.branch_of.key


class Message(models.Model):
    """One utterance: post, comment, review, mail, chat line, answer. Notes are not messages: they never leave.

    Ours has `agent` and `outbox_item` (its delivery state is read from there) and gets its `external_id` when the venue
    has taken it; answered in the venue's own app it has `native`. `automatic`: no person wrote it. `change_item` is a
    change of ours that the venue has not made yet; afterwards there is none. `moved`: with it we took a public talk to
    private. Of a customer's `reply_until` is when the venue stops taking answers, `policy` its tags for that, `spam`
    what the newest `SpamMark` says.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.TextField(unique=True)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+")
    conversation = models.ForeignKey(Conversation, on_delete=models.PROTECT, related_name="messages")
    arrival = models.ForeignKey(Arrival, null=True, on_delete=models.PROTECT, related_name="+")
    external_id = models.TextField(null=True)
    parent_id = models.TextField(default="")
    identity = models.ForeignKey(Identity, null=True, on_delete=models.PROTECT, related_name="+")
    agent = models.ForeignKey(Agent, null=True, on_delete=models.PROTECT, related_name="+")
    outbox_item = models.OneToOneField(OutboxItem, null=True, on_delete=models.PROTECT, related_name="+")
    change_item = models.ForeignKey(OutboxItem, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    native = models.BooleanField(default=False)
    direction = models.TextField(choices=Direction)
    visibility = models.TextField(choices=Visibility)
    kind = models.TextField()
    text = models.TextField()
    sent_at = models.DateTimeField()
    received_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    permalink = models.TextField(default="")
    rating = models.SmallIntegerField(null=True)
    quote_from = models.IntegerField(null=True)  # from this code point of the text on it is a quotation
    targets_us = models.TextField(default="none")
    problem = models.TextField(default="")
    backfilled = models.BooleanField(default=False)
    automatic = models.BooleanField(default=False, db_default=False)
    reply_until = models.DateTimeField(null=True)
    policy = ArrayField(models.TextField(), default=list, db_default=[])
    moved = models.BooleanField(default=False, db_default=False)
    spam = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="message_channel_external_id", fields=["channel", "external_id"]),
            models.CheckConstraint(name="message_external_id_not_empty", condition=~models.Q(external_id="")),
            models.CheckConstraint(name="message_visibility", condition=models.Q(visibility__in=Visibility.values)),
            models.CheckConstraint(
                name="message_has_an_author",
                condition=models.Q(direction="in", identity__isnull=False)
                | models.Q(direction="out", agent__isnull=False)
                | models.Q(direction="out", native=True)
                | models.Q(direction="out", automatic=True),
            ),
        ]
        indexes = [
            models.Index(name="message_conversation_sent", fields=["conversation", "sent_at", "id"]),
            models.Index(name="message_identity_sent", fields=["identity", "-sent_at"]),
            models.Index(name="message_channel_newest", fields=["channel", "-id"]),
            models.Index(name="message_moved", fields=["conversation"], condition=models.Q(moved=True)),
            models.Index(name="message_spam", fields=["-id"], condition=models.Q(spam=True)),
            BrinIndex(
                name="message_received", fields=["received_at"], autosummarize=True
            ),  # for counts by hour and week
        ]


class MessageVersion(models.Model):
    """An earlier text of an edited or deleted message; `agent` changed it, where one of us did."""

    id = models.BigAutoField(primary_key=True)
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="versions")
    text = models.TextField()
    replaced_at = models.DateTimeField()
    agent = models.ForeignKey(Agent, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)


class Tombstone(models.Model):
    """A deletion that came before its message: when that one comes late, it is shown as deleted."""

    id = models.BigAutoField(primary_key=True)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+")
    external_id = models.TextField()
    deleted_at = models.DateTimeField()
    purge = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(name="tombstone_channel_external_id", fields=["channel", "external_id"])]


class Reading(models.Model):
    """What one model version read in one message; never recomputed silently.

    The columns are what lists and reports ask daily; `data` is the whole reading with its probabilities and reasons.
    """

    id = models.BigAutoField(primary_key=True)
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="readings")
    model_version = models.TextField()
    language = models.TextField()
    relevance = models.TextField(default="")
    sentiment = models.TextField()
    urgency = models.TextField()
    complaint = models.FloatField()
    score = models.FloatField(null=True)
    duplicate_key = models.TextField()
    kind = models.TextField(default="", db_default="")
    data = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(name="reading_message_version", fields=["message", "model_version"])]
        indexes = [
            models.Index(name="reading_same_words", fields=["duplicate_key", "-id"]),
            models.Index(name="reading_unsure", fields=["-id"], condition=models.Q(relevance="unsure")),
        ]


class Correction(models.Model):
    """What an agent changed in a reading; append-only."""

    id = models.BigAutoField(primary_key=True)
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="corrections")
    field = models.TextField()
    old_value = models.TextField()
    old_p = models.FloatField(null=True)
    new_value = models.TextField()
    model_version = models.TextField()
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(name="correction_field_newest", fields=["field", "-id"])]


class Clock(models.Model):
    """One promise on a case, running until `stopped_at`. `warned_at`: its holder was told that it is about to break."""

    id = models.BigAutoField(primary_key=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="clocks")
    conversation = models.ForeignKey(Conversation, null=True, on_delete=models.PROTECT, related_name="+")
    kind = models.TextField(choices=ClockKind)
    segment = models.IntegerField(default=1)
    target_seconds = models.IntegerField()
    started_at = models.DateTimeField()
    due_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)
    warned_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="clock_case_conversation_kind_segment",
                fields=["case", "conversation", "kind", "segment"],
                nulls_distinct=False,
            )
        ]
        indexes = [models.Index(name="clock_running", fields=["due_at"], condition=models.Q(stopped_at__isnull=True))]


class Note(models.Model):
    """What agents tell each other on a case; never leaves the house."""

    id = models.BigAutoField(primary_key=True)
    key = models.TextField(unique=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="notes")
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    at = models.DateTimeField()


class Draft(models.Model):
    """What an agent has typed and not sent, per case and kind: what was meant for one reader is shown to no other."""

    id = models.BigAutoField(primary_key=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="+")
    kind = models.TextField()
    text = models.TextField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(name="draft_case_agent_kind", fields=["case", "agent", "kind"])]
