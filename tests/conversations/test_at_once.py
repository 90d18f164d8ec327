"""At the same moment: a double click, two agents, an agent and the sender."""

import threading
from collections.abc import Callable
from functools import partial

import pytest
from django.db import connections

from hark.conversations.actions.holding import approve, release_due, send, take_held_back
from hark.conversations.actions.reply import take_back
from hark.conversations.errors import DecidedAlready, NewerMessage, TooLateToTakeBack
from hark.conversations.models import Conversation, Draft, Message
from hark.conversations.types import Visibility
from hark.delivery.jobs import send_due
from hark.delivery.models import OutboxItem
from hark.kernel.errors import HarkError
from hark.kernel.ids import new_uuid
from hark.organisation.actions.approval import set_approval_of_channel
from hark.organisation.models import Agent, Channel, Inbox
from hark.organisation.types import Role
from tests.conversations.desk import a_case, acts, an_agent, answers
from tests.delivery.shelf import Shelf

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*works: Callable[[], object]) -> list[object]:
    """What each of the works gave, or raised, done at the same moment."""
    start = threading.Barrier(len(works))
    results: list[object] = [None] * len(works)

    def run(place: int, work: Callable[[], object]) -> None:
        try:
            start.wait(5)
            results[place] = work()
        except HarkError as error:
            results[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return results


def test_double_click_gives_one_reply_to_both(channel: Channel, tessa: Agent) -> None:
    case, key = a_case(channel), new_uuid()
    results = at_once(*[lambda: answers(tessa, case, idempotency_key=key, seen_message_id=10**9)] * 4)
    assert len({getattr(result, "pk", result) for result in results}) == 1
    assert OutboxItem.objects.count() == 1


def test_two_agents_who_answer_at_once_are_not_both_sent_unseen(channel: Channel, tessa: Agent, ruben: Agent) -> None:
    case = a_case(channel)
    seen = Message.objects.get().pk
    results = at_once(*(lambda a=agent: answers(a, case, a.name, seen_message_id=seen) for agent in (tessa, ruben)))
    [stopped] = [result for result in results if isinstance(result, NewerMessage)]
    [written] = [result for result in results if isinstance(result, Message)]
    assert [message.pk for message in stopped.messages] == [written.pk]
    assert OutboxItem.objects.count() == 1


def test_undo_and_sender_never_both_win(channel: Channel, tessa: Agent, shelf: Shelf) -> None:
    Inbox.objects.update(undo_seconds=0)
    for number in range(12):
        case = a_case(channel, who=f"w{number}")
        message = answers(tessa, case, f"{number}")
        undone, _ = at_once(lambda m=message: take_back(message_id=m.pk, author=acts(tessa)), send_due)
        assert (undone == f"{number}") != isinstance(undone, TooLateToTakeBack)
        assert (f"{number}" in shelf.texts) == isinstance(undone, TooLateToTakeBack)
        assert Draft.objects.filter(case=case).exists() == (undone == f"{number}")


def test_of_two_who_approve_one_takes_back_and_a_clock_exactly_one_wins(
    channel: Channel, tessa: Agent, inbox: Inbox
) -> None:
    approvers = [an_agent(name, inbox, role=Role.SUPERVISOR) for name in ("Sofia", "Sara")]
    set_approval_of_channel(key=channel.key, needed=True, actor=approvers[0])
    for number in range(4):
        case = a_case(channel, who=f"w{number}", visibility=Visibility.PUBLIC)
        conversation = Conversation.objects.get(case=case)
        held = send(
            case_id=case.pk, conversation_id=conversation.pk, author=acts(tessa), text=f"We look, {number}",
            visibility=Visibility.PUBLIC, idempotency_key=new_uuid(), seen_message_id=10**9,
        )  # fmt: skip
        results = at_once(
            *(partial(approve, key=held.key, approver=acts(agent)) for agent in approvers),
            partial(take_held_back, key=held.key, author=acts(tessa)),
            release_due,
        )
        assert len([one for one in results[:3] if isinstance(one, DecidedAlready)]) == 2
        left = OutboxItem.objects.filter(payload__text=f"We look, {number}").count()
        assert left + Draft.objects.filter(case=case).count() == 1
