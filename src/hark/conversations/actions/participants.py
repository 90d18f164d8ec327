"""Who takes part in a mail conversation: let in by an agent, copied in, or no longer copied."""

from django.db import transaction

from hark.contacts.actions import recognise
from hark.contacts.models import Identity
from hark.contacts.types import SeenAuthor
from hark.conversations.actions.standing import acting_agent, locked_case
from hark.conversations.addresses import one_address
from hark.conversations.errors import CannotCopyIn
from hark.conversations.models import Case, Conversation, Message, Participant
from hark.conversations.queries.access import conversations_visible_to, messages_visible_to
from hark.conversations.queries.outside import MAIL, is_ours, is_outside
from hark.conversations.types import Author
from hark.kernel.actions import record
from hark.kernel.errors import NotFound
from hark.kernel.time import database_now
from hark.kernel.types import NewEvent
from hark.organisation.models import Agent
from hark.organisation.types import Right

LONGEST_NAME = 100


@transaction.atomic
def admit(*, message_id: int, author: Author) -> Message:
    """Let the writer of this message take part in its conversation: from now on he may be answered. Idempotent.

    One transaction. Raises NotFound, NotAllowed.
    """
    agent = acting_agent(author, Right.ANSWER)
    message = messages_visible_to(agent).select_related("conversation").filter(pk=message_id).first()
    if message is None or message.conversation.case_id is None:
        raise NotFound
    case = locked_case(agent, message.conversation.case_id)
    waiting = Participant.objects.filter(
        conversation=message.conversation_id, identity=message.identity_id, pending=True
    )
    if waiting.update(pending=False, admitted_by=agent, admitted_at=database_now()):
        what = {"case": case.key, "message": message.key}
        record([NewEvent("participant.admitted", case.key, author.agent_key, case.inbox_id, data=what)])
    return message


@transaction.atomic
def copy_in(*, conversation_id: int, address: str, author: Author, name: str = "") -> Participant:
    """Let somebody have a copy of every reply in this conversation from now on; he is let in by it. Idempotent.

    Whoever takes part already hears of what the others are told, so he is copied too, until an agent says otherwise.
    Somebody who is asked outside about the case is not copied in. One transaction. Raises NotFound, NotAllowed,
    CannotCopyIn.
    """
    agent = acting_agent(author, Right.ANSWER)
    place = _talk(agent, conversation_id)
    given = one_address(address)
    _check(place, given)
    person = person_of(given, name)
    case = _locked(agent, place)
    let_in = {"pending": False, "copied": True, "admitted_by": agent, "admitted_at": database_now()}
    there, _ = Participant.objects.update_or_create(conversation=place, identity=person, defaults=let_in)
    Participant.objects.filter(conversation=place, pending=False).update(copied=True)
    _tell(case, place, author, "participant.copied")
    return there


@transaction.atomic
def stop_copying(*, conversation_id: int, participant_id: int, author: Author) -> None:
    """Send somebody no more copies; he still takes part, and may be answered. Idempotent.

    One transaction. Raises NotFound, NotAllowed.
    """
    agent = acting_agent(author, Right.ANSWER)
    place = _talk(agent, conversation_id)
    case = _locked(agent, place)
    mine = Participant.objects.filter(pk=participant_id, conversation=place)
    if not mine.exists():
        raise NotFound
    if mine.filter(copied=True).update(copied=False):
        _tell(case, place, author, "participant.no_copies")


def person_of(address: str, name: str = "") -> Identity:
    """The person of a mail address. A name that an agent has typed names only whom nobody knows yet."""
    known = Identity.objects.filter(network=MAIL, scope="", key=address).first()
    if known is not None:
        return known
    named = " ".join(name.replace("\0", "").split())[:LONGEST_NAME] or address
    [new] = recognise([SeenAuthor(MAIL, "", address, handle=address, name=named)])
    return Identity.objects.get(pk=new.identity_id)


def _talk(agent: Agent, conversation_id: int) -> Conversation:
    """A mail conversation with the customer."""
    mails = conversations_visible_to(agent).filter(channel__venue=MAIL, outside=False, case__isnull=False)
    found = mails.filter(pk=conversation_id).select_related("case").first()
    if found is None:
        raise NotFound
    return found


def _locked(agent: Agent, place: Conversation) -> Case:
    """The case, locked after its conversation."""
    Conversation.objects.select_for_update(no_key=True).get(pk=place.pk)
    return locked_case(agent, place.case_id or 0)


def _check(place: Conversation, address: str) -> None:
    if not address:
        raise CannotCopyIn("Write one e-mail address, such as ann@example.org.")
    if is_ours(address):
        raise CannotCopyIn("This is one of your own mailboxes.")
    if place.case and is_outside(place.case, address):
        raise CannotCopyIn("This person is asked outside about the case. What the customer reads must not go there.")


def _tell(case: Case, place: Conversation, author: Author, kind: str) -> None:
    what = {"case": case.key, "conversation": place.key}
    record([NewEvent(kind, case.key, author.agent_key, case.inbox_id, data=what)])
