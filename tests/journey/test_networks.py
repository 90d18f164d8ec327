"""WhatsApp, a Facebook Page and X through the whole journey, against stand-ins of their APIs."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from hark.conversations.models import Attachment, Case, Message
from hark.conversations.queries.writing import ways_to_answer
from hark.conversations.types import Visibility
from hark.delivery.jobs import send_due
from hark.delivery.models import OutboxItem
from hark.delivery.types import OutboxState
from hark.intake.actions import accept
from hark.intake.types import NewArrival
from hark.journey.ledger import check
from hark.kernel.time import now
from hark.organisation.actions.channels import connect_channel
from hark.organisation.models import Agent, Brand, Channel
from hark.organisation.types import Role
from tests.channels.venues import test_facebook as facebook
from tests.channels.venues import test_instagram as instagram
from tests.channels.venues import test_whatsapp as whatsapp
from tests.channels.venues import test_x as x
from tests.channels.venues.meta_place import SECRETS
from tests.channels.venues.x_place import MAUD, OWN, XPlace
from tests.conversations.desk import an_agent, answers
from tests.journey.makers import make_inbox
from tests.journey.venue import arrive, drain

pytestmark = pytest.mark.django_db


@pytest.fixture
def tessa() -> Agent:
    return an_agent("Tessa", role=Role.OWNER)


def connected(venue: str, external_id: str, base_url: str, secrets: dict[str, str], **settings: Any) -> Channel:
    channel = connect_channel(
        actor="system",
        venue=venue,
        external_id=external_id,
        name=f"Plum on {venue}",
        inbox=make_inbox(),
        settings={"base_url": base_url, **settings},
        secrets=secrets,
    )
    Channel.objects.filter(pk=channel.pk).update(connected_at=F("connected_at") - timedelta(days=30))
    channel.refresh_from_db()
    return channel


def leave() -> None:
    """What waits for its undo to pass leaves now."""
    OutboxItem.objects.filter(state=OutboxState.QUEUED).update(not_before=F("not_before") - timedelta(minutes=10))
    while send_due():
        pass


def test_whatsapp_is_answered_and_statuses_in_any_order_keep_the_furthest(tessa: Agent) -> None:
    with whatsapp.WhatsAppPlace(whatsapp.ACCOUNT) as place:
        channel = connected("whatsapp", whatsapp.NUMBER, place.base_url, SECRETS)
        said = whatsapp.a_text("My pram arrived without its wheels", at=now())
        arrive(channel, whatsapp.a_change(messages=[said]).body)
        drain()
        case = Case.objects.get()
        answers(tessa, case, "They leave today.")
        leave()
        (taken,) = place.taken
        assert (taken["to"], taken["parent"]) == (whatsapp.PERSON, said["id"])
        for state in ("read", "delivered", "sent"):
            arrive(channel, place.status(state).body)
            drain()
        item = OutboxItem.objects.get()
        assert (item.state, item.receipt_state, item.external_ids) == (OutboxState.SENT, "read", [taken["id"]])
        assert check().findings == []


def test_whatsapp_reply_in_doubt_is_settled_by_its_status(tessa: Agent) -> None:
    with whatsapp.WhatsAppPlace(whatsapp.ACCOUNT) as place:
        channel = connected("whatsapp", whatsapp.NUMBER, place.base_url, SECRETS)
        arrive(channel, whatsapp.a_change(messages=[whatsapp.a_text("Hello?", at=now())]).body)
        drain()
        answers(tessa, Case.objects.get(), "Here we are.")
        place.fail("drop_reply")
        leave()
        assert OutboxItem.objects.get().state == OutboxState.SENDING  # nobody knows yet: it is not sent again
        arrive(channel, place.status("sent").body)
        drain()
        item = OutboxItem.objects.get()
        assert (item.state, item.external_ids) == (OutboxState.SENT, [place.taken[0]["id"]])
        assert len(place.taken) == 1


@pytest.mark.parametrize(("template", "sends"), [("", "refused"), ("late_answer", "template")])
def test_whatsapp_after_a_day_takes_a_template_or_nothing(tessa: Agent, template: str, sends: str) -> None:
    with whatsapp.WhatsAppPlace(whatsapp.ACCOUNT) as place:
        channel = connected("whatsapp", whatsapp.NUMBER, place.base_url, SECRETS, template=template)
        said = whatsapp.a_text("Hello?", at=now() - timedelta(hours=25))
        arrive(channel, whatsapp.a_change(messages=[said]).body)
        drain()
        case = Case.objects.get()
        [way] = ways_to_answer(tessa, case)
        if sends == "refused":
            assert "template" in way.closed_because
            return
        assert not way.closed_because
        answers(tessa, case, "At last.")
        leave()
        assert place.taken[0]["said"]["template"]["name"] == template


def test_comment_is_answered_in_public_and_once_in_private_and_the_talk_goes_on_in_the_case(tessa: Agent) -> None:
    with facebook.FacebookPlace() as place:
        channel = connected("facebook", facebook.PAGE, place.base_url, SECRETS)
        comment = facebook.a_comment("The invoice is wrong and nobody answers", own=facebook.COMMENT, at=now())
        arrive(channel, facebook.a_change(comment).body)
        drain()
        case = Case.objects.get()
        answers(tessa, case, "We are sorry.", visibility=Visibility.PUBLIC)
        leave()
        arrive(channel, place.echo().body)
        drain()
        answers(tessa, case, "Please tell me your number.", visibility=Visibility.PRIVATE)
        leave()
        assert [(each["visibility"], each.get("parent"), each.get("private_of")) for each in place.taken] == [
            ("public", facebook.COMMENT, None),
            ("private", None, facebook.COMMENT),
        ]
        [way] = ways_to_answer(tessa, case)
        assert way.visibilities == (Visibility.PUBLIC,)
        arrive(channel, facebook.a_talk(facebook.a_message("It is 4711", at=now())).body)
        drain()
        assert Case.objects.count() == 1
        assert Message.objects.filter(direction="out").count() == 2
        assert check().findings == []


def test_mention_at_instagram_without_words_is_kept_and_its_words_are_fetched(tessa: Agent) -> None:
    with instagram.InstagramPlace() as place:
        channel = connected("instagram", instagram.OWN, place.base_url, SECRETS)
        told = instagram.a_change({"media_id": "179", "comment_id": "180"}, field="mentions", at=now())
        arrive(channel, told.body)
        drain()
        message = Message.objects.get()
        assert (message.external_id, message.targets_us, message.visibility) == ("180", "mention", "public")
        assert [(file.name, file.ref) for file in Attachment.objects.all()] == [("mention.txt", "mention:179:180")]


def x_channel(place: XPlace) -> Channel:
    secrets = {name: value for name, value in x.SECRETS.items() if name == "access_token"}
    make_inbox()
    Brand.objects.update(handles=["@plumprams"])
    return connected("x", OWN, place.base_url, secrets, user_id=OWN, handles=["@plumprams"])


def polled(channel: Channel, place: XPlace, cursor: str, terms: tuple[str, ...] = ()) -> str:
    """What a look at X gives, stored as the reader of polled channels stores it."""
    from dataclasses import replace

    from hark.channels.accounts import account_of

    page = x.VENUE.poll(replace(account_of(channel), terms=terms), cursor)
    accept(
        channel_id=channel.pk,
        arrivals=[NewArrival(raw.id, "", raw.headers, raw.body, now()) for raw in page.raws],
    )
    drain()
    return page.next_cursor


def test_mention_at_x_is_answered_edited_and_erased(tessa: Agent) -> None:
    with XPlace(x.ACCOUNT) as place:
        channel = x_channel(place)
        cursor = polled(channel, place, "")
        own = place.says("@plumprams my pram has lost its wheel and I am furious")
        polled(channel, place, cursor)
        case = Case.objects.get()
        answers(tessa, case, "We are sorry.", visibility=Visibility.PUBLIC)
        leave()
        assert [(each["parent"], each["visibility"]) for each in place.taken] == [(own, "public")]
        chain = {"id": f"{own}9", "edit_history_tweet_ids": [own, f"{own}9"], "conversation_id": own}
        about = {"author_id": MAUD, "created_at": now().isoformat()}
        edited = {"text": "@plumprams my pram has lost its wheel", **chain, **about}
        arrive(channel, x.activity("post.mention.create", edited).body)
        drain()
        assert Message.objects.get(external_id=own).text == edited["text"]
        arrive(channel, x.activity("post.delete", {"id": own, "author_id": MAUD}).body)
        drain()
        message = Message.objects.get(external_id=own)
        assert (message.text, message.deleted_at is not None) == ("", True)
        assert check().findings == []


def test_post_found_by_a_word_cannot_be_answered_through_the_api(tessa: Agent) -> None:
    with XPlace(x.ACCOUNT) as place:
        channel = x_channel(place)
        cursor = polled(channel, place, "", ("plum",))
        own = place.mention("My Plum invoice is wrong for the third time, I am so angry")
        polled(channel, place, cursor, ("plum",))
        message = Message.objects.get(external_id=own)
        assert message.targets_us == "keyword"
        assert message.permalink == f"https://x.com/maud_t/status/{own}"


@pytest.mark.parametrize(
    "build",
    [
        lambda: ("whatsapp", whatsapp.NUMBER, whatsapp.a_change(messages=[whatsapp.a_text("Fifty times", at=now())])),
        lambda: ("facebook", facebook.PAGE, facebook.a_talk(facebook.a_message("Fifty times", at=now()))),
        lambda: ("facebook", facebook.PAGE, facebook.a_change(facebook.a_comment("Fifty times", at=now()))),
    ],
)
def test_fifty_copies_in_other_bytes_are_one_message_and_one_case(build: Callable[[], tuple[str, str, Any]]) -> None:
    venue, own, raw = build()
    channel = connected(venue, own, "http://127.0.0.1:1", SECRETS)
    said = json.loads(raw.body)
    arrive(channel, *(json.dumps({**said, "copy": number}).encode() for number in range(50)))
    drain()
    assert Message.objects.count() == 1
    assert Case.objects.count() <= 1
