"""Two cases in one thread of a venue: each has a conversation of its own there, and the customer sees one thread.

A branch is a conversation with a name that no venue gives; what leaves by it goes into the thread of its root. What the
customer writes there comes in under the root's name and is given to the case that it answers.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from django.db import transaction
from django.db.models import Max, Q

from hark.conversations.actions import clocks
from hark.conversations.actions.drawing import changed_by_move
from hark.conversations.actions.folding import ThreadState
from hark.conversations.actions.letters import hash_of
from hark.conversations.actions.standing import acting_agent, locked_case
from hark.conversations.errors import NothingToMove
from hark.conversations.models import Case, Clock, Conversation, Message, Participant, ThreadRef
from hark.conversations.queries.access import cases_visible_to
from hark.conversations.queries.branches import roots_of
from hark.conversations.types import Author, Direction, IncomingMessage, Status
from hark.kernel.ids import public_key
from hark.organisation.models import Agent
from hark.organisation.types import Right

ThreadKey = tuple[int, str]


def give_to_branches(
    keys: Sequence[ThreadKey], messages: Sequence[IncomingMessage], threads: Mapping[ThreadKey, ThreadState]
) -> list[ThreadKey]:
    """The conversation of each message where its thread holds several cases: the one whose message it answers.

    Where the venue does not tell, that of the newest case that is not resolved, else of the newest. A mail has said by
    its references already which it means. `threads` hold roots with their branches, locked. No query without branches.
    """
    beside: dict[int, list[ThreadKey]] = defaultdict(list)
    for key, thread in threads.items():
        if thread.branch_of is not None:
            beside[thread.branch_of].append(key)
    if not beside:
        return list(keys)
    homes = [threads[key].id for keys_of in beside.values() for key in keys_of]
    newest = _by_newness([*homes, *beside])
    answered = _answered([*homes, *beside], messages)
    by_id = {thread.id: key for key, thread in threads.items()}
    chosen = []
    for key, one in zip(keys, messages, strict=True):
        thread = threads[key]
        there = [thread.id, *(threads[each].id for each in beside.get(thread.id, ()))]
        mean = answered.get((one.channel_id, one.parent_id)) if one.parent_id else None
        if len(there) > 1 and not (one.letter and one.channel_id == key[0]):
            chosen.append(by_id[mean if mean in there else min(there, key=newest.index)])
            threads[chosen[-1]].visitor = thread.key
        else:
            chosen.append(key)
    return chosen


def _by_newness(conversations: Iterable[int]) -> list[int]:
    """Conversations, those of open cases first, then the newest case first."""
    rows = Conversation.objects.filter(pk__in=list(conversations)).values_list("pk", "case__status", "case_id")
    return [pk for pk, _, _ in sorted(rows, key=lambda row: (row[1] == Status.RESOLVED, -(row[2] or 0)))]


def _answered(conversations: Iterable[int], messages: Iterable[IncomingMessage]) -> dict[tuple[int, str], int]:
    """Where the messages lie that these say they answer."""
    parents = {one.parent_id for one in messages if one.parent_id}
    if not parents:
        return {}
    rows = Message.objects.filter(conversation__in=list(conversations), external_id__in=parents)
    named = rows.values_list("channel", "external_id", "conversation")
    return {(channel, name or ""): home for channel, name, home in named}


def branch_off(conversation: Conversation, begins: Message, case: Case) -> Conversation:
    """A conversation of `case` in the same thread, with all that was said there since `begins`.

    In the caller's transaction, which has locked the conversation and its case.
    """
    branch = Conversation.objects.create(
        key=public_key("conv"),
        channel_id=conversation.channel_id,
        thread_key=f"branch:{public_key('thread')}",
        branch_of_id=conversation.branch_of_id or conversation.pk,
        case=case,
        contact_id=conversation.contact_id,
        subject=conversation.subject,
        first_responded_at=conversation.first_responded_at,
    )
    for person in Participant.objects.filter(conversation=conversation):
        person.pk, person.conversation = None, branch
        person.save(force_insert=True)
    _move(conversation, branch, since(conversation, begins))
    return branch


def since(conversation: Conversation, begins: Message) -> list[Message]:
    """A message and all that was said after it in its conversation."""
    later = Q(sent_at__gt=begins.sent_at) | Q(sent_at=begins.sent_at, pk__gte=begins.pk)
    return list(conversation.messages.filter(later).order_by("sent_at", "pk"))


def _move(origin: Conversation, to: Conversation, messages: Sequence[Message]) -> None:
    """Hang messages into another conversation of the thread, with the names by which mails speak of them."""
    Message.objects.filter(pk__in=[one.pk for one in messages]).update(conversation=to)
    names = [hash_of(one.external_id) for one in messages if one.external_id]
    ThreadRef.objects.filter(conversation=origin, hash__in=names).update(conversation=to)
    for each in (origin, to):
        _say_when(each)
    _move_clock(origin, to, messages)


def _say_when(conversation: Conversation) -> None:
    there = Message.objects.filter(conversation=conversation, deleted_at=None, automatic=False)
    when = there.aggregate(
        theirs=Max("sent_at", filter=Q(direction=Direction.INBOUND)),
        ours=Max("outbox_item__sent_at", filter=Q(direction=Direction.OUTBOUND)),
        native=Max("sent_at", filter=Q(direction=Direction.OUTBOUND, native=True)),
    )
    conversation.last_inbound_at = when["theirs"]
    conversation.last_outbound_at = max(filter(None, (when["ours"], when["native"])), default=None)
    conversation.save(update_fields=["last_inbound_at", "last_outbound_at"])


def _move_clock(origin: Conversation, to: Conversation, messages: Sequence[Message]) -> None:
    """A promise to answer these goes with them; one that began before stays, and theirs begins where they stand now."""
    running = Clock.objects.filter(conversation=origin, stopped_at=None, kind__in=clocks.RESPONSES).first()
    answer = to.last_outbound_at
    theirs = (
        one for one in messages if one.direction == Direction.INBOUND and (answer is None or one.sent_at > answer)
    )
    asked = next(theirs, None)
    case = to.case
    if running is None or asked is None or case is None:
        return
    asked.conversation = to
    left = Message.objects.filter(conversation=origin, direction=Direction.INBOUND, deleted_at=None)
    if not left.filter(received_at__gte=running.started_at).exists():
        running.delete()
    clocks.start_by_hand(case=case, message=asked)


@transaction.atomic
def move_to_other(*, case_id: int, other_id: int, actor: Author, from_message_id: int | None = None) -> Message:
    """What the customer wrote last in a thread that two cases share belongs to the other one; gives where it begins.

    His newest message goes over, or all since `from_message_id`, and with it the promise to answer: then the other case
    is open, and this one waits when nothing is left to answer. Both timelines tell it. One transaction.
    Raises NotFound, NotAllowed, CaseMerged, NothingToMove.
    """
    agent = acting_agent(actor, Right.ANSWER)
    origin, to = _shared(agent, case_id, other_id)
    case, other = (each for each in _locked_cases(agent, case_id, other_id))
    begins = _begins(origin, from_message_id)
    going = [one for one in since(origin, begins) if one.direction == Direction.INBOUND]
    origin.case, to.case = case, other
    _move(origin, to, going)
    _stand(case, other)
    changed_by_move(case, "case.message_moved", actor, message=begins.key, other=other.key, way="out")
    changed_by_move(other, "case.message_moved", actor, message=begins.key, other=case.key, way="in")
    return begins


def _locked_cases(agent: Agent, *case_ids: int) -> list[Case]:
    """Both, locked in the order of their ids."""
    locked = {case_id: locked_case(agent, case_id) for case_id in sorted(case_ids)}
    return [locked[case_id] for case_id in case_ids]


def _shared(agent: Agent, case_id: int, other_id: int) -> tuple[Conversation, Conversation]:
    """A conversation of each case in one thread, all of the thread locked before the cases."""
    if case_id == other_id or cases_visible_to(agent).filter(pk__in=[case_id, other_id]).count() != 2:
        raise NothingToMove
    roots = roots_of(case_id)
    rows = Conversation.objects.filter(Q(pk__in=roots) | Q(branch_of__in=roots), case__in=[case_id, other_id])
    locked = list(rows.select_for_update(of=("self",), no_key=True).order_by("pk"))
    mine = sorted((one for one in locked if one.case_id == case_id), key=_newest_first)
    for origin in mine:
        root = origin.branch_of_id or origin.pk
        theirs = [one for one in locked if one.case_id == other_id and (one.branch_of_id or one.pk) == root]
        if theirs:
            return origin, theirs[0]
    raise NothingToMove


def _newest_first(conversation: Conversation) -> float:
    return -(conversation.last_inbound_at.timestamp() if conversation.last_inbound_at else 0)


def _begins(origin: Conversation, from_message_id: int | None) -> Message:
    """The message of the customer's that goes over, the newest where none is named; never all that he wrote there."""
    theirs = origin.messages.filter(direction=Direction.INBOUND, deleted_at=None).order_by("sent_at", "pk")
    first = theirs.first()
    found = theirs.filter(pk=from_message_id).first() if from_message_id is not None else theirs.last()
    if found is None or found == first:
        raise NothingToMove
    return found


def _stand(case: Case, other: Case) -> None:
    """Whose promise runs is open; a case that has nothing to answer any more waits for the customer."""
    if clocks.soonest(case_id=other.pk) is not None:
        other.status, other.resolved_at, other.mood_at_closing = Status.OPEN, None, ""
        other.snoozed_until = None
    if case.status == Status.OPEN and clocks.soonest(case_id=case.pk) is None:
        case.status = Status.WAITING
