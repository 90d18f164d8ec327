"""Workers take arrivals for a time; two never hold one; a zombie is refused; nothing starves."""

import threading

import pytest
from django.db import connection, transaction

from hark.intake import actions
from hark.intake.models import Arrival
from hark.intake.types import ClaimedArrival, LeaseLost, NewArrival
from hark.kernel.db import execute
from hark.kernel.time import now
from hark.organisation.models import Channel
from tests.intake.running import make_channel

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def channel() -> Channel:
    """A connected channel."""
    return make_channel()


def store(channel: Channel, *threads: str) -> None:
    """One arrival in each of these threads, in this order."""
    first = Arrival.objects.count()
    new = [NewArrival(f"k{first + n}", thread, {"n": str(n)}, b"body", now()) for n, thread in enumerate(threads)]
    actions.accept(channel_id=channel.pk, arrivals=new)


def age(seconds: float) -> None:
    """All arrivals came, and all leases and pauses ended, so much earlier."""
    earlier = ", ".join(
        f"{column} = {column} - %(s)s * interval '1 second'" for column in ("received_at", "lease_until", "not_before")
    )
    execute(f"UPDATE intake_arrival SET {earlier}", {"s": seconds})  # noqa: S608


def claim_all(worker: int = 0, workers: int = 1, limit: int = 100) -> list[ClaimedArrival]:
    """One claim."""
    return actions.claim(worker=worker, workers=workers, limit=limit)


def test_arrivals_are_claimed_oldest_first_with_all_they_brought(channel: Channel) -> None:
    store(channel, "a", "b", "a")
    got = claim_all()
    assert [one.dedupe_key for one in got] == ["k0", "k1", "k2"]
    assert (got[0].body, got[0].headers, got[0].channel_id, got[0].attempts) == (b"body", {"n": "0"}, channel.pk, 1)
    assert got[0].received_at.tzinfo is not None
    assert got[0].lane == got[2].lane
    assert claim_all() == []


def test_finished_arrival_is_done_with_its_outcome(channel: Channel) -> None:
    store(channel, "a", "b")
    got = claim_all()
    actions.finish(claimed=got, outcomes=["message", "unknown"])
    rows = Arrival.objects.order_by("id")
    assert [(row.state, row.outcome, row.lease_until) for row in rows] == [
        ("done", "message", None),
        ("done", "unknown", None),
    ]
    assert all(row.done_at for row in rows)
    age(60)
    assert claim_all() == []


def test_lease_that_ended_is_taken_over_and_the_zombie_refused(channel: Channel) -> None:
    store(channel, "a", "b")
    zombie = claim_all()
    age(31)
    heir = claim_all()
    assert [one.id for one in heir] == [one.id for one in zombie]
    assert heir[0].fence > zombie[0].fence
    with pytest.raises(LeaseLost), transaction.atomic():
        actions.finish(claimed=zombie, outcomes=["x", "x"])
    for refused in (actions.renew, actions.give_back):
        if refused is actions.renew:
            with pytest.raises(LeaseLost):
                refused(claimed=zombie)
        else:
            refused(claimed=zombie)
    with pytest.raises(LeaseLost):
        actions.retry_later(claimed=zombie[0], error="x")
    with pytest.raises(LeaseLost):
        actions.park(claimed=zombie[0], error="x")
    assert set(Arrival.objects.values_list("state", "outcome", "error")) == {("received", "", "")}
    actions.finish(claimed=heir, outcomes=["message", "message"])


def test_lost_lease_of_one_rolls_the_whole_batch_back(channel: Channel) -> None:
    store(channel, "a", "b")
    got = claim_all()
    execute("UPDATE intake_arrival SET fence = fence + 1 WHERE id = %s", [got[1].id])
    with pytest.raises(LeaseLost), transaction.atomic():
        actions.finish(claimed=got, outcomes=["x", "x"])
    assert set(Arrival.objects.values_list("state", flat=True)) == {"received"}


def test_renewed_lease_outlives_its_first_end(channel: Channel) -> None:
    store(channel, "a")
    got = claim_all()
    age(29)
    actions.renew(claimed=got)
    age(20)
    assert claim_all() == []
    actions.finish(claimed=got, outcomes=["message"])


