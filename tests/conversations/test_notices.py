"""Mentions, follows and notices: told once, to those whom it concerns, never about a case that one may not see."""

from datetime import UTC, datetime, time, timedelta

import pytest

from hark.conversations.actions.cases import assign, resolve
from hark.conversations.actions.following import follow, unfollow
from hark.conversations.actions.holding import send, send_back
from hark.conversations.actions.notes import add_note
from hark.conversations.actions.noticing import notice, read_notices, wish
from hark.conversations.actions.reply import reply
from hark.conversations.actions.warning import warn_of_clocks
from hark.conversations.models import Case, Clock, Message, Notice
from hark.conversations.queries.access import agents_who_see, cases_visible_to
from hark.conversations.queries.mentions import colleagues_named, mentioned_in
from hark.conversations.queries.notices import Wishes, notices_of, notices_to_pop_up, unread_notices
from hark.conversations.types import Author, Medium, NoticeKind, Visibility
from hark.delivery.actions.announcing import announce
from hark.journey.noticing import notice_step
from hark.kernel.db import fetch_all
from hark.kernel.errors import NotFound
from hark.kernel.ids import new_uuid
from hark.kernel.queries import COLUMNS, journal_event, reader_position
from hark.kernel.time import database_now
from hark.kernel.types import Position
from hark.organisation.actions.approval import set_approval_of_agent
from hark.organisation.actions.people import add_agent
from hark.organisation.models import Agent, Inbox
from hark.organisation.types import Role
from tests.workspace.makers import World, case_of, known, make_role, make_world, say

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def case(world: World) -> Case:
    return case_of(say(world.chat, known("ann"), "Hello?"))


def by(agent: Agent) -> Author:
    return Author(agent.pk, agent.key, agent.name)


def note(case: Case, author: Agent, text: str) -> None:
    add_note(case_id=case.pk, text=text, author=by(author), idempotency_key=new_uuid())


def told(agent: Agent) -> list[tuple[str, str]]:
    """Kind and event of the agent's notices, newest first, once all that was written has been made notices of."""
    rows = fetch_all(f"SELECT {COLUMNS} FROM kernel_event ORDER BY id")  # noqa: S608 - a constant
    notice([journal_event(row) for row in rows], at=database_now())
    return list(notices_of(agent).values_list("kind", "what"))


def test_mentioned_colleague_hears_of_it_and_the_writer_does_not(world: World, case: Case) -> None:
    note(case, world.tessa, "@Ruben Asante, do you know her? (@tessa okonedo)")
    assert told(world.ruben) == [("mention", "note.added")]
    assert told(world.tessa) == []
    assert unread_notices(world.ruben) == 1
    assert read_notices(agent=world.ruben, case_id=case.pk) == 1
    assert unread_notices(world.ruben) == 0


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@Ruben please", ["Ruben Asante"]),
        ("ask @ruben asante.", ["Ruben Asante"]),
        ("@Rubens", []),
        ("mail ruben@Ruben.example", []),
        ("@Ann Marie Bell and no other Ann", ["Ann Marie Bell"]),
        ("@Ann Bell", ["Ann Bell"]),
        ("@Ann", []),
        ("@Nils Night", []),
        ("Ruben Asante", []),
    ],
)
def test_name_behind_an_at_means_one_who_sees_the_case(world: World, case: Case, text: str, names: list[str]) -> None:
    for name in ("Ann Bell", "Ann Marie Bell"):
        add_agent(name=name, email=f"{name.replace(' ', '')}@plum.example", teams=[world.team], password=None)
    assert [one.name for one in mentioned_in(text, case)] == names


def test_colleagues_are_offered_by_any_word_of_their_name(world: World, case: Case) -> None:
    assert [one.name for one in colleagues_named(case, "asa", but=world.tessa)] == ["Ruben Asante"]
    assert [one.name for one in colleagues_named(case, "", but=world.tessa)] == ["Ada Owner", "Ruben Asante"]
    assert colleagues_named(case, "nils", but=world.tessa) == []


