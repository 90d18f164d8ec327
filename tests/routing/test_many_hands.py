"""Many at once, with real connections: nobody doubled, nobody over capacity, nothing drifts, also under a kill."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import pytest
from django.db import Error, connection

from hark.kernel.db import fetch_all
from hark.kernel.errors import HarkError
from hark.kernel.loops import Loop, run
from hark.kernel.time import monotonic, sleep
from hark.organisation.models import Agent
from hark.routing import actions
from hark.routing.errors import HeldByColleague, OfferEnded
from hark.routing.models import AgentLoad, Offer, WorkItem
from hark.routing.types import LIVE
from tests.routing.makers import (
    Desk,
    arrivals,
    check_truth,
    everybody_beats,
    make_agent,
    make_case,
    make_desk,
    open_offers,
    place_one,
    work_on,
)

pytestmark = pytest.mark.django_db(transaction=True)
HANDS = 8


def all_at_once(*deeds: Callable[[], None]) -> list[BaseException]:
    """Run deeds in threads that start together, each on its own connection; what they raised."""
    start, raised = threading.Barrier(len(deeds)), list[BaseException]()

    def hand(deed: Callable[[], None]) -> None:
        start.wait(10)
        try:
            deed()
        except Exception as problem:  # noqa: BLE001 - the test looks at it
            raised.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=hand, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return raised


def a_full_house(desk: Desk, *, agents: int, items: int) -> list[Agent]:
    people = [make_agent(f"Agent{number}", desk) for number in range(agents)]
    cases = [make_case(desk) for _ in range(items)]
    kinds = ("async", "chat")
    actions.place([work_on(case, kinds[number % 2], waited=number) for number, case in enumerate(cases)])
    return people


def route_until_nothing_fits() -> None:
    while actions.route():
        pass


def test_eight_routers_at_once_place_each_item_once_and_fill_everybody_to_the_brim() -> None:
    a_full_house(make_desk(), agents=40, items=300)
    before = arrivals()
    assert all_at_once(*[route_until_nothing_fits] * HANDS) == []
    route_until_nothing_fits()
    check_truth()
    assert arrivals() == before
    assert Offer.objects.count() == WorkItem.objects.filter(state="offered").count() >= 80
    used = [load.capacity_points - load.used_points for load in AgentLoad.objects.all()]
    assert max(used) < 2  # 300 items wait for 240 points: nobody has room for one more chat


def test_work_is_offered_within_two_seconds_of_arrival_with_two_workers_running() -> None:
    desk = make_desk()
    tessa = make_agent("Tessa", desk)
    stop, waits = threading.Event(), list[float]()
    loop = Loop("routing", actions.route, wake="hark_routing", interval_seconds=1)
    workers = [threading.Thread(target=run, args=([loop], stop)) for _ in range(2)]
    for worker in workers:
        worker.start()
    try:
        for _ in range(10):
            item, since = place_one(desk, "chat"), monotonic()
            while not open_offers(tessa) and monotonic() - since < 5:
                sleep(0.005)
            waits.append(monotonic() - since)
            actions.finish_work(case_id=item.case_id, outcome="replied")
    finally:
        stop.set()
        for worker in workers:
            worker.join(15)
    assert max(waits) < 2, waits
    check_truth()


def test_eight_agents_taking_the_same_case_make_one_holder() -> None:
    desk = make_desk()
    people = [make_agent(f"Agent{number}", desk) for number in range(HANDS)]
    for _ in range(5):
        item = place_one(desk)
        takes = [lambda who=who, case=item.case_id: actions.take(case_id=case, agent_id=who.pk) for who in people]
        raised = all_at_once(*takes)
        assert [type(problem) for problem in raised] == [HeldByColleague] * (HANDS - 1)
        item.refresh_from_db()
        assert (item.state, item.case.assignee_id) == ("accepted", item.agent_id)
        check_truth()
        actions.finish_work(case_id=item.case_id, outcome="replied")


def test_offer_clicked_eight_times_while_it_is_withdrawn_ends_one_way() -> None:
    desk = make_desk()
    tessa = make_agent("Tessa", desk)
    for _ in range(8):
        item = place_one(desk)
        route_until_nothing_fits()
        key = Offer.objects.get(ended_at=None).key
        raised = all_at_once(
            *[lambda key=key: actions.accept_offer(offer_key=key, agent_id=tessa.pk)] * (HANDS - 1),
            lambda item=item: actions.finish_work(case_id=item.case_id, outcome="resolved"),
        )
        assert {type(problem) for problem in raised} <= {OfferEnded}
        check_truth()
        assert not WorkItem.objects.filter(state__in=LIVE).exists()


def work_like_a_team(stop: float, seed: int, served: Counter[str], failures: Counter[str]) -> None:
    """Route, answer, take, finish and write again at random until `stop`; a lost connection is a killed process."""
    dice = random.Random(seed)
    while monotonic() < stop:
        try:
            served[one_deed(dice)] += 1
        except HarkError as refused:
            failures[type(refused).__name__] += 1
        except Error as lost:
            failures[type(lost).__name__] += 1
            connection.close()
    connection.close()


def one_deed(dice: random.Random) -> str:
    deed = dice.choice(["route", "route", "accept", "accept", "decline", "finish", "finish", "take", "again", "beat"])
    if deed == "route":
        actions.route()
    elif deed in {"accept", "decline"}:
        offer = Offer.objects.filter(answer="", ended_at=None).order_by("?").first()
        if offer and deed == "accept":
            actions.accept_offer(offer_key=offer.key, agent_id=offer.agent_id)
        elif offer:
            actions.decline_offer(offer_key=offer.key, agent_id=offer.agent_id, reason="cannot_now")
    elif deed == "beat":
        everybody_beats()
    else:
        item = WorkItem.objects.order_by("?").select_related("case").first()
        assert item
        if deed == "finish":
            actions.finish_work(case_id=item.case_id, outcome="replied")
        elif deed == "again":
            actions.place([work_on(item.case)])
        else:
            anybody = dice.choice(list(AgentLoad.objects.values_list("pk", flat=True)))
            actions.take(case_id=item.case_id, agent_id=anybody)
    return deed


def kill_backends(stop: float, seed: int) -> None:
    """Cut a connection of somebody else at random moments, as a kill of its process would."""
    dice = random.Random(seed)
    while monotonic() < stop:
        with suppress(Error):
            fetch_all(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid() AND application_name <> 'keeper' ORDER BY random() LIMIT 1"
            )
        threading.Event().wait(dice.uniform(0.02, 0.1))
    connection.close()


@pytest.mark.slow
@pytest.mark.parametrize("killed", [False, True], ids=["in peace", "under kill"])
def test_team_of_eight_at_once_loses_nothing(killed: bool) -> None:  # noqa: FBT001
    a_full_house(make_desk(), agents=12, items=200)
    with connection.cursor() as cursor:
        cursor.execute("SET application_name = 'keeper'")
    before, stop = arrivals(), monotonic() + 3
    served, failures = Counter[str](), Counter[str]()
    deeds = [lambda seed=seed: work_like_a_team(stop, seed, served, failures) for seed in range(HANDS)]
    raised = all_at_once(*deeds, *([lambda: kill_backends(stop, 99)] if killed else []))
    assert raised == []
    check_truth()
    after = arrivals()
    assert {number: after[number] for number in before} == before
    assert served["accept"] > 10
    assert served["finish"] > 10
    lost = set(failures) - {"OfferEnded", "HeldByColleague", "NoPointsFree", "OperationalError", "InterfaceError"}
    assert lost == set(), failures
    if not killed:
        assert not {"OperationalError", "InterfaceError"} & set(failures), failures
    everybody_beats()
    route_until_nothing_fits()
    check_truth()
