"""At the same moment: a double click, two agents, an agent and the sender."""

import threading
import time
from collections.abc import Callable

import pytest
from django.db import connection, connections, transaction

from hark.conversations.actions.cases import resolve
from hark.conversations.actions.reply import sent, take_back
from hark.conversations.errors import NewerMessage, TooLateToTakeBack
from hark.conversations.models import Case, Clock, Draft, Message
from hark.conversations.types import Status
from hark.delivery.jobs import send_due
from hark.delivery.models import OutboxItem
from hark.kernel.errors import HarkError
from hark.kernel.ids import new_uuid
from hark.organisation.models import Agent, Channel, Inbox
from tests.conversations.desk import a_case, acts, answers
from tests.delivery.shelf import Shelf

WAITING = "SELECT 1 FROM pg_locks WHERE NOT granted"
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


def test_resolving_waits_for_the_acceptance_of_a_reply_and_never_deadlocks_with_it(
    channel: Channel, tessa: Agent, shelf: Shelf
) -> None:
    Inbox.objects.update(undo_seconds=0)
    case = a_case(channel)
    message = answers(tessa, case)
    send_due()
    accepting = threading.Thread(target=at_once, args=(lambda: sent(message_key=message.key),))
    with transaction.atomic():
        Case.objects.select_for_update(no_key=True).get(pk=case.pk)  # as resolving begins
        accepting.start()
        wait_until_somebody_waits_for_a_lock()
        resolve(case_id=case.pk, actor=acts(tessa))
    accepting.join(20)
    assert Case.objects.get(pk=case.pk).status == Status.RESOLVED
    assert not Clock.objects.filter(stopped_at=None).exists()


def wait_until_somebody_waits_for_a_lock() -> None:
    """The other thread has come to the row that this one holds."""
    deadline = time.monotonic() + 10
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute(WAITING)
            if cursor.fetchone():
                return
            time.sleep(0.01)
    raise AssertionError("nobody waits")