@pytest.mark.parametrize("only_assigned", [False, True])
def test_those_who_see_a_case_are_those_for_whom_the_gate_opens(
    world: World,
    case: Case,
    only_assigned: bool,  # noqa: FBT001
) -> None:
    Inbox.objects.filter(pk=world.care.pk).update(only_assigned=only_assigned)
    Case.objects.filter(pk=case.pk).update(assignee=world.ruben)
    for role in Role:
        make_role(world, role)
    fresh = Case.objects.select_related("inbox").get(pk=case.pk)
    open_for = {one.pk for one in Agent.objects.all() if cases_visible_to(one).filter(pk=case.pk).exists()}
    assert set(agents_who_see(fresh).values_list("pk", flat=True)) == open_for


def test_followed_case_tells_what_happens_until_it_is_followed_no_more(world: World, case: Case) -> None:
    follow(case_id=case.pk, author=by(world.tessa))
    say(world.chat, known("ann"), "Is anybody there?", ago=1)
    note(case, world.ruben, "I call her.")
    resolve(case_id=case.pk, actor=by(world.ruben))
    assert [what for _, what in told(world.tessa)] == ["case.resolved", "note.added", "message.received"]
    unfollow(case_id=case.pk, author=by(world.tessa))
    note(case, world.ruben, "Done.")
    assert len(told(world.tessa)) == 3
    assert told(world.ruben) == []


def test_journal_read_again_makes_no_second_notice(world: World, case: Case) -> None:
    note(case, world.tessa, "@Ruben")
    assert len(told(world.ruben)) == len(told(world.ruben)) == Notice.objects.count() == 1


@pytest.mark.django_db(transaction=True)  # the journal shows only what is committed
def test_worker_follows_the_journal_and_keeps_its_place(world: World, case: Case) -> None:
    note(case, world.tessa, "@Ruben")
    while notice_step():
        pass
    assert [row.kind for row in notices_of(world.ruben)] == ["mention"]
    assert reader_position("notices") > Position()
    assert notice_step() is False


def test_case_given_by_a_colleague_is_told_and_one_taken_is_not(world: World, case: Case) -> None:
    assign(case_id=case.pk, agent_id=world.ruben.pk, actor=by(world.ruben))
    assert told(world.ruben) == []
    assign(case_id=case.pk, agent_id=world.tessa.pk, actor=by(world.ruben))
    assert told(world.tessa) == [("assigned", "case.assigned")]


def test_reply_that_did_not_arrive_is_told_to_its_author(world: World, case: Case) -> None:
    asked = Message.objects.get(conversation__case=case)
    answer = reply(
        case_id=case.pk, conversation_id=asked.conversation_id, author=by(world.tessa), text="Yes",
        visibility=Visibility.PRIVATE, idempotency_key=new_uuid(), seen_message_id=asked.pk,
    )  # fmt: skip
    assert answer.outbox_item is not None
    announce(answer.outbox_item, "refused")
    assert told(world.tessa) == [("not_sent", "message.state")]


def test_promise_about_to_break_is_told_once_to_the_holder(world: World, case: Case) -> None:
    assign(case_id=case.pk, agent_id=world.tessa.pk, actor=by(world.tessa))
    assert warn_of_clocks() == 0
    at = database_now()
    late = {"started_at": at - timedelta(minutes=12), "due_at": at + timedelta(minutes=3)}
    Clock.objects.filter(case=case).update(**late)
    assert [warn_of_clocks(), warn_of_clocks()] == [1, 0]
    assert told(world.tessa) == [("at_risk", "clock.at_risk")]


