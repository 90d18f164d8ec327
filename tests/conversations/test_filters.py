"""Filters and saved views: they narrow what the gate gives, and are written alike in a view and in an address."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hark.conversations.actions.cases import assign, resolve, set_waiting
from hark.conversations.actions.saved_views import NewView, add_view, change_view, move_view, remove_view
from hark.conversations.actions.snoozing import snooze
from hark.conversations.actions.tags import add_tag, put_tag
from hark.conversations.errors import NameMissing
from hark.conversations.models import Case
from hark.conversations.queries.cases import case_counts, case_page, cases_in
from hark.conversations.queries.filters import CaseFilter
from hark.conversations.queries.saved_views import FREE, find_list, free_list, saved_lists
from hark.kernel.errors import NotAllowed, NotFound
from hark.kernel.time import database_now
from hark.organisation.models import Agent, Channel, Inbox, Team
from hark.organisation.types import Role
from tests.conversations.desk import a_case, acts, an_agent
from tests.delivery.makers import a_channel, an_inbox

pytestmark = pytest.mark.django_db


def found(agent: Agent, text: str) -> set[str]:
    """The people whose cases a filter gives."""
    wanted = free_list(CaseFilter.parse(text))
    return {case.contact.name for case in cases_in(agent, wanted, at=database_now()).select_related("contact")}


def test_every_field_narrows(inbox: Inbox, channel: Channel, tessa: Agent, ruben: Agent) -> None:
    cases = {who: a_case(channel, who=who, ago=1) for who in ("mine", "his", "waits", "done", "rests", "old", "late")}
    assign(case_id=cases["mine"].pk, agent_id=tessa.pk, actor=acts(tessa))
    assign(case_id=cases["his"].pk, agent_id=ruben.pk, actor=acts(tessa))
    set_waiting(case_id=cases["waits"].pk, actor=acts(tessa))
    resolve(case_id=cases["done"].pk, actor=acts(tessa))
    snooze(case_id=cases["rests"].pk, until=database_now() + timedelta(hours=1), actor=acts(tessa))
    tag = add_tag(name="Billing", actor=acts(an_agent("Ada", inbox, role=Role.OWNER)))
    put_tag(case_id=cases["mine"].pk, tag_key=tag.key, actor=acts(tessa))
    Case.objects.filter(pk=cases["old"].pk).update(opened_at=database_now() - timedelta(days=2))
    Case.objects.filter(pk=cases["late"].pk).update(due_at=database_now() - timedelta(minutes=1))
    rest = {"Mine", "His", "Waits", "Old", "Late"}
    expected = {
        "": rest,
        "assignee.me": {"Mine"},
        "assignee.nobody": rest - {"Mine", "His"},
        f"assignee.me~assignee.{ruben.key}": {"Mine", "His"},
        "status.waiting": {"Waits"},
        "status.resolved": {"Done"},
        "status.open~status.resolved": rest - {"Waits"} | {"Done"},
        "snoozed.yes": {"Rests"},
        f"tag.{tag.key}": {"Mine"},
        "venue.shelf": rest,
        "venue.webchat": set(),
        f"inbox.{inbox.key}": rest,
        "older.day": {"Old"},
        "older.hour~older.week": {"Old"},
        "clock.late": {"Late"},
        "mood.calm": rest,
        "mood.angry": set(),
        "assignee.nobody~clock.late~status.open": {"Late"},
    }
    assert {text: found(tessa, text) for text in expected} == expected


def test_filter_never_shows_or_counts_what_the_gate_hides(channel: Channel, tessa: Agent, sven: Agent) -> None:
    a_case(channel)
    hidden = an_inbox("Hidden")
    a_case(a_channel(hidden, "hidden"), who="zoe")
    assert found(tessa, f"inbox.{hidden.key}") == set()
    wanted = free_list(CaseFilter())
    assert case_counts(tessa, at=database_now(), lists=[wanted]) == {wanted.value: 1}
    assert case_counts(sven, at=database_now(), lists=[wanted]) == {wanted.value: 0}


@given(st.text(max_size=200) | st.text("tagsued_.~", max_size=60))
def test_any_text_is_a_filter_that_is_written_back_alike(text: str) -> None:
    once = CaseFilter.parse(text)
    assert CaseFilter.parse(str(once)) == once
    assert all(part.isascii() and part.replace("_", "").isalnum() for pair in once.pairs for part in pair)


def test_own_views_are_nobody_elses_and_a_teams_are_the_teams(
    inbox: Inbox, tessa: Agent, ruben: Agent, sven: Agent
) -> None:
    lead = an_agent("Lea", role=Role.SUPERVISOR)
    team = Team.objects.get(agents=tessa)
    own = add_view(new=NewView("Late ones", CaseFilter.parse("clock.late")), actor=acts(tessa))
    assert find_list(tessa, own.key) == saved_lists(tessa)[0]
    shared = add_view(new=NewView("Angry", CaseFilter.parse("mood.angry"), team), actor=acts(lead))
    assert [one.label for one in saved_lists(tessa)] == ["Late ones", "Angry"]
    assert [one.label for one in saved_lists(ruben)] == ["Angry"]
    assert saved_lists(sven) == []
    assert find_list(ruben, own.key) is None
    assert find_list(sven, shared.key) is None
    with pytest.raises(NotAllowed):
        add_view(new=NewView("Ours", CaseFilter(), team), actor=acts(tessa))
    for key, error in ((own.key, NotFound), (shared.key, NotAllowed)):
        with pytest.raises(error):
            change_view(key=key, name="x", filter=CaseFilter(), actor=acts(ruben))
        with pytest.raises(error):
            remove_view(key=key, actor=acts(ruben))


def test_views_are_renamed_moved_and_removed(tessa: Agent) -> None:
    keys = [add_view(new=NewView(name, CaseFilter()), actor=acts(tessa)).key for name in "abc"]
    move_view(key=keys[2], by=-1, actor=acts(tessa))
    move_view(key=keys[0], by=-1, actor=acts(tessa))
    change_view(key=keys[1], name=" B ", filter=CaseFilter.parse("mood.calm"), actor=acts(tessa))
    assert [one.label for one in saved_lists(tessa)] == ["a", "c", "B"]
    remove_view(key=keys[0], actor=acts(tessa))
    assert [one.label for one in saved_lists(tessa)] == ["c", "B"]
    with pytest.raises(NameMissing):
        change_view(key=keys[1], name="", filter=CaseFilter(), actor=acts(tessa))


def test_pages_of_a_filter_neither_skip_nor_repeat(channel: Channel, tessa: Agent) -> None:
    for number in range(5):
        a_case(channel, who=f"w{number}", ago=number)
    wanted, after, keys = find_list(tessa, f"{FREE}assignee.nobody"), "", []
    assert wanted is not None
    while True:
        page = case_page(tessa, wanted, at=database_now(), after=after, limit=2)
        keys += [row.key for row in page.rows]
        after = page.next_place
        if not after:
            break
    assert len(keys) == len(set(keys)) == 5
