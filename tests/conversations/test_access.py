"""The gate: what an agent may not see does not exist, in lists, counts, timelines, streams and acts alike."""

from collections.abc import Callable

import pytest

from hark.conversations.actions.cases import assign, open_case_by_hand, reopen, resolve, set_waiting
from hark.conversations.actions.corrections import correct
from hark.conversations.actions.drafts import keep_draft
from hark.conversations.actions.notes import add_note
from hark.conversations.models import Case, Message
from hark.conversations.queries.access import (
    cases_visible_to,
    contacts_visible_to,
    conversations_visible_to,
    get_case,
    messages_visible_to,
    notes_visible_to,
)
from hark.conversations.queries.cases import View, case_counts, case_page
from hark.conversations.queries.stream import Label, stream_counts, stream_page
from hark.conversations.queries.timeline import timeline
from hark.conversations.queries.writing import ways_to_answer
from hark.conversations.types import Author
from hark.kernel.errors import NotAllowed, NotFound
from hark.kernel.ids import new_uuid
from hark.kernel.time import database_now
from hark.organisation.models import Agent, Channel, Inbox
from hark.organisation.types import Role
from tests.conversations.desk import a_case, acts, an_agent, said
from tests.delivery.makers import a_channel, an_inbox

pytestmark = pytest.mark.django_db


def everything_seen_by(agent: Agent) -> dict[str, object]:
    """All that any list, count or stream gives this agent."""
    at = database_now()
    return {
        "cases": set(cases_visible_to(agent)),
        "conversations": set(conversations_visible_to(agent)),
        "messages": set(messages_visible_to(agent)),
        "notes": set(notes_visible_to(agent)),
        "contacts": set(contacts_visible_to(agent)),
        "counts": {str(view): number for view, number in case_counts(agent, at=at).items() if number},
        "rows": {row.key for view in View for row in case_page(agent, view, at=at).rows},
        "stream": {row.key for row in stream_page(agent, Label.ALL).rows},
        "stream counts": {str(label): number for label, number in stream_counts(agent).items() if number},
    }


NOTHING = {
    "cases": set(), "conversations": set(), "messages": set(), "notes": set(), "contacts": set(), "counts": {},
    "rows": set(), "stream": set(), "stream counts": {},
}  # fmt: skip


@pytest.fixture
def case(channel: Channel, tessa: Agent) -> Case:
    """A case with a note, and a message in the stream beside it."""
    case = a_case(channel, ago=1)
    add_note(case_id=case.pk, text="Look at his bill.", author=acts(tessa), idempotency_key=new_uuid())
    said(channel, "plum cake", who="baker", case_reason="")
    return case


def test_agent_of_the_inbox_sees_all_of_it(case: Case, tessa: Agent) -> None:
    seen = everything_seen_by(tessa)
    assert seen["cases"] == {case}
    assert seen["counts"] == {"unassigned": 1, "all": 1}
    assert seen["stream counts"] == {"all": 1}
    assert [len(seen[name]) for name in ("conversations", "messages", "notes", "contacts")] == [2, 2, 1, 2]  # type: ignore[arg-type]


def test_agent_of_another_inbox_sees_nothing_not_even_a_number(case: Case, sven: Agent) -> None:
    assert everything_seen_by(sven) == NOTHING


def test_deactivated_agent_sees_nothing_whatever_his_role(case: Case, inbox: Inbox) -> None:
    for role in Role:
        agent = an_agent("Gone", inbox, role=role)
        agent.is_active = False
        agent.save()
        assert everything_seen_by(agent) == NOTHING


@pytest.mark.parametrize("role", [Role.OWNER, Role.ADMINISTRATOR, Role.SUPERVISOR, Role.AUDITOR])
def test_those_who_answer_for_all_see_all(role: Role, case: Case, tessa: Agent) -> None:
    assert everything_seen_by(an_agent("Chief", role=role)) == everything_seen_by(tessa)


def test_only_assigned_inbox_shows_an_agent_his_own_cases_everywhere(case: Case, tessa: Agent, ruben: Agent) -> None:
    Inbox.objects.update(only_assigned=True)
    assert everything_seen_by(tessa) == everything_seen_by(ruben) == NOTHING
    assign(case_id=case.pk, agent_id=tessa.pk, actor=None)
    seen = everything_seen_by(tessa)
    assert (seen["cases"], seen["counts"], len(seen["messages"])) == ({case}, {"mine": 1, "all": 1}, 1)  # type: ignore[arg-type]
    assert seen["stream"] == set(), "a message without a case is nobody's"
    assert everything_seen_by(ruben) == NOTHING


