"""Tags: defined by administrators, put on cases by agents, told on the timeline."""

import pytest

from hark.conversations.actions.tags import add_tag, change_tag, put_tag, take_tag
from hark.conversations.errors import NameInUse, NameMissing
from hark.conversations.models import Case
from hark.conversations.queries.cases import View, case_page
from hark.conversations.queries.tags import tags_of, tags_offered
from hark.kernel.errors import NotAllowed, NotFound
from hark.kernel.models import Event
from hark.kernel.time import database_now
from hark.organisation.models import Agent, Channel, Inbox
from hark.organisation.types import Role
from tests.conversations.desk import a_case, acts, an_agent

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(inbox: Inbox) -> Agent:
    """Who defines tags."""
    return an_agent("Ada", inbox, role=Role.ADMINISTRATOR)


def test_tag_is_on_the_case_and_in_its_line_once(boss: Agent, tessa: Agent, channel: Channel) -> None:
    case, tag = a_case(channel), add_tag(name=" Double  charge ", actor=acts(boss))
    for _ in range(2):
        put_tag(case_id=case.pk, tag_key=tag.key, actor=acts(tessa))
    [row] = case_page(tessa, View.ALL, at=database_now()).rows
    assert row.tags == ("Double charge",)
    assert [event.data["name"] for event in Event.objects.filter(kind="case.tagged")] == ["Double charge"]
    take_tag(case_id=case.pk, tag_key=tag.key, actor=acts(tessa))
    take_tag(case_id=case.pk, tag_key=tag.key, actor=acts(tessa))
    assert (tags_of(case), Event.objects.filter(kind="case.untagged").count()) == ([], 1)
    assert Case.objects.get(pk=case.pk).version == case.version + 2


def test_names_are_one_line_and_no_two_alike(boss: Agent) -> None:
    tag = add_tag(name="Billing", actor=acts(boss))
    with pytest.raises(NameInUse):
        add_tag(name="billing", actor=acts(boss))
    for name in (" \n ", "x" * 81):
        with pytest.raises(NameMissing):
            change_tag(key=tag.key, name=name, retired=False, actor=acts(boss))


def test_retired_tag_stays_where_it_is_and_is_not_offered(boss: Agent, tessa: Agent, channel: Channel) -> None:
    case, tag = a_case(channel), add_tag(name="Billing", actor=acts(boss))
    put_tag(case_id=case.pk, tag_key=tag.key, actor=acts(tessa))
    change_tag(key=tag.key, name="Money", retired=True, actor=acts(boss))
    assert ([one.name for one in tags_of(case)], list(tags_offered())) == (["Money"], [])


def test_agents_define_none_and_strangers_tag_nothing(boss: Agent, tessa: Agent, sven: Agent, channel: Channel) -> None:
    tag = add_tag(name="Billing", actor=acts(boss))
    with pytest.raises(NotAllowed):
        add_tag(name="Mine", actor=acts(tessa))
    case = a_case(channel)
    with pytest.raises(NotFound):
        put_tag(case_id=case.pk, tag_key=tag.key, actor=acts(sven))
    with pytest.raises(NotFound):
        put_tag(case_id=case.pk, tag_key="tag_none", actor=acts(tessa))