def test_nobody_hears_of_a_case_that_he_may_not_see_and_lost_ones_are_not_counted(world: World, case: Case) -> None:
    with pytest.raises(NotFound):
        follow(case_id=case.pk, author=by(world.stranger))
    note(case, world.tessa, "@Nils Night and @Ruben")
    assert (told(world.stranger), unread_notices(world.stranger)) == ([], 0)
    assert unread_notices(world.ruben) == 1
    follow(case_id=case.pk, author=by(world.ruben))
    world.ruben.teams.clear()
    assert (unread_notices(world.ruben), list(notices_of(world.ruben))) == (0, [])
    before = Notice.objects.count()
    note(case, world.tessa, "Not for Ruben any more.")
    assert told(world.ruben) == []
    assert Notice.objects.count() == before


def test_wishes_decide_by_kind_medium_and_hour(world: World, case: Case) -> None:
    only_desk = {str(kind): frozenset({Medium.DESK}) for kind in NoticeKind}
    wish(agent=world.ruben, wishes=Wishes(by_kind={**only_desk, "followed": frozenset()}))
    follow(case_id=case.pk, author=by(world.ruben))
    note(case, world.tessa, "Nothing for you.")
    note(case, world.tessa, "@Ruben")
    assert told(world.ruben) == [("mention", "note.added")]
    assert not notices_to_pop_up(world.ruben, since=database_now() - timedelta(minutes=1)).exists()
    note(case, world.ruben, "@Tessa")
    assert told(world.tessa)
    assert notices_to_pop_up(world.tessa, since=database_now() - timedelta(minutes=1)).count() == 1


@pytest.mark.parametrize(
    ("at", "from_time", "until_time", "works"),
    [
        ("2026-10-12T09:00", time(9), time(17), True),  # a Monday, 11:00 in Brussels
        ("2026-10-12T15:30", time(9), time(17), False),
        ("2026-10-11T09:00", time(9), time(17), False),  # a Sunday
        ("2026-10-12T21:00", time(22), time(6), True),
        ("2026-10-13T03:00", time(22), time(6), True),
        ("2026-10-18T03:00", time(22), time(6), False),  # Sunday morning belongs to Saturday's night
        ("2026-10-17T03:00", time(22), time(6), True),  # Saturday morning to Friday's
        ("2026-10-12T12:00", None, None, True),
    ],
)
def test_hours_are_those_of_the_agents_own_zone(
    at: str,
    from_time: time | None,
    until_time: time | None,
    works: bool,  # noqa: FBT001
) -> None:
    wishes = Wishes(days=frozenset(range(5)), from_time=from_time, until_time=until_time, zone="Europe/Brussels")
    assert wishes.works(datetime.fromisoformat(at).replace(tzinfo=UTC)) is works
    media = wishes.media(NoticeKind.MENTION, datetime.fromisoformat(at).replace(tzinfo=UTC))
    assert ("browser" in media, "desk" in media) == (works, True)


def test_pages_of_those_concerned_are_told_without_words(world: World, case: Case) -> None:
    note(case, world.tessa, "@Ruben, this is secret.")
    assert told(world.ruben)
    rows = fetch_all("SELECT agent_id, inbox_id, data::text FROM kernel_event WHERE kind = 'notice.made'")
    assert rows == [(world.ruben.pk, None, "{}")]


def test_approvers_hear_of_a_waiting_reply_and_its_author_of_what_became_of_it(world: World) -> None:
    boss = make_role(world, Role.SUPERVISOR)
    set_approval_of_agent(key=world.tessa.key, needed=True, actor=world.owner)
    asked = say(world.square, known("ann"), "Where is it?", visibility=Visibility.PUBLIC)
    held = send(
        case_id=case_of(asked).pk, conversation_id=asked.conversation_id, author=by(world.tessa),
        text="We look into it.", visibility=Visibility.PUBLIC, idempotency_key=new_uuid(), seen_message_id=asked.pk,
    )  # fmt: skip
    assert told(boss) == told(world.owner) == [("to_approve", "reply.held")]
    assert told(world.ruben) == told(world.tessa) == []
    send_back(key=held.key, approver=by(boss))
    assert told(world.tessa) == [("decided", "reply.sent_back")]
