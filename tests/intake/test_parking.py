"""What cannot be read is tried again, then parked where those who may see it can replay or discard it."""

import pytest

from hark.intake import actions, queries
from hark.intake.models import Arrival
from hark.intake.types import NewArrival
from hark.kernel.errors import NotAllowed, NotFound
from hark.kernel.ids import public_key
from hark.kernel.queries import events_after, newest_position
from hark.kernel.time import database_now, now
from hark.organisation.models import Agent, Channel, Team
from hark.organisation.types import Role
from tests.intake.running import make_channel, make_inbox
from tests.intake.test_claiming import age, claim_all

pytestmark = pytest.mark.django_db(transaction=True)


def agent(name: str, *teams: Team, role: Role = Role.AGENT) -> Agent:
    """A person."""
    made = Agent.objects.create(key=public_key("agent"), email=f"{name}@plum.example", name=name, role=role)
    made.teams.set(teams)
    return made


def poisoned(channel: Channel, key: str = "bad") -> Arrival:
    """An arrival that was parked."""
    actions.accept(channel_id=channel.pk, arrivals=[NewArrival(key, "", {}, b"\x00<b>boo\xff\xe2\x80\xae", now())])
    actions.park(claimed=claim_all()[0], error="ParseFailed")
    return Arrival.objects.get(dedupe_key=key)


def test_poison_is_tried_five_times_within_a_minute_then_parked_and_told() -> None:
    channel = make_channel()
    start = newest_position()
    actions.accept(channel_id=channel.pk, arrivals=[NewArrival("bad", "", {}, b"x", now())])
    waited = 0.0
    states = []
    for _ in range(5):
        one = claim_all()[0]
        states.append(actions.retry_later(claimed=one, error="ParseFailed").value)
        row = Arrival.objects.get()
        if row.not_before and row.state == "received":
            pause = (row.not_before - database_now()).total_seconds()
            assert claim_all() == []
            waited += pause
            age(pause + 0.1)
    assert states == ["received"] * 4 + ["parked"]
    assert 30 < waited < 55
    events = [event for event in events_after(start) if event.kind == "arrival.parked"]
    assert [(event.subject, event.inbox_id) for event in events] == [(row.key, channel.inbox_id)]


def test_arrival_in_trouble_is_listed_before_it_is_parked() -> None:
    inbox, team = make_inbox()
    channel = make_channel("bell", inbox)
    actions.accept(channel_id=channel.pk, arrivals=[NewArrival("bad", "", {}, b"x", now())])
    actions.retry_later(claimed=claim_all()[0], error="ParseFailed")
    ann = agent("ann", team)
    assert [(row.state, row.error) for row in queries.parked(ann)] == [("received", "ParseFailed")]
    assert queries.count_parked(ann) == 0


def test_failing_arrival_is_read_alone_so_that_neighbours_do_not_wait() -> None:
    channel = make_channel()
    new = [NewArrival(f"k{n}", "", {}, b"x", now()) for n in range(3)]
    actions.accept(channel_id=channel.pk, arrivals=new)
    first, *others = claim_all()
    actions.retry_later(claimed=first, error="ParseFailed")
    actions.give_back(claimed=others)
    age(5)
    assert sorted([sorted(one.dedupe_key for one in claim_all()) for _ in range(2)]) == [["k0"], ["k1", "k2"]]


def test_replayed_arrival_is_read_again_from_the_first_try() -> None:
    inbox, team = make_inbox()
    row = poisoned(make_channel("bell", inbox))
    start = newest_position()
    ann = agent("ann", team)
    actions.replay(arrival_id=row.pk, actor=ann)
    assert [(one.id, one.attempts) for one in claim_all()] == [(row.pk, 1)]
    assert [(event.kind, event.actor) for event in events_after(start)] == [("arrival.replayed", ann.key)]
    assert queries.parked(ann) == []
    with pytest.raises(NotFound):
        actions.replay(arrival_id=row.pk, actor=ann)


def test_discarded_arrival_keeps_its_bytes_and_leaves_the_list() -> None:
    inbox, team = make_inbox()
    row = poisoned(make_channel("bell", inbox))
    ann = agent("ann", team)
    actions.discard(arrival_id=row.pk, actor=ann)
    row.refresh_from_db()
    assert (row.state, row.outcome, row.error) == ("discarded", "discarded", "ParseFailed")
    assert bytes(row.body)
    assert queries.parked(ann) == []
    assert claim_all() == []


def test_foreign_inbox_is_not_there_for_reading_replaying_or_discarding() -> None:
    _, own = make_inbox("Own")
    foreign, _ = make_inbox("Foreign")
    row = poisoned(make_channel("bell", foreign))
    ann = agent("ann", own)
    assert queries.parked(ann) == []
    assert queries.count_parked(ann) == 0
    for act in (actions.replay, actions.discard):
        with pytest.raises(NotFound):
            act(arrival_id=row.pk, actor=ann)
    with pytest.raises(NotFound):
        queries.get_parked(ann, row.key or "")
    assert queries.get_parked(agent("boss", role=Role.SUPERVISOR), row.key or "").pk == row.pk


def test_agent_of_an_only_assigned_inbox_sees_nothing_parked_there() -> None:
    inbox, team = make_inbox(only_assigned=True)
    poisoned(make_channel("bell", inbox))
    assert queries.parked(agent("ann", team)) == []
    assert len(queries.parked(agent("boss", role=Role.SUPERVISOR))) == 1


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.LIGHT_AGENT])
def test_who_may_not_answer_may_look_but_not_replay(role: Role) -> None:
    inbox, team = make_inbox()
    row = poisoned(make_channel("bell", inbox))
    ann = agent("ann", team, role=role)
    assert len(queries.parked(ann)) == 1
    with pytest.raises(NotAllowed):
        actions.replay(arrival_id=row.pk, actor=ann)


def test_raw_bytes_are_shown_with_what_is_invisible_made_visible() -> None:
    assert queries.shown_bytes(b"\x00<b>boo\xff\n\xe2\x80\xae") == "␀<b>boo\ufffd\n\\u{202e}"
    assert len(queries.shown_bytes(b"x" * 10**6)) == queries.SHOWN_CHARACTERS


def test_oldest_waiting_arrival_tells_how_far_behind_we_are() -> None:
    assert queries.oldest_waiting_seconds() == 0
    channel = make_channel()
    actions.accept(channel_id=channel.pk, arrivals=[NewArrival("k", "", {}, b"x", now())])
    age(90)
    assert 89 < queries.oldest_waiting_seconds() < 100
