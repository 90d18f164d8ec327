"""A live page hears everything that concerns it, once, in order, soon — and nothing else."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from hark.kernel.db import execute
from hark.kernel.live import hub, journal
from hark.kernel.queries import newest_position
from hark.kernel.types import Position
from hark.organisation.types import Role
from tests.intake.running import RunningFront, make_inbox, until
from tests.live.conftest import Listen
from tests.live.listening import happen, make_agent, sign_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    "headers",
    [{}, {"cookie": "hark_session=abc"}, {"cookie": "hark_session="}, {"cookie": "\x80=;;"}, {"cookie": "a=b; c"}],
    ids=range(5),
)
def test_stranger_is_refused(listen: Listen, headers: dict[str, str]) -> None:
    assert listen(headers=headers).status == 401


def test_page_of_another_site_is_refused(front: RunningFront, listen: Listen) -> None:
    _, team = make_inbox()
    headers = sign_in(make_agent("ann", team))
    assert listen(headers={**headers, "sec-fetch-site": "cross-site"}).status == 403
    assert listen(headers={**headers, "sec-fetch-site": "same-origin"}).status == 200


def test_event_of_an_inbox_reaches_its_agents_and_nobody_else(front: RunningFront, listen: Listen) -> None:
    own, team = make_inbox("Own")
    foreign, other_team = make_inbox("Foreign")
    ann, bob = (listen(make_agent(*who)) for who in (("ann", team), ("bob", other_team)))
    boss = listen(make_agent("boss", role=Role.SUPERVISOR))
    nobody = listen(make_agent("nobody"))
    happen("case_own", own)
    happen("case_foreign", foreign)
    happen("case_nobodys")
    until(lambda: len(boss.heard()) == 2)
    time.sleep(0.5)
    assert ann.heard() == ["case_own"]
    assert bob.heard() == ["case_foreign"]
    assert boss.heard() == ["case_own", "case_foreign"]
    assert nobody.heard() == []


def test_frame_names_kind_subject_data_and_time(front: RunningFront, listen: Listen) -> None:
    inbox, team = make_inbox()
    ann = listen(make_agent("ann", team))
    assert b"content-type: text/event-stream" in ann.head
    assert b"cache-control: no-store" in ann.head
    assert b"x-content-type-options: nosniff" in ann.head
    happen("case_1", inbox, kind="message.received", data={"message": "msg_1"})
    until(ann.heard)
    (event,) = ann.events
    assert Position.parse(event.id) == newest_position()
    assert {key: event.data[key] for key in ("kind", "subject", "data")} == {
        "kind": "message.received",
        "subject": "case_1",
        "data": {"message": "msg_1"},
    }
    assert event.data["at"].endswith("+00:00")


def test_what_is_said_to_one_agent_no_other_hears(front: RunningFront, listen: Listen) -> None:
    inbox, team = make_inbox()
    people = [make_agent(name, team) for name in ("ann", "bob")]
    ann, bob = (listen(agent) for agent in people)
    happen("offer_1", inbox, kind="offer.made", agent_id=people[0].pk)
    happen("case_1", inbox)
    until(bob.heard)
    until(lambda: len(ann.heard()) == 2)
    assert ann.heard() == ["offer_1", "case_1"]
    assert bob.heard() == ["case_1"]


def test_event_arrives_within_a_moment(front: RunningFront, listen: Listen) -> None:
    inbox, team = make_inbox()
    ann = listen(make_agent("ann", team))
    time.sleep(0.3)
    began = time.monotonic()
    happen("case_1", inbox)
    until(ann.heard)
    assert time.monotonic() - began < 0.5


def test_lost_notification_costs_two_seconds_at_most(front: RunningFront, listen: Listen) -> None:
    inbox, team = make_inbox()
    ann = listen(make_agent("ann", team))
    began = time.monotonic()
    unheard = "INSERT INTO kernel_event (kind, subject, actor, inbox_id) VALUES ('case.status', 'case_1', 'x', %s)"
    execute(unheard, [inbox.pk])
    until(ann.heard)
    assert time.monotonic() - began < 2.5


def test_client_is_written_to_at_most_four_times_a_second(front: RunningFront, listen: Listen) -> None:
    inbox, team = make_inbox()
    ann = listen(make_agent("ann", team))
    began = time.monotonic()
    for number in range(100):
        happen(f"case_{number}", inbox)
        time.sleep(0.01)
    until(lambda: len(ann.heard()) == 100)
    seconds = ann.chunks[-1] - began
    assert ann.heard() == [f"case_{number}" for number in range(100)]
    assert len(ann.chunks) - 1 <= seconds * 4 + 2


def test_event_that_commits_late_is_neither_skipped_nor_out_of_order(front: RunningFront, listen: Listen) -> None:
    inbox, team = make_inbox()
    ann = listen(make_agent("ann", team))
    written, go = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            happen("case_slow", inbox)
            written.set()
            go.wait(10)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    written.wait(10)
    happen("case_quick", inbox)
    time.sleep(0.3)
    assert ann.heard() == []
    go.set()
    thread.join()
    until(lambda: len(ann.heard()) == 2, seconds=1)
    assert ann.heard() == ["case_slow", "case_quick"]


@pytest.mark.parametrize("source", ["memory", "table"])
def test_client_that_comes_back_misses_nothing_and_hears_nothing_twice(
    front: RunningFront, listen: Listen, source: str
) -> None:
    inbox, team = make_inbox()
    foreign, _ = make_inbox("Foreign")
    headers = sign_in(make_agent("ann", team))
    total, stop = 300, threading.Event()

    def write(writer: int) -> None:
        for number in range(total // 3):
            happen(f"w{writer}_{number}", inbox)
            happen("case_foreign", foreign)
            time.sleep(0.005)
        connection.close()

    page = listen(headers=headers)
    last_id, heard = page.last_id, []
    with ThreadPoolExecutor(3) as pool:
        writers = [pool.submit(write, writer) for writer in range(3)]
        while not (all(writer.done() for writer in writers) and len(heard) >= total) and not stop.is_set():
            time.sleep(0.07)
            page.close()
            page.thread.join(5)
            heard += page.heard()
            last_id = page.last_id or last_id
            assert not page.named("reload")
            if source == "table":  # as a process that has just been started would
                front.front.hub._journal._remembered_from = Position(2**62, 0)
            page = listen(headers={**headers, "last-event-id": last_id})
            if len(heard) > total:
                stop.set()
    assert sorted(heard) == sorted(f"w{writer}_{number}" for writer in range(3) for number in range(total // 3))
    for writer in range(3):
        assert [name for name in heard if name.startswith(f"w{writer}_")] == [
            f"w{writer}_{number}" for number in range(total // 3)
        ]


def test_page_starts_at_the_place_where_it_was_drawn(front: RunningFront, listen: Listen) -> None:
    inbox, team = make_inbox()
    drawn_at = newest_position()
    happen("case_between", inbox)
    ann = listen(make_agent("ann", team), path=f"/live?x=1&after={drawn_at}")
    until(ann.heard)
    assert ann.heard() == ["case_between"]


@pytest.mark.parametrize("after", ["nonsense", "1-", "9999999999999-1", "0-0'; DROP TABLE x", "-1-1"])
def test_place_that_cannot_be_known_means_reload(listen: Listen, after: str) -> None:
    inbox, team = make_inbox()
    ann = listen(make_agent("ann", team), {"last-event-id": after})
    until(lambda: ann.named("reload"))
    happen("case_1", inbox)
    until(ann.heard)


def test_place_of_long_ago_means_reload(front: RunningFront, listen: Listen) -> None:
    inbox, team = make_inbox()
    headers = sign_in(make_agent("ann", team))
    before = newest_position()
    execute(
        "INSERT INTO kernel_event (at, kind, subject, actor, inbox_id) "
        "VALUES (clock_timestamp() - interval '2 hours', 'x', 'case_old', 'x', %s)",
        [inbox.pk],
    )
    until(lambda: front.front.hub._journal.position == newest_position())
    front.front.hub._journal._remembered_from = Position(2**62, 0)
    ann = listen(headers={**headers, "last-event-id": str(before)})
    until(lambda: ann.named("reload"))
    assert ann.heard() == []
    assert ann.last_id == str(newest_position())


def test_client_that_missed_very_much_reloads(
    front: RunningFront, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "MISSED_ROWS", 20)
    monkeypatch.setattr(journal, "MISSED_ROWS", 20)
    inbox, team = make_inbox()
    headers = sign_in(make_agent("ann", team))
    before = newest_position()
    for number in range(30):
        happen(f"case_{number}", inbox)
    until(lambda: front.front.hub._journal.position == newest_position())
    ann = listen(headers={**headers, "last-event-id": str(before)})
    until(lambda: ann.named("reload"))
    assert ann.heard() == []


def test_client_that_does_not_read_holds_up_nobody(front: RunningFront, listen: Listen) -> None:
    inbox, team = make_inbox()
    headers = sign_in(make_agent("ann", team))
    deaf = listen(headers=headers, reads=False)
    ann = listen(headers=headers)
    for number in range(150):
        happen(f"case_{number}", inbox, data={"filler": "x" * 60_000})
        time.sleep(0.003)
    until(lambda: len(ann.heard()) == 150)
    deaf.close()


def test_quiet_line_beats_and_moves_its_place_on(
    front: RunningFront, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "BEAT_SECONDS", 0.6)
    _, team = make_inbox()
    foreign, _ = make_inbox("Foreign")
    ann = listen(make_agent("ann", team))
    happen("case_foreign", foreign)
    until(lambda: ann.last_id == str(newest_position()), seconds=4)
    assert ann.events == []


def test_streams_are_closed_spread_out_when_the_process_ends(front: RunningFront, listen: Listen) -> None:
    _, team = make_inbox()
    listeners = [listen(make_agent(f"a{n}", team)) for n in range(10)]
    began = time.monotonic()
    ends: list[float] = []
    try:
        front.run(front.front.hub.drain(1.0))
        assert listen(make_agent("late", team)).status == 200
    finally:
        front.front.hub._draining = False
    for each in listeners:
        each.thread.join(5)
        ends.append(each.chunks[-1] - began)
        assert each.ended
    assert max(ends) - min(ends) > 0.1
    assert max(ends) < 2