def test_agent_in_two_teams_of_one_inbox_sees_it_once(case: Case, inbox: Inbox, tessa: Agent) -> None:
    other = an_inbox("Second")
    inbox.teams.add(*other.teams.all())
    tessa.teams.add(*other.teams.all())
    assert cases_visible_to(tessa).count() == messages_visible_to(tessa).filter(conversation__case=case).count() == 1


def test_foreign_case_is_told_as_an_unknown_one(case: Case, sven: Agent) -> None:
    with pytest.raises(NotFound) as foreign:
        get_case(sven, case.key)
    with pytest.raises(NotFound) as unknown:
        get_case(sven, "case_there_is_none")
    assert str(foreign.value) == str(unknown.value)


def test_timeline_leaves_out_what_other_inboxes_have_of_the_same_person(case: Case, tessa: Agent, sven: Agent) -> None:
    other = a_channel(Inbox.objects.get(name="Sales"), "sales")
    hidden = a_case(other, "Sell me a phone", thread_id="elsewhere")
    add_note(case_id=hidden.pk, text="A good one.", author=acts(sven), idempotency_key=new_uuid())
    assert hidden.contact_id == case.contact_id
    at = database_now()
    texts = [getattr(entry.body, "text", "") for entry in timeline(tessa, case, at=at).entries]
    assert [text for text in texts if text] == ["It does not work.", "Look at his bill."]
    assert {getattr(e.body, "case_key", "") for e in timeline(tessa, case, at=at).entries} == {case.key}
    assert len(ways_to_answer(tessa, case)) == 1


def test_duplicates_are_told_only_as_far_as_one_may_see(tessa: Agent, sven: Agent, channel: Channel) -> None:
    from tests.journey.makers import make_reading

    reading = make_reading(duplicate_key="same")
    case = a_case(channel, reading=reading)
    said(a_channel(Inbox.objects.get(name="Sales"), "sales"), reading=reading, thread_id="elsewhere", who="copy")
    [shown] = [entry.body for entry in timeline(tessa, case, at=database_now()).entries if entry.kind == "message"]
    assert shown.also_posted == ()  # type: ignore[union-attr]
    chief = an_agent("Chief", role=Role.SUPERVISOR)
    [shown] = [entry.body for entry in timeline(chief, case, at=database_now()).entries if entry.kind == "message"]
    assert [posted.channel for posted in shown.also_posted] == ["@sales"]  # type: ignore[union-attr]


ACTS: dict[str, Callable[[Case, Message, Author], object]] = {
    "assign": lambda case, _, by: assign(case_id=case.pk, agent_id=by.agent_id, actor=by),
    "resolve": lambda case, _, by: resolve(case_id=case.pk, actor=by),
    "reopen": lambda case, _, by: reopen(case_id=case.pk, actor=by),
    "set_waiting": lambda case, _, by: set_waiting(case_id=case.pk, actor=by),
    "add_note": lambda case, _, by: add_note(case_id=case.pk, text="x", author=by, idempotency_key=new_uuid()),
    "keep_draft": lambda case, _, by: keep_draft(case_id=case.pk, kind="reply", text="x", author=by),
    "correct": lambda _, m, by: correct(message_id=m.pk, field="urgency", value="high", author=by),
    "open_case_by_hand": lambda _, m, by: open_case_by_hand(message_id=m.pk, author=by),
}


@pytest.mark.parametrize("name", ACTS)
def test_no_act_reaches_into_a_foreign_inbox(name: str, case: Case, sven: Agent) -> None:
    before = list(Case.objects.values())
    for message in Message.objects.all():
        with pytest.raises(NotFound):
            ACTS[name](case, message, acts(sven))
    assert list(Case.objects.values()) == before


@pytest.mark.parametrize("name", ACTS)
@pytest.mark.parametrize("role", [Role.AUDITOR, Role.LIGHT_AGENT])
def test_role_that_may_not_act_is_refused(name: str, role: Role, case: Case, inbox: Inbox) -> None:
    somebody = an_agent("Somebody", inbox, role=role)
    if role == Role.LIGHT_AGENT and name in {"add_note", "keep_draft"}:
        assert ACTS[name](case, Message.objects.all()[0], acts(somebody)) != NotAllowed
        return
    with pytest.raises(NotAllowed):
        ACTS[name](case, Message.objects.all()[0], acts(somebody))
