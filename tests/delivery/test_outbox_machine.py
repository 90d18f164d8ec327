"""Whatever happens, in whatever order: nothing is lost, nothing is doubled unnoticed, nothing overtakes."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import ClassVar

import pytest
from django.db import transaction
from django.db.models import F
from django.test.utils import override_settings
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from hark.channels.errors import Ambiguous, Refused, Retry
from hark.channels.registry import register_for_tests
from hark.channels.types import Receipt
from hark.delivery import actions
from hark.delivery.actions import leases, outcomes
from hark.delivery.errors import FaultMade
from hark.delivery.jobs import send_due
from hark.delivery.models import Breaker, OutboxItem
from hark.delivery.types import OutboxState, Settlement
from tests.delivery.makers import a_channel, a_long_item, an_inbox, an_item
from tests.delivery.shelf import TAKEN_BUT_SILENT, Shelf
from tests.paths import WHOLE

THREADS = st.sampled_from(["a", "b", "c"])
TROUBLE = st.sampled_from(
    [None, None, None, Retry(), Retry(after_seconds=5), Refused("no", "No."), Ambiguous(), TAKEN_BUT_SILENT]
)


class Outbox(RuleBasedStateMachine):
    """Agents write, undo and decide; senders send, die and come back; the venue takes, refuses and drops the line."""

    remembers: ClassVar[bool]

    @initialize()
    def connect(self) -> None:
        self.venue = Shelf(remembers=self.remembers)
        self.registered = register_for_tests(self.venue)
        self.registered.__enter__()
        self.outer = transaction.atomic()
        self.outer.__enter__()
        self.channel = a_channel(an_inbox())
        self.written: dict[uuid.UUID, OutboxItem] = {}
        self.undone: set[uuid.UUID] = set()
        self.asked_again: dict[uuid.UUID, int] = {}
        self.decided: set[uuid.UUID | None] = set()
        self.asleep: list[OutboxItem] = []

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.outer.__exit__(None, None, None)
        self.registered.__exit__(None, None, None)

    @rule(thread=THREADS)
    def write(self, thread: str) -> None:
        item = an_item(self.channel, f"{len(self.written)}", thread)
        self.written[item.idempotency_key] = item

    @rule(thread=THREADS, parts=st.integers(min_value=2, max_value=3))
    def write_long(self, thread: str, parts: int) -> None:
        """A reply that leaves as several posts."""
        whole = a_long_item(self.channel, [f"{len(self.written)}-{part}" for part in range(parts)], thread)
        for item in OutboxItem.objects.filter(reply=whole.reply):
            self.written[item.idempotency_key] = item

    @rule(trouble=TROUBLE)
    def send(self, trouble: Exception | None) -> None:
        self.venue.fails.clear()
        self.venue.fails.append(trouble)
        send_due()

    @rule(point=st.sampled_from(["before_send", "after_send"]))
    def die(self, point: str) -> None:
        self.venue.fails.clear()
        with override_settings(HARK_TEST_FAULTS=True, HARK_FAULT=f"{point}:raise"):
            try:
                send_due()
            except FaultMade:
                return

    @rule()
    def fall_asleep(self) -> None:
        item = leases.claim()
        if item:
            self.asleep.append(item)

    @precondition(lambda self: self.asleep)
    @rule()
    def wake_up(self) -> None:
        """A zombie: it has not sent anything, but believes it has; whoever took over must not be disturbed."""
        item = self.asleep.pop(0)
        mine = OutboxItem.objects.get(pk=item.pk)
        taken_over = mine.fence != item.fence or mine.state not in {OutboxState.SENDING, OutboxState.SENT}
        if taken_over:
            assert not outcomes.sent(item, Receipt(("zombie",)))
            assert not outcomes.refused(item, human="zombie")
            after = OutboxItem.objects.get(pk=item.pk)
            assert (after.state, after.fence, after.external_ids) == (mine.state, mine.fence, mine.external_ids)
        elif mine.state == OutboxState.SENDING:
            outcomes.try_later(item, after_seconds=None, error="slept")

    @rule(minutes=st.sampled_from([1, 5, 5, 60 * 25]))
    def wait_and_send(self, minutes: int) -> None:
        self.wait(minutes)
        self.send(None)

    @rule(minutes=st.sampled_from([1, 5, 60 * 25]))
    def wait(self, minutes: int) -> None:
        gone = timedelta(minutes=minutes)
        OutboxItem.objects.update(
            not_before=F("not_before") - gone, lease_until=F("lease_until") - gone, tried_since=F("tried_since") - gone
        )
        Breaker.objects.update(open_until=F("open_until") - gone, failing_since=F("failing_since") - gone)

    @precondition(lambda self: self.written)
    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        item = data.draw(st.sampled_from(list(self.written.values())))
        if actions.cancel(item_id=item.pk, actor="agent_x"):
            whole = [key for key, one in self.written.items() if item.reply and one.reply == item.reply]
            self.undone.update(whole or [item.idempotency_key])

    @rule(how=st.sampled_from(list(Settlement)))
    def decide(self, how: Settlement) -> None:
        item = OutboxItem.objects.filter(state__in=["ambiguous", "failed", "refused"]).first()
        if item and (how != Settlement.IT_WAS_SENT or item.state == OutboxState.AMBIGUOUS):
            assert actions.settle(item_id=item.pk, how=how, actor="agent_x").pk == item.pk
            self.decided.add(item.reply)
            if how == Settlement.SEND_AGAIN:
                self.asked_again[item.idempotency_key] = self.asked_again.get(item.idempotency_key, 0) + 1

    @invariant()
    def nothing_is_doubled_unless_a_person_asked(self) -> None:
        for key in self.written:
            copies = sum(each.id == key for each in self.venue.taken)
            allowed = 1 if self.remembers else 1 + self.asked_again.get(key, 0)
            assert copies <= allowed

    @invariant()
    def nothing_taken_back_has_left(self) -> None:
        assert not self.undone & {each.id for each in self.venue.taken}

    @invariant()
    def what_left_is_never_shown_as_not_sent(self) -> None:
        taken = {each.id for each in self.venue.taken}
        for item in OutboxItem.objects.filter(state__in=[OutboxState.QUEUED, OutboxState.FAILED]):
            assert item.idempotency_key not in taken or item.may_have_left

    @invariant()
    def nothing_overtakes_before_its_fate_is_known(self) -> None:
        first_left = list(dict.fromkeys(each.id for each in self.venue.taken))
        for thread in ("a", "b", "c"):
            ids = [self.written[key].pk for key in first_left if self.written[key].thread == thread]
            later = [pk for place, pk in enumerate(ids) if any(other > pk for other in ids[:place])]
            asked = {self.written[key].pk for key in self.asked_again}
            behind = {item.pk for item in self.written.values() if item.reply and item.reply in self.decided}
            doubtful = {item.pk for item in self.written.values() if item.pk in asked} | behind
            assert set(later) <= doubtful, "only what a person sent again may come after what was written later"

    @invariant()
    def a_part_leaves_when_those_before_it_are_there(self) -> None:
        left = {each.id for each in self.venue.taken}
        parts = [self.written[key] for key in left if self.written[key].part > 1]
        for part in parts:
            before = OutboxItem.objects.filter(reply=part.reply, part__lt=part.part)
            assert {one.state for one in before} == {OutboxState.SENT}

    @invariant()
    def a_long_reply_holds_back_nobody_once_it_has_stopped(self) -> None:
        """Whatever is first in its thread and due can be taken, unless something is on its way or written before it."""
        stopped = {"ambiguous", "failed", "refused", "cancelled"}
        rows = list(OutboxItem.objects.order_by("id"))
        halted = {(one.reply, one.part) for one in rows if one.reply and one.state in stopped}
        for row in rows:
            behind = any(reply == row.reply and part < row.part for reply, part in halted)
            assert not (behind and row.state == OutboxState.SENDING)

    @invariant()
    def everything_written_is_accounted_for(self) -> None:
        assert OutboxItem.objects.count() == len(self.written)


def machine(*, remembers: bool) -> Callable[[], RuleBasedStateMachine]:
    return type("Machine", (Outbox,), {"remembers": remembers})


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize("remembers", [True, False], ids=["venue that remembers keys", "venue without memory"])
def test_outbox_keeps_its_promises_whatever_happens(*, remembers: bool) -> None:
    quick = settings(
        max_examples=100 if WHOLE else 20,
        stateful_step_count=40,
        deadline=None,
        phases=[Phase.generate],  # a failure is read from its steps; making them fewer takes minutes
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    run_state_machine_as_test(machine(remembers=remembers), settings=quick)