def test_given_back_arrival_is_free_at_once_and_lost_no_try(channel: Channel) -> None:
    store(channel, "a")
    actions.give_back(claimed=claim_all())
    assert [one.attempts for one in claim_all()] == [1]


def test_two_workers_never_hold_one_arrival(channel: Channel) -> None:
    store(channel, *(f"t{n % 97}" for n in range(1_500)))
    age(5)
    held: list[list[int]] = [[], [], [], []]

    def work(worker: int) -> None:
        while got := actions.claim(worker=worker, workers=4, limit=37):
            held[worker] += [one.id for one in got]
        connection.close()

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    everything = [number for mine in held for number in mine]
    assert len(everything) == len(set(everything)) == 1_500


def test_worker_takes_its_own_lanes_first_and_helps_out_after_two_seconds(channel: Channel) -> None:
    store(channel, *(f"t{n}" for n in range(40)))
    mine = claim_all(worker=0, workers=2)
    assert {one.lane % 2 for one in mine} == {0}
    assert claim_all(worker=0, workers=2) == []
    age(3)
    stolen = claim_all(worker=0, workers=2)
    assert {one.lane % 2 for one in stolen} == {1}
    assert len(mine) + len(stolen) == 40


def test_lanes_of_a_frozen_worker_do_not_starve_while_there_is_much_to_do(channel: Channel) -> None:
    store(channel, *(f"t{n}" for n in range(1_200)))
    age(40)
    seen = [one.lane % 2 for _ in range(200) for one in claim_all(worker=0, workers=2, limit=2)]
    assert 0 < seen.count(1) < seen.count(0)


def test_what_was_claimed_twice_without_a_word_is_read_apart_from_what_is_fresh(channel: Channel) -> None:
    store(channel, "a", "b", "c")
    for _ in range(2):
        assert len(claim_all()) == 3
        age(31)
    store(channel, "d")
    batches = []
    while got := claim_all():
        batches.append([one.dedupe_key for one in got])
    assert sorted(batches) == [["k0", "k1", "k2"], ["k3"]]


def test_suspects_are_read_in_ever_smaller_groups_until_each_stands_alone(channel: Channel) -> None:
    store(channel, *(f"t{n}" for n in range(60)))
    sizes = []
    for _ in range(5):
        largest, seen = 0, 0
        while got := claim_all():
            largest, seen = max(largest, len(got)), seen + len(got)
        assert seen == 60
        sizes.append(largest)
        age(31)
    assert sizes == [60, 60, 50, 7, 1]


def test_arrival_that_ends_its_reader_five_times_is_parked(channel: Channel) -> None:
    store(channel, "a")
    for _ in range(5):
        assert len(claim_all()) == 1
        age(31)
    assert claim_all() == []
    row = Arrival.objects.get()
    assert row.state == "parked"
    assert "without a word" in row.error


def test_poll_page_and_its_cursor_are_one(channel: Channel) -> None:
    new = [NewArrival("p1", "", {}, b"1", now()), NewArrival("p2", "", {}, b"2", now())]
    assert actions.accept(channel_id=channel.pk, arrivals=new, cursor=("mentions", "c1")) == 2
    assert actions.accept(channel_id=channel.pk, arrivals=new, cursor=("mentions", "c2")) == 0
    more = [NewArrival("p3", "", {}, b"3", now())]
    with transaction.atomic():
        actions.accept(channel_id=channel.pk, arrivals=more, cursor=("mentions", "c3"))
        transaction.set_rollback(True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM intake_cursor WHERE channel_id = %s AND name = 'mentions'", [channel.pk])
        assert cursor.fetchall() == [("c2",)]
    assert Arrival.objects.count() == 2


def test_text_that_the_database_cannot_hold_is_kept_in_another_form(channel: Channel) -> None:
    new = [
        NewArrival("nul\0key", "", {"n\0": "v\0", "s": "\ud800"}, b"\0", now()),
        NewArrival("lone\udc80", "\udc80", {}, b"x", now()),
    ]
    assert actions.accept(channel_id=channel.pk, arrivals=new) == 2
    assert actions.accept(channel_id=channel.pk, arrivals=new) == 0
    headers = [row.headers for row in Arrival.objects.order_by("id")]
    assert headers == [{"n\ufffd": "v\ufffd", "s": "?"}, {}]
