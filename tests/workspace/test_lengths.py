"""How long an answer is, and as which posts it leaves, on the pages that say it."""

import pytest
from django.test import Client

from hark.conversations.models import Draft, Message
from hark.delivery.models import OutboxItem
from hark.delivery.types import OutboxState
from hark.kernel.time import database_now
from hark.organisation.models import Channel
from tests.workspace.fixtures import SignedIn
from tests.workspace.makers import World, case_of, known, say
from tests.workspace.test_answering import HTMX, answer

LONG = "We are very sorry. Your parcel waits in Porto. It leaves there today. You have it on Friday at noon."


@pytest.fixture
def asked(world: World) -> Message:
    """A question at a venue whose posts have at most 60 weighted characters, three for one answer."""
    channel = world.square
    channel.settings |= {"max_length": 60, "unit": "weighted", "max_parts": 3}
    channel.save(update_fields=["settings"])
    return say(channel, known("ann"), "Where is my parcel?")


def measure(client: Client, message: Message, text: str, **more: str) -> str:
    fields = {"kind": message.visibility, "text": text, "conversation": message.conversation.key, **more}
    response = client.post(f"/case/{case_of(message).key}/measure/", fields, headers=HTMX)
    assert response.status_code == 200
    return response.content.decode()


def test_page_says_beforehand_as_which_posts_it_leaves(world: World, signed_in: SignedIn, asked: Message) -> None:
    page = measure(signed_in(world.tessa), asked, LONG)
    assert "2 parts" in page
    assert "1/2 We are very sorry. Your parcel waits in Porto." in page
    assert "50 of 60" in page


def test_page_says_why_it_cannot_leave(world: World, signed_in: SignedIn, asked: Message) -> None:
    client = signed_in(world.tessa)
    assert "more than 3 parts" in measure(client, asked, LONG * 3)
    assert "It is 100 long, and this venue takes 60." in measure(client, asked, LONG, whole="1")
    assert "posts__all" not in measure(client, asked, "Thank you.")


def test_a_stranger_measures_nothing(world: World, signed_in: SignedIn, asked: Message) -> None:
    fields = {"kind": "private", "text": LONG, "conversation": asked.conversation.key}
    response = signed_in(world.stranger).post(f"/case/{case_of(asked).key}/measure/", fields, headers=HTMX)
    assert response.status_code == 404


def test_a_long_answer_leaves_as_posts_and_the_case_shows_each(
    world: World, signed_in: SignedIn, asked: Message
) -> None:
    client = signed_in(world.tessa)
    assert answer(client, asked, text=LONG).status_code == 200
    first, last = OutboxItem.objects.order_by("id")
    OutboxItem.objects.filter(pk=first.pk).update(state=OutboxState.SENT, sent_at=database_now(), external_ids=["p1"])
    OutboxItem.objects.filter(pk=last.pk).update(state=OutboxState.REFUSED, error="Too rude.")
    page = client.get(f"/case/{case_of(asked).key}/").content.decode()
    assert "The customer has part 1 of 2. Part 2: refused: Too rude." in page
    assert "<b>1/2</b>" in page
    assert "<b>2/2</b>" in page
    assert page.count('class="parts__one"') == 2


def test_an_answer_that_is_too_long_is_refused_in_words_and_kept(
    world: World, signed_in: SignedIn, asked: Message
) -> None:
    client, case = signed_in(world.tessa), case_of(asked)
    client.post(f"/case/{case.key}/draft/", {"kind": "reply", "text": LONG * 3}, headers=HTMX)
    told = answer(client, asked, text=LONG * 3)
    assert told.status_code == 422
    assert "more than 3 parts" in told.content.decode()
    assert Draft.objects.get(case=case).text == LONG * 3
    assert answer(client, asked, text=LONG, whole="1").status_code == 422
    assert not OutboxItem.objects.exists()


def test_mail_and_chat_have_no_limit_of_posts(world: World, signed_in: SignedIn) -> None:
    message = say(world.chat, known("ann"), "Hello?")
    assert answer(signed_in(world.tessa), message, text=LONG * 90).status_code == 200
    assert Channel.objects.get(pk=world.chat.pk).venue == "webchat"
    assert OutboxItem.objects.get().payload["text"] == LONG * 90
