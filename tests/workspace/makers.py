"""What the tests of the desk start from: the made-up phone operator Plum, its people, its customers and their words."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from hark.contacts.actions import recognise
from hark.contacts.types import KnownAuthor, SeenAuthor, Verified
from hark.conversations.actions.muting import mute_term
from hark.conversations.actions.saved_replies import NewMacro, NewSavedReply, keep_macro, keep_saved_reply
from hark.conversations.actions.tags import add_tag
from hark.conversations.actions.thread import thread
from hark.conversations.models import Case, Macro, Message, Mute, SavedReply, Tag
from hark.conversations.types import IncomingMessage, Visibility
from hark.delivery.models import OutboxItem
from hark.kernel.time import database_now
from hark.organisation.actions.api_keys import make_api_key
from hark.organisation.actions.brand_reading import keep_intent
from hark.organisation.actions.channels import connect_channel
from hark.organisation.actions.people import add_agent, add_inbox, add_team
from hark.organisation.actions.roles import keep_role
from hark.organisation.actions.set_up import set_up
from hark.organisation.models import Agent, ApiKey, Brand, BrandIntent, Channel, Inbox, OwnRole, Team
from hark.organisation.queries import AnyRole, role_name, role_word
from hark.organisation.types import NewBrand, NewInbox, OwnIntent, Right
from hark.workspace.actions.acts import author_of
from hark.workspace.views.channels import NOT_ON_YET

PASSWORD = "a sentence is easy to keep"
numbers = count(1)


@dataclass
class World:
    """Plum: an owner, two agents of Care, one of Night who sees another inbox, and the channels."""

    owner: Agent
    tessa: Agent
    ruben: Agent
    stranger: Agent
    care: Inbox
    night: Inbox
    team: Team
    brand: Brand
    chat: Channel
    square: Channel
    night_chat: Channel


def make_world() -> World:
    """The organisation with two inboxes that do not see each other."""
    founded = set_up(
        organisation="Plum",
        owner_name="Ada Owner",
        owner_email="ada@plum.example",
        password=PASSWORD,
        brand=NewBrand(name="Plum", handles=("@plumcare",), products=("SIM", "roaming"), exclude=("cake", "fruit")),
        inbox=NewInbox(name="Care"),
    )
    night_team = add_team(name="Night")
    night = add_inbox(inbox=NewInbox(name="Night"), brand=founded.brand, teams=[night_team])
    people = {
        name: add_agent(name=name, email=f"{name.split()[0].lower()}@plum.example", teams=[team], password=PASSWORD)
        for name, team in (("Tessa Okonedo", founded.team), ("Ruben Asante", founded.team), ("Nils Night", night_team))
    }
    return World(
        owner=founded.owner,
        tessa=people["Tessa Okonedo"],
        ruben=people["Ruben Asante"],
        stranger=people["Nils Night"],
        care=founded.inbox,
        night=night,
        team=founded.team,
        brand=founded.brand,
        chat=make_channel(founded.inbox, "webchat", "plum.example"),
        square=make_channel(founded.inbox, "simulated", "@plumcare"),
        night_chat=make_channel(night, "webchat", "night.example"),
    )


def make_corner(world: World, name: str, **inbox: Any) -> tuple[Agent, Channel]:
    """An inbox of its own with one agent and a chat, so that nobody else's offers come in between."""
    team = add_team(name=name)
    made = add_inbox(inbox=NewInbox(name=name, **inbox), brand=world.brand, teams=[team])
    agent = add_agent(name=f"Ann {name}", email=f"{name.lower()}@plum.example", teams=[team], password=PASSWORD)
    return agent, make_channel(made, "webchat", f"{name.lower()}.example")


def make_channel(inbox: Inbox, venue: str, name: str) -> Channel:
    """A connected channel."""
    settings = {"network": "square", "self_ids": ["self"]} if venue == "simulated" else {}
    channel = connect_channel(
        actor="test",
        venue=venue,
        external_id=f"{venue}{next(numbers)}",
        name=name,
        inbox=inbox,
        settings=settings,
        secrets={},
    )
    Channel.objects.filter(pk=channel.pk).update(connected_at=database_now() - timedelta(days=60))
    return channel


def a_mailbox(world: World, address: str = "care@plum.example") -> Channel:
    """A mailbox of Care that can send."""
    settings = {"address": address, "incoming": "pipe", "smtp_host": "127.0.0.1"}
    return connect_channel(
        actor="test", venue="email", external_id=address, name=address, inbox=world.care, settings=settings, secrets={}
    )


def has_left(message: Message) -> None:
    """The venue has taken a reply."""
    sent = {"state": "sent", "sent_at": database_now(), "external_ids": [f"out:{message.key}"]}
    OutboxItem.objects.filter(pk=message.outbox_item_id).update(**sent)


