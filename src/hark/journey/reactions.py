"""What has to travel upwards: one explicit, ordered table EVENT → reactions.

At least once, in a transaction with the reader's place: so a reaction must be idempotent. One that fails is tried again
later beside the others, then set aside visibly; it never holds up the journal.
"""

from collections.abc import Callable

from hark.conversations.actions import automatic, changes
from hark.conversations.actions.accepted import named, sent
from hark.conversations.actions.changing import changed_there
from hark.conversations.actions.going_on import expect_letter, take_typed_address
from hark.conversations.queries.clocks import waiting_case
from hark.conversations.queries.going_on import form_of
from hark.journey.spam import have_spam_learnt
from hark.journey.teaching import have_it_learn
from hark.kernel.types import JournalEvent
from hark.routing import actions as routing
from hark.routing.types import NewWork

Reaction = Callable[[JournalEvent], None]

BY_ITSELF = frozenset({"system", "contact"})  # the thread stage has told routing already
NOT_ARRIVED = frozenset({"ambiguous", "failed", "refused"})


def end_work(event: JournalEvent) -> None:
    """Somebody has answered, resolved or set it waiting: nobody else is needed, unless a message came after that."""
    case = waiting_case(event.subject)
    if case is not None and (event.kind != "case.status" or event.data.get("status") == "waiting"):
        routing.finish_work(case_id=case.case_id, outcome=event.kind.removeprefix("case."), at=event.at)


def ask_for_somebody(event: JournalEvent) -> None:
    """A person has opened the case, or opened it again: it needs somebody, first of all whoever holds it."""
    if event.actor not in BY_ITSELF:
        _place(event)


def follow_spam(event: JournalEvent) -> None:
    """A case was called spam: nobody is needed. It is none after all: it needs somebody where a promise runs."""
    if event.data.get("spam"):
        end_work(event)
    elif event.data.get("status") == "open":
        _place(event)


def take_up_again(event: JournalEvent) -> None:
    """A case has woken, and nobody wrote just now: it needs somebody, from its wake on where no promise runs."""
    if event.actor != "contact":
        _place(event)


def follow_merge(event: JournalEvent) -> None:
    """Conversations went from one case to another: work stays where a promise still runs, and nowhere else."""
    case = waiting_case(event.subject)
    if case is not None and case.waiting_since is not None:
        _place(event)
    elif case is not None:
        routing.finish_work(case_id=case.case_id, outcome="merged", at=event.at)


def follow_assignment(event: JournalEvent) -> None:
    """Assigned by hand: the work goes with it."""
    case = waiting_case(event.subject)
    if case is not None:
        routing.follow_assignment(case_id=case.case_id, at=event.at)


def accept(event: JournalEvent) -> None:
    """The venue has taken a reply: clocks stop, and with the last of them the work ends."""
    if not sent(message_key=event.data.get("message", "")):
        return
    case = waiting_case(event.subject)
    if case is not None and case.waiting_since is None:
        routing.finish_work(case_id=case.case_id, outcome="replied", at=event.at)


def change(event: JournalEvent) -> None:
    """The venue has made a change of a reply: it says the same here."""
    changed_there(message_key=event.data.get("message", ""))


def go_on_by_mail(event: JournalEvent) -> None:
    """An answer is in a chat: whether its visitor sees it there shows in a while."""
    expect_letter(message_key=event.data.get("message", ""))


def acknowledge(event: JournalEvent) -> None:
    """A mail has opened a case: its sender hears that it arrived, where the mailbox has words for that."""
    if event.actor in BY_ITSELF:
        automatic.acknowledge(message_key=event.data.get("message", ""))


def ask_for_senior(event: JournalEvent) -> None:
    """Somebody has come about one matter again, or has not after all: its waiting work asks for a senior, or not."""
    case = waiting_case(event.subject)
    if case is not None:
        routing.ask_for_senior(case_id=case.case_id, inbox_id=case.inbox_id, wanted=case.again > 0)


def go_on_from_form(event: JournalEvent) -> None:
    """A form has opened a case: the address that was typed into it is where the answers go, where it has a mailbox."""
    message_key = event.data.get("message", "")
    if message_key and (home := form_of(message_key)):
        take_typed_address(conversation_id=home)


def take_back_hope(event: JournalEvent) -> None:
    """A reply has not arrived, or nobody knows: the case waits for us again, and for somebody."""
    if event.data.get("state") in NOT_ARRIVED:
        changes.apply_failure(message_key=event.data.get("message", ""))
        _place(event)


def name_it(event: JournalEvent) -> None:
    """The first post of a long reply is there: answers to it find its conversation already."""
    if event.data.get("state") == "sent" and event.data.get("part") == 1:
        named(message_key=event.data.get("message", ""))


def _place(event: JournalEvent) -> None:
    case = waiting_case(event.subject)
    if case is None or not case.is_open:
        return
    work = NewWork(
        case_id=case.case_id,
        inbox_id=case.inbox_id,
        kind="chat" if case.kind == "chat" else "async",
        skills=(),
        arrived_at=case.waiting_since or (event.at if event.kind == "case.woken" else case.opened_at),
        target_seconds=case.target_seconds,
        holder_id=case.holder_id,
        senior=case.again > 0,
    )
    routing.place([work])


REACTIONS: dict[str, tuple[Reaction, ...]] = {
    "case.opened": (ask_for_somebody, acknowledge, go_on_from_form),
    "case.reopened": (ask_for_somebody,),
    "case.again": (ask_for_senior,),
    "case.status": (end_work, ask_for_somebody),
    "case.assigned": (follow_assignment,),
    "case.replied": (end_work,),
    "case.answered_outside": (ask_for_somebody,),
    "case.resolved": (end_work,),
    "case.spam": (follow_spam, have_spam_learnt),
    "case.snoozed": (end_work,),
    "case.woken": (take_up_again,),
    "case.merged": (follow_merge,),
    "case.merged_away": (follow_merge,),
    "case.unmerged": (follow_merge,),
    "case.split": (follow_merge,),
    "case.message_moved": (follow_merge,),
    "message.sent": (accept, go_on_by_mail),
    "change.sent": (change,),
    "message.state": (take_back_hope, name_it),
    "reading.corrected": (have_it_learn,),
    "message.spam": (have_spam_learnt,),
    "brand.learn_anew": (have_it_learn, have_spam_learnt),
}
