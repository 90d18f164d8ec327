"""Roles of one's own: made right by right, given to people, never worth more than what their giver may."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hark.conversations.actions.cases import assign
from hark.conversations.errors import CannotAssign
from hark.conversations.queries.access import agents_who_see
from hark.kernel.errors import NotAllowed
from hark.organisation.actions.people import LastOwner, NameTaken, change_agent, deactivate_agent
from hark.organisation.actions.roles import RoleInUse, keep_role, remove_role
from hark.organisation.models import Agent, AuditEntry, OwnRole
from hark.organisation.types import RIGHTS_OF, Right, Role
from hark.workspace.actions.acts import author_of
from tests.workspace.fixtures import SignedIn, page_of
from tests.workspace.makers import World, an_own_role, case_of, known, make_role, say


def give(world: World, agent: Agent, role: Role | OwnRole) -> Agent:
    """This role, by the owner; the same teams."""
    return change_agent(key=agent.key, role=role, teams=list(agent.teams.all()), actor=world.owner)


def test_role_is_made_on_its_page_from_a_given_one_and_then_given(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.owner)
    page = page_of(client.get("/settings/roles/?from=agent"))
    for right in Right:
        held = f'value="{right.value}" id="id_rights_{list(Right).index(right)}" checked' in page
        assert held == (right in RIGHTS_OF[Role.AGENT]), right
    client.post("/settings/roles/", {"name": "Writer", "rights": ["answer", "tools"]})
    role = OwnRole.objects.get()
    assert role.rights == ["answer", "note", "tools"]  # who answers also notes
    client.post(f"/settings/people/{world.tessa.key}/", {"role": role.key, "teams": [world.team.key]})
    tessa = Agent.objects.get(pk=world.tessa.pk)
    assert tessa.role_name == "Writer"
    own = signed_in(tessa)
    assert own.get("/settings/").headers["Location"] == "/settings/replies/"
    page = page_of(own.get("/settings/tags/"))
    assert 'href="/settings/macros/"' in page
    assert "/settings/people/" not in page
    assert own.get("/settings/people/").status_code == 404
    assert page_of(client.get("/settings/people/")).count("Writer") == 2  # beside Tessa, and to choose


def test_nobody_gives_changes_or_touches_rights_that_he_does_not_hold(world: World, signed_in: SignedIn) -> None:
    chief = make_role(world, Role.ADMINISTRATOR)
    auditor, client = make_role(world, Role.AUDITOR), signed_in(chief)
    with pytest.raises(NotAllowed):
        keep_role(name="Spy", rights=[Right.AUDIT], actor=chief)
    assert client.post("/settings/roles/", {"name": "Spy", "rights": ["audit"]}).status_code == 422
    role = an_own_role(world, Right.AUDIT)
    for word in (role.key, "auditor", "owner"):
        said = client.post(f"/settings/people/{world.ruben.key}/", {"role": word})
        assert said.status_code == 422, word
        said = client.post("/settings/people/", {"name": "Eve", "email": "eve@plum.example", "role": word})
        assert said.status_code == 422, word
    for act in ("link", "factor", "door"):
        assert client.post(f"/settings/people/{auditor.key}/{act}/").status_code == 404, act
    assert client.post(f"/settings/roles/{role.key}/", {"name": "Mine"}).status_code == 422
    with pytest.raises(NotAllowed):
        remove_role(key=role.key, actor=chief)
    with pytest.raises(NotAllowed):
        deactivate_agent(key=auditor.key, actor=chief)


def test_nobody_changes_the_role_he_has_himself(world: World) -> None:
    role = an_own_role(world, Right.PEOPLE, Right.TOOLS)
    tessa = give(world, world.tessa, role)
    with pytest.raises(NotAllowed):
        keep_role(name="More", rights=tessa.rights, actor=tessa, key=role.key)


def test_last_owner_gets_no_other_role(world: World) -> None:
    second = make_role(world, Role.OWNER)
    role = an_own_role(world, *Right)
    give(world, second, role)
    with pytest.raises(NotAllowed):  # all rights make no owner
        change_agent(key=world.owner.key, role=Role.AGENT, teams=[], actor=Agent.objects.get(pk=second.pk))
    third = make_role(world, Role.OWNER)
    Agent.objects.filter(pk=third.pk).update(is_active=False)
    with pytest.raises(LastOwner):
        change_agent(key=world.owner.key, role=role, teams=[], actor=third)


def test_changed_role_ends_the_sessions_of_those_who_have_it_and_is_written_down(
    world: World, signed_in: SignedIn
) -> None:
    role = an_own_role(world, Right.SEE_ALL, Right.BRANDS)
    client, other = signed_in(give(world, world.tessa, role)), signed_in(world.ruben)
    assert client.get("/settings/brands/").status_code == 200
    keep_role(name="Less", rights=[Right.SEE_ALL], actor=world.owner, key=role.key)
    assert client.get("/").status_code == 302
    assert other.get("/").status_code == 200
    assert signed_in(world.tessa).get("/settings/brands/").status_code == 404
    last = AuditEntry.objects.latest("number")
    assert (last.verb, last.details) == ("role.changed", {"name": "Less", "taken": ["brands"]})
    with pytest.raises(RoleInUse):
        remove_role(key=role.key, actor=world.owner)
    give(world, world.tessa, Role.AGENT)
    remove_role(key=role.key, actor=world.owner)


def test_two_roles_have_two_names_and_none_that_of_a_given_one(world: World) -> None:
    name = an_own_role(world).name
    for taken in (name, "Owner", "supervisor"):
        with pytest.raises(NameTaken):
            keep_role(name=taken, rights=[], actor=world.owner)


def test_own_role_counts_wherever_a_right_is_asked_of_many(world: World) -> None:
    theirs = case_of(say(world.night_chat, known("bob"), "Good evening."))
    reads = give(world, world.tessa, an_own_role(world, Right.SEE_ALL))
    answers = give(world, world.ruben, an_own_role(world, Right.SEE_ALL, Right.ANSWER))
    assert {reads, answers, world.owner, world.stranger} == set(agents_who_see(theirs))
    with pytest.raises(CannotAssign):
        assign(case_id=theirs.pk, agent_id=reads.pk, actor=author_of(world.owner))
    assert assign(case_id=theirs.pk, agent_id=answers.pk, actor=author_of(world.owner)).assignee == answers


def test_own_role_costs_no_statement_more(world: World, signed_in: SignedIn) -> None:
    def statements(agent: Agent) -> int:
        client = signed_in(agent)
        client.get("/?view=all")
        with CaptureQueriesContext(
            connection,
        ) as seen:
            client.get("/?view=all")
        return len(seen)

    role = an_own_role(world, *RIGHTS_OF[Role.AGENT])
    before = statements(world.ruben)
    assert statements(give(world, world.ruben, role)) == before
