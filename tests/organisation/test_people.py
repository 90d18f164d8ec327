"""Who works here: the first run, agents and their doors."""

import threading

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection

from hark.kernel.errors import NotAllowed
from hark.organisation.actions import people
from hark.organisation.actions.set_up import AlreadySetUp, Founded, set_up
from hark.organisation.models import Agent, Inbox, Organisation
from hark.organisation.queries import inboxes_visible_to
from hark.organisation.types import NewBrand, NewInbox, Role

PASSWORD = "long enough to keep"


def found() -> Founded:
    return set_up(organisation="Plum", owner_name="Ada", owner_email="Ada@Plum.example", password=PASSWORD)


@pytest.mark.django_db
def test_first_run_makes_owner_team_brand_and_inbox() -> None:
    made = found()
    assert made.owner.role == Role.OWNER
    assert made.owner.check_password(PASSWORD)
    assert Agent.objects.get_by_natural_key("ADA@plum.example") == made.owner
    assert made.brand.name == "Plum"
    assert list(inboxes_visible_to(made.owner)) == [made.inbox]


@pytest.mark.django_db
def test_first_run_happens_once() -> None:
    found()
    with pytest.raises(AlreadySetUp):
        set_up(organisation="Other", owner_name="Eve", owner_email="eve@x.example", password=PASSWORD)
    assert not Agent.objects.filter(email="eve@x.example").exists()


@pytest.mark.django_db(transaction=True)
def test_first_run_at_the_same_moment_gives_one_owner() -> None:
    outcomes: list[str] = []

    def run(name: str) -> None:
        try:
            set_up(organisation=name, owner_name=name, owner_email=f"{name}@x.example", password=PASSWORD)
            outcomes.append("made")
        except AlreadySetUp:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["made", "refused"]
    assert Organisation.objects.count() == Agent.objects.count() == 1


@pytest.mark.django_db
def test_short_or_common_password_is_refused_with_the_reason() -> None:
    with pytest.raises(people.WeakPassword, match="12"):
        set_up(organisation="Plum", owner_name="Ada", owner_email="a@x.example", password="short")
    assert not Organisation.objects.exists()


@pytest.mark.django_db
def test_address_in_use_is_refused() -> None:
    found()
    with pytest.raises(people.NameTaken):
        people.add_agent(name="Other", email="ADA@plum.example")


@pytest.mark.django_db
def test_one_time_link_sets_a_password_once() -> None:
    made = found()
    agent = people.add_agent(name="Tom", email="tom@plum.example", teams=[made.team])
    assert not agent.has_usable_password()
    token = people.invitation_token(agent=agent)
    people.join(key=agent.key, token=token, password=PASSWORD)
    with pytest.raises(people.LinkUsedUp):
        people.join(key=agent.key, token=token, password="another long password")
    assert Agent.objects.get(pk=agent.pk).check_password(PASSWORD)


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["", "x", "abc-def"])
def test_empty_or_invented_token_opens_nothing(token: str) -> None:
    found()
    agent = people.add_agent(name="Tom", email="tom@plum.example")
    with pytest.raises(people.LinkUsedUp):
        people.join(key=agent.key, token=token, password=PASSWORD)


@pytest.mark.django_db
def test_link_of_one_person_does_not_open_for_another() -> None:
    found()
    tom = people.add_agent(name="Tom", email="tom@plum.example")
    eve = people.add_agent(name="Eve", email="eve@plum.example")
    with pytest.raises(people.LinkUsedUp):
        people.join(key=eve.key, token=people.invitation_token(agent=tom), password=PASSWORD)


@pytest.mark.django_db
def test_link_ends_when_role_changes() -> None:
    made = found()
    tom = people.add_agent(name="Tom", email="tom@plum.example")
    token = people.invitation_token(agent=tom)
    people.change_agent(key=tom.key, role=Role.SUPERVISOR, teams=[], actor=made.owner)
    with pytest.raises(people.LinkUsedUp):
        people.join(key=tom.key, token=token, password=PASSWORD)


@pytest.mark.django_db
def test_deactivation_ends_that_persons_sessions_only() -> None:
    made = found()
    tom = people.add_agent(name="Tom", email="tom@plum.example", password=PASSWORD)
    for person in (tom, made.owner):
        session = SessionStore()
        session["_auth_user_id"] = str(person.pk)
        session.save()
    people.deactivate_agent(key=tom.key, actor=made.owner)
    left = [row.get_decoded()["_auth_user_id"] for row in Session.objects.all()]
    assert left == [str(made.owner.pk)]
    assert inboxes_visible_to(Agent.objects.get(pk=tom.pk)).count() == 0


@pytest.mark.django_db
def test_nobody_closes_or_promotes_oneself() -> None:
    made = found()
    with pytest.raises(NotAllowed):
        people.deactivate_agent(key=made.owner.key, actor=made.owner)
    tom = people.add_agent(name="Tom", email="tom@plum.example", role=Role.ADMINISTRATOR)
    with pytest.raises(NotAllowed):
        people.change_agent(key=tom.key, role=Role.OWNER, teams=[], actor=tom)


@pytest.mark.django_db
def test_administrator_cannot_touch_an_owner() -> None:
    made = found()
    tom = people.add_agent(name="Tom", email="tom@plum.example", role=Role.ADMINISTRATOR)
    with pytest.raises(NotAllowed):
        people.deactivate_agent(key=made.owner.key, actor=tom)
    with pytest.raises(NotAllowed):
        people.change_agent(key=made.owner.key, role=Role.AGENT, teams=[], actor=tom)


@pytest.mark.django_db
def test_inbox_members_decide_who_sees_it() -> None:
    made = found()
    tom = people.add_agent(name="Tom", email="tom@plum.example")
    night = people.add_team(name="Night")
    people.change_agent(key=tom.key, role=Role.AGENT, teams=[night], actor=made.owner)
    assert list(inboxes_visible_to(tom)) == []
    people.set_inbox_members(key=made.inbox.key, teams=[made.team, night], only_assigned=True)
    assert [inbox.only_assigned for inbox in inboxes_visible_to(tom)] == [True]


@pytest.mark.django_db
def test_brand_is_replaced_as_a_whole() -> None:
    made = found()
    people.change_brand(key=made.brand.key, brand=NewBrand(name="Plum", products=("sim", "eSIM"), exclude=("cake",)))
    made.brand.refresh_from_db()
    assert made.brand.products == ["sim", "eSIM"]
    other = people.add_inbox(inbox=NewInbox(name="Night"), brand=made.brand)
    assert Inbox.objects.get(key=other.key).brand == made.brand
