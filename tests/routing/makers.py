"""Small makers for the tests of routing: people, inboxes, cases, and time that passes."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from hark.contacts.models import Contact
from hark.conversations.models import Case
from hark.kernel.db import execute, fetch_all
from hark.kernel.ids import public_key
from hark.kernel.time import database_now
from hark.organisation.models import Agent, Brand, Inbox, Team
from hark.organisation.types import Role
from hark.routing import actions
from hark.routing.models import Offer, WorkItem
from hark.routing.queries import drift
from hark.routing.types import NewWork

INSTANTS = {
    "offer": ("offered_at", "expires_at", "answered_at"),
    "agentload": ("heartbeat_at", "presence_since", "gone_since", "idle_since", "last_offered_at"),
    "workitem": ("placed_at",),
}


@dataclass(frozen=True)
class Desk:
    """An inbox with its team."""

    inbox: Inbox
    team: Team


def make_desk(name: str = "Care", *, only_assigned: bool = False) -> Desk:
    """An inbox and the team that sees it."""
    brand, _ = Brand.objects.get_or_create(name="Plum", defaults={"key": public_key("brand")})
    team = Team.objects.create(key=public_key("team"), name=name)
    inbox = Inbox.objects.create(key=public_key("inbox"), name=name, brand=brand, only_assigned=only_assigned)
    inbox.teams.add(team)
    return Desk(inbox, team)


def make_agent(name: str, *desks: Desk, role: Role = Role.AGENT, here: bool = True, **skills: int) -> Agent:
    """An agent in the teams of `desks`, at the page and available, with skills by key and level."""
    agent = Agent.objects.create(key=public_key("agent"), email=f"{name.lower()}@plum.example", name=name, role=role)
    agent.teams.add(*(desk.team for desk in desks))
    for key in skills:
        actions.define_skill(key=key, name=key.capitalize())
    if skills:
        actions.set_agent_skills(agent_id=agent.pk, skills=skills)
    if here:
        actions.set_presence(agent_id=agent.pk, presence="available")
    return agent


def make_case(desk: Desk, title: str = "SIM will not activate", assignee: Agent | None = None) -> Case:
    """An open case of a new contact."""
    at = database_now()
    contact = Contact.objects.create(key=public_key("contact"), name="Maud", created_at=at)
    return Case.objects.create(
        key=public_key("case"),
        title=title,
        contact=contact,
        inbox=desk.inbox,
        assignee=assignee,
        opened_at=at,
        last_message_at=at,
    )


def work_on(case: Case, kind: str = "async", *skills: str, waited: float = 0, target: int = 900) -> NewWork:
    """The work of a case whose customer has waited for so many seconds."""
    arrived_at = database_now() - timedelta(seconds=waited)
    return NewWork(case.pk, case.inbox_id, kind, skills, arrived_at, target, case.assignee_id)


def place_one(
    desk: Desk, kind: str = "async", *skills: str, waited: float = 0, assignee: Agent | None = None
) -> WorkItem:
    """A new case with its work item."""
    case = make_case(desk, assignee=assignee)
    actions.place([work_on(case, kind, *skills, waited=waited)])
    return WorkItem.objects.get(case=case)


def item_of(case: Case) -> WorkItem:
    """The newest work item of a case."""
    return WorkItem.objects.filter(case=case).latest("id")


def open_offers(agent: Agent) -> list[Offer]:
    """Offers that wait for this agent's answer."""
    return list(Offer.objects.filter(agent=agent, answer="", ended_at=None).order_by("id"))


def seconds_pass(seconds: float) -> None:
    """Let time pass for everything that lapses: instants in the tables move back. Arrival times stay."""
    for table, columns in INSTANTS.items():
        moved = ", ".join(f"{column} = {column} - %(by)s" for column in columns)
        execute(f"UPDATE routing_{table} SET {moved}", {"by": timedelta(seconds=seconds)})  # noqa: S608
    execute(
        "UPDATE routing_workitem w SET excluded = coalesce((SELECT jsonb_agg(jsonb_build_object("
        "'agent', e -> 'agent', 'until', (e ->> 'until')::timestamptz - %(by)s)) "
        "FROM jsonb_array_elements(w.excluded) AS e), '[]')",
        {"by": timedelta(seconds=seconds)},
    )


def everybody_beats() -> None:
    """All pages are heard of."""
    execute("UPDATE routing_agentload SET heartbeat_at = clock_timestamp() WHERE gone_since IS NULL")


def events(kind: str) -> list[str]:
    """Subjects of the events of a kind, in order."""
    return [row[0] for row in fetch_all("SELECT subject FROM kernel_event WHERE kind = %s ORDER BY id", [kind])]


def check_truth() -> None:
    """Nothing in the tables contradicts anything else: points, live offers, holders."""
    assert drift() == []
    over = fetch_all("SELECT agent_id FROM routing_agentload WHERE used_points > capacity_points OR used_points < 0")
    assert over == []
    two = fetch_all("SELECT item_id FROM routing_offer WHERE ended_at IS NULL GROUP BY item_id HAVING count(*) > 1")
    assert two == []


def arrivals() -> dict[int, datetime]:
    """Item to arrival time."""
    return dict(WorkItem.objects.values_list("pk", "arrived_at"))