def make_role(world: World, role: AnyRole) -> Agent:
    """Somebody with a role, in the team of Care."""
    name = f"{role_name(role).split()[0]} {next(numbers)}"
    return add_agent(
        name=name,
        email=f"{role_word(role)}{next(numbers)}@plum.example",
        role=role,
        teams=[world.team],
        password=PASSWORD,
    )


def an_own_role(world: World, *rights: Right) -> OwnRole:
    """A role of Plum's own making, by the owner."""
    return keep_role(name=f"Role {next(numbers)}", rights=rights or [Right.NOTE], actor=world.owner)


def a_mute(world: World) -> Mute:
    """A term that is muted for a week."""
    return mute_term(brand=world.brand, term=f"giveaway {next(numbers)}", days=7, author=author_of(world.owner))


def an_intent(world: World) -> BrandIntent:
    """An intent of Plum's own."""
    number = next(numbers)
    examples = tuple(f"where are my bonus points number {number} {word}" for word in ("please", "now", "today"))
    return keep_intent(brand=world.brand, intent=OwnIntent(f"Points {number}", examples))


def an_api_key(agent: Agent, *rights: Right, **more: Any) -> tuple[ApiKey, str]:
    """A key of the API that acts for somebody, and its secret."""
    ends_at = database_now() + more.pop("lasts", timedelta(days=30))
    return make_api_key(agent=agent, name=f"Program {next(numbers)}", rights=rights, ends_at=ends_at, **more)


def known(key: str, network: str = "square", **more: Any) -> KnownAuthor:
    """Somebody, recognised."""
    return recognise([SeenAuthor(network, "eu", key, **more)])[0]


def say(channel: Channel, author: KnownAuthor, text: str, *, ago: float = 60, **more: Any) -> Message:
    """A message that arrived `ago` seconds before now, threaded as the journey does it; `reading` in short words."""
    sent_at: datetime = database_now() - timedelta(seconds=ago)
    private = more.pop("visibility", Visibility.PRIVATE)
    fields: dict[str, Any] = {
        "arrival_id": None,
        "channel_id": channel.pk,
        "inbox_id": channel.inbox_id,
        "external_id": f"x{next(numbers)}",
        "thread_id": f"t{author.contact_id}",
        "identity_id": author.identity_id,
        "contact_id": author.contact_id,
        "visibility": private,
        "kind": "chat" if private == Visibility.PRIVATE else "post",
        "text": text,
        "sent_at": sent_at,
        "received_at": sent_at,
        "case_reason": "private message" if private == Visibility.PRIVATE else "mentions you",
        "reading": reading(text, **more.pop("reads", {})),
    }
    told = thread([IncomingMessage(**{**fields, **more})])[0]
    return Message.objects.select_related("conversation__case").get(pk=told.message_id)


def case_of(message: Message) -> Case:
    """The case that a message opened or joined."""
    case = message.conversation.case
    assert case is not None
    return Case.objects.get(pk=case.pk)


def reading(text: str, mood: str = "neutral", **more: Any) -> dict[str, Any]:
    """A reading in the shape in which it is stored; `because` names words of the text it rests on."""
    weights = {"negative": 0.1, "neutral": 0.1, "positive": 0.1, mood: 0.8}
    because = more.pop("because", ())
    spans = [(text.index(words), text.index(words) + len(words)) for words in because]
    reasons = [{"field": "sentiment", "why": "wording", "span": list(span)} for span in spans]
    reasons += [{"field": "relevance", "why": why} for why in more.pop("about", ())]
    return {
        "language": "en",
        "relevance": {"p": more.pop("p", 0.95), "label": more.pop("label", "relevant")},
        "sentiment": {"label": mood, "p": weights},
        "intensity": 0.0,
        "offensive": {"p": more.pop("offensive", 0.1)},
        "complaint": {"p": more.pop("complaint", 0.1)},
        "emotion": {"label": "none", "p": {}},
        "intent": {"label": "other", "p": 0.0},
        "urgency": {"level": more.pop("urgency", "normal"), "reasons": []},
        "flags": dict.fromkeys(("safety", "legal", "press", "leave", "outage", "abuse"), False),
        "abstain": ["emotion", "intent"],
        "score": more.pop("score", {"negative": -0.6, "neutral": 0.0, "positive": 0.6}[mood]),
        "signals": [],
        "duplicate_key": more.pop("duplicate_key", None),
        "reasons": reasons,
        "model_version": "test",
    }


