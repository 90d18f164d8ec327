"""Plum is set up as an owner would do it, through the rooms' own actions."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction

from hark.channels.testing.stand_in import StandIn
from hark.conversations.actions.saved_replies import NewMacro, NewSavedReply, keep_macro, keep_saved_reply
from hark.conversations.actions.tags import add_tag
from hark.conversations.types import Author
from hark.kernel.ids import new_token
from hark.kernel.time import now
from hark.organisation.actions.channels import connect_channel
from hark.organisation.actions.people import add_agent, add_inbox, add_team
from hark.organisation.actions.set_up import set_up
from hark.organisation.models import Agent, Brand, Channel, Inbox, Team
from hark.organisation.types import NewInbox, Role
from hark.routing.actions.skills import define_skill, set_agent_skills
from hark.site.demo.cast import (
    AGENTS,
    BRAND,
    INBOXES,
    MACRO,
    ORGANISATION,
    PASSWORD,
    SAVED_REPLIES,
    SKILLS,
    STAGES,
    TAGS,
    TEAMS,
    Player,
    Stage,
)

SITES_OF_THE_SHOP = ("http://127.0.0.1", "http://localhost")


@dataclass(frozen=True, slots=True)
class Wire:
    """How the stand-in reaches one simulated channel of ours."""

    account: str
    channel_key: str
    secret: str
    token: str


def seed(stand_in: StandIn) -> list[Wire]:
    """Found Plum with its people and channels, in one transaction; returns how the simulated accounts are wired."""
    with transaction.atomic():
        teams, inboxes = found()
        for key, name, kind in SKILLS:
            define_skill(key=key, name=name, kind=kind)
        for player in AGENTS:
            hire(player, teams)
        equip()
        connect_own(inboxes["Care"])
        return [connect(stage, inboxes[stage.inbox], stand_in) for stage in STAGES]


def found() -> tuple[dict[str, Team], dict[str, Inbox]]:
    """The organisation, its teams and inboxes."""
    owner = next(player for player in AGENTS if player.role == Role.OWNER)
    founded = set_up(
        organisation=ORGANISATION,
        owner_name=owner.name,
        owner_email=owner.email,
        password=PASSWORD,
        brand=BRAND,
        inbox=NewInbox(INBOXES[0][0]),
    )
    teams = {founded.team.name: founded.team}
    teams.update({name: add_team(name=name) for name in TEAMS if name not in teams})
    inboxes = {founded.inbox.name: founded.inbox}
    for name, members in INBOXES[1:]:
        inboxes[name] = more(name, founded.brand, [teams[member] for member in members])
    return teams, inboxes


def more(name: str, brand: Brand, teams: list[Team]) -> Inbox:
    """Another inbox: public promises are shorter."""
    return add_inbox(inbox=NewInbox(name, first_response_seconds=600), brand=brand, teams=teams)


def hire(player: Player, teams: dict[str, Team]) -> None:
    """An agent with teams and skills; the owner is there already."""
    if player.role == Role.OWNER:
        return
    agent = add_agent(
        name=player.name,
        email=player.email,
        role=Role(player.role),
        teams=[teams[name] for name in player.teams],
        password=PASSWORD,
    )
    set_agent_skills(agent_id=agent.pk, skills=dict(player.skills))


def equip() -> None:
    """What agents work with: tags, saved replies, a macro."""
    owner = Agent.objects.get(role=Role.OWNER)
    author = Author(owner.pk, owner.key, owner.name)
    tags = [add_tag(name=name, actor=author) for name in TAGS]
    for title, text in SAVED_REPLIES:
        keep_saved_reply(new=NewSavedReply(title, text), actor=author)
    acts = (("tag", tags[0].key), ("give", "me"), ("resolve", "resolve"))
    keep_macro(new=NewMacro(*MACRO, acts=acts), actor=author)


def connect_own(inbox: Inbox) -> None:
    """The real chat and the real contact form."""
    connect_channel(
        actor="demo",
        venue="webchat",
        external_id="plum.example",
        name="Chat on plum.example",
        inbox=inbox,
        settings={"sites": list(SITES_OF_THE_SHOP), "greeting": "Hello! What can we do for you?"},
        secrets={},
    )
    connect_channel(
        actor="demo",
        venue="form",
        external_id="plum.example",
        name="Contact form",
        inbox=inbox,
        settings={},
        secrets={},
    )


def connect(stage: Stage, inbox: Inbox, stand_in: StandIn) -> Wire:
    """One simulated account, with the secrets both sides know."""
    secret, token = new_token(), new_token()
    channel: Channel = connect_channel(
        actor="demo",
        venue="simulated",
        external_id=stage.account,
        name=stage.name,
        inbox=inbox,
        settings={
            "base_url": stand_in.base_url(stage.account),
            "network": stage.network,
            "self_ids": [stage.account],
            "handles": ["@plumcare"],
            "like": stage.like,
        },
        secrets={"webhook": secret, "token": token},
        connected_at=now() - timedelta(days=7),
    )
    return Wire(stage.account, channel.key, secret, token)
