"""Who can be asked outside, from where, about which messages; and who may not be."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from hark.channels.accounts import caps_of
from hark.channels.types import Caps
from hark.contacts.models import Identity
from hark.conversations.models import Case, Conversation, Message
from hark.conversations.queries.access import messages_visible_to
from hark.conversations.queries.files import FileShown, files_of_messages
from hark.delivery.types import OutboxState
from hark.kernel.errors import HarkError
from hark.organisation.models import Agent, Channel
from hark.organisation.types import ChannelState

MAIL = "email"
MOST = 200


@dataclass(frozen=True, slots=True)
class Forwardable:
    """A message that can be forwarded, with its files."""

    message: Message
    files: tuple[FileShown, ...]


def mailboxes_for(case: Case) -> list[Channel]:
    """The mailboxes of the case's brand that can send, those of its own inbox first."""
    ours = Channel.objects.filter(venue=MAIL, inbox__brand=case.inbox.brand_id, state=ChannelState.ACTIVE)
    return sorted(
        (one for one in ours.order_by("pk") if _caps(one).private), key=lambda one: one.inbox_id != case.inbox_id
    )


def told_in(agent: Agent, case: Case) -> QuerySet[Message]:
    """What the customer and we have said in a case, as far as it has left: no notes, nothing deleted or outside."""
    left = Q(outbox_item__isnull=True) | Q(outbox_item__state=OutboxState.SENT)
    said = messages_visible_to(agent).filter(left, conversation__case=case, conversation__outside=False)
    return said.filter(deleted_at=None).select_related("channel", "identity", "agent", "conversation")


def forwardable(agent: Agent, case: Case) -> list[Forwardable]:
    """The newest messages that can be forwarded, oldest first. Two queries."""
    newest = list(told_in(agent, case).order_by("-sent_at", "-id")[:MOST])
    files = files_of_messages(one.pk for one in newest)
    return [Forwardable(one, _here(files.get(one.pk, ()))) for one in reversed(newest)]


def newest_of(case: Case) -> int:
    """The newest message of the case: what a page has seen when it shows all of it."""
    newest = Message.objects.filter(conversation__case=case).order_by("-pk").values_list("pk", flat=True).first()
    return newest or 0


def why_not_outside(case: Case, address: str) -> str:
    """Why somebody with this address cannot be asked outside; empty where he can."""
    if is_ours(address):
        return "This is one of your own mailboxes."
    talks = Conversation.objects.filter(case=case, outside=False)
    takes_part = Q(contact=case.contact_id) | Q(pk__in=talks.values("participants__identity"))
    if Identity.objects.filter(takes_part, network=MAIL, key=address).exists():
        return "This person takes part in the talk with the customer. Answer there instead."
    return ""


def is_ours(address: str) -> bool:
    """Is it one of our own mailboxes, or a reply address of one?"""
    local, _, domain = address.rpartition("@")
    plain = f"{local.partition('+')[0]}@{domain}"
    return Channel.objects.filter(Q(external_id__iexact=address) | Q(external_id__iexact=plain), venue=MAIL).exists()


def is_outside(case: Case, address: str) -> bool:
    """Is somebody with this address asked outside about the case?"""
    return Conversation.objects.filter(case=case, outside=True, participants__identity__key=address).exists()


def _here(files: Sequence[FileShown]) -> tuple[FileShown, ...]:
    return tuple(file for file in files if file.state == "stored")


def _caps(channel: Channel) -> Caps:
    try:
        return caps_of(channel)
    except HarkError:  # its secrets do not open
        return Caps()