def maud(world: World) -> tuple[KnownAuthor, list[Message]]:
    """Maud, who was charged twice: a private talk three days ago, then in public, ever angrier."""
    author = known("maudterl", handle="@maudterl", name="Maud Terlinden", followers=1204, verified=Verified.PROVED)
    day = 86400
    said = [
        say(
            world.square, author, "I bought one Roam 20 GB bundle before my flight to Porto and you took the money "
            "twice. The bundle never started. Please pay one back.", ago=2 * day, thread_id="maud",
            subject="Two times €24.90", kind="direct",
            reads={"mood": "negative", "complaint": 0.9, "because": ("took the money twice",)},
        ),
        say(
            world.square, author, "Third time I ask @plumcare: you charged me twice for a bundle that never worked in "
            "Porto. A mail, a call, and still nothing. Is anybody there?", ago=2400, thread_id="maud-2",
            visibility=Visibility.PUBLIC, kind="post",
            reads={"mood": "negative", "complaint": 0.95, "urgency": "high", "offensive": 0.7, "score": -0.8,
                   "because": ("Third time I ask", "never worked", "still nothing")},
        ),
    ]  # fmt: skip
    return author, said


def crowd(world: World) -> list[Message]:
    """A list that looks like a day: posts, chats, reviews, of every mood and with every clock."""
    people = (
        (
            "bram",
            "Bram Soetaert",
            "review",
            1300,
            "negative",
            "One star. Waited a week for a SIM that was sent to my old street",
        ),
        ("idris", "Idris Falk", "direct", 300, "negative", "Call-back promised for 13:45, number move to Plum"),
        (
            "oda",
            "Oda Lindqvist-Roy",
            "email",
            120,
            "negative",
            "Re: Invoice 2026-09 shows a plan I cancelled in August",
        ),
        ("keller", "", "photo", 90, "positive", "is the purple phone case in the shops already?? need it"),
        ("juno", "Juno Abara", "video", 70, "positive", "Worked first time on my Plum line. Thank you!"),
        ("prune", "", "forum", 50, "neutral", "eSIM on a second watch: the steps in the article stop at step 4"),
        ("wanjiru", "Wanjiru & Zonen BV", "email", 30, "neutral", "12 lines to move before 1 November, quote attached"),
    )
    return [
        say(
            world.square, known(key, name=name, handle=f"@{key}"), text, ago=ago, kind=kind,
            visibility=Visibility.PUBLIC if kind in {"review", "photo", "video", "forum"} else Visibility.PRIVATE,
            reads={"mood": mood, "complaint": 0.9 if mood == "negative" else 0.1},
        )
        for key, name, kind, ago, mood, text in people
    ]  # fmt: skip


def heard(world: World) -> list[Message]:
    """The stream: relevant, unsure and noise, none of it a case."""
    said = (
        ("tramlijn4", "negative", "relevant", 0.97, "brand beside “signal”",
         "No signal with Plum between Gent-Zuid and the harbour since this morning, anyone else?"),
        ("bakt", "neutral", "irrelevant", 0.01, "the fruit: cake, cinnamon",
         "The last plum cake of the season, with cinnamon and far too much butter"),
        ("orchard_dad", "negative", "unsure", 0.58, "unlimited, charged for; garden against",
         "We moved the kids to plum, the unlimited one. Cheap, but my daughter got charged for roaming."),
        ("growers", "neutral", "irrelevant", 0.01, "the fruit: harvest, frost",
         "Late plum harvest is down a third after the spring frost, prices follow"),
    )  # fmt: skip
    return [
        say(
            world.square, known(key, handle=f"@{key}"), text, ago=600 - 60 * place, visibility=Visibility.PUBLIC,
            case_reason="", kind="post", reads={"mood": mood, "label": label, "p": p, "about": (why,)},
        )
        for place, (key, mood, label, p, why, text) in enumerate(said)
    ]  # fmt: skip


def a_tag(world: World, name: str = "") -> Tag:
    """A tag, made by the owner."""
    return add_tag(name=name or f"tag {next(numbers)}", actor=author_of(world.owner))


def a_saved_reply(world: World, text: str = "Hello {{first_name}}, {{agent}} here.", **more: Any) -> SavedReply:
    """A saved reply, written by the owner."""
    new = NewSavedReply(more.pop("title", f"Hello {next(numbers)}"), text, **more)
    return keep_saved_reply(new=new, actor=author_of(world.owner))


def a_macro(world: World, *acts: tuple[str, str], text: str = "", **more: Any) -> Macro:
    """A macro, written by the owner."""
    new = NewMacro(more.pop("title", f"Macro {next(numbers)}"), text, acts or (("wait", "wait"),), **more)
    return keep_macro(new=new, actor=author_of(world.owner))


def an_oauth_mailbox(inbox: Inbox, who: str = "", *, client: str = "x", **settings: Any) -> Channel:
    """A mailbox for which somebody is to sign in with Google; it waits for that."""
    return connect_channel(
        actor="test", venue="email", external_id=who or f"box{next(numbers)}@plum.example", name="Mailbox",
        inbox=inbox, settings={"sign_in": "google", "oauth_client": "plum-client", "incoming": "imap", **settings},
        secrets={"oauth_secret": client}, waits_for=NOT_ON_YET,
    )  # fmt: skip
