"""The pages of a forward, of a change and of the people of a talk: what they show, send and refuse."""

from typing import Any

from django.http import HttpResponse
from django.test import Client

from hark.conversations.models import Draft, Message, Participant
from hark.delivery.models import OutboxItem
from hark.delivery.types import unpack
from hark.kernel.ids import new_uuid
from tests.workspace.fixtures import SignedIn, page_of
from tests.workspace.makers import World, a_mailbox, case_of, has_left, known, say
from tests.workspace.test_answering import HTMX, answer


def forwards(client: Client, message: Message, **changes: Any) -> HttpResponse:
    """Send the form of the forward under a message that the page has shown."""
    fields = {
        "address": "ann@carrier.example",
        "text": "Where is it?",
        "message": message.key,
        "seen": str(Message.objects.latest("pk").pk),
        "send_key": str(new_uuid()),
        **changes,
    }
    return client.post(f"/case/{case_of(message).key}/forward/", fields)


def test_page_says_outside_offers_messages_and_sends_what_is_ticked(world: World, signed_in: SignedIn) -> None:
    message, client = say(world.chat, known("ann"), "My parcel is lost."), signed_in(world.tessa)
    path = f"/case/{case_of(message).key}/forward/"
    assert "No mailbox of Plum can send." in page_of(client.get(path))
    a_mailbox(world)
    page = page_of(client.get(path))
    assert "The customer never sees it" in page
    assert f'value="{message.key}" checked' in page
    told = forwards(client, message)
    ours = Message.objects.latest("pk")
    assert told["Location"] == f"/case/{case_of(message).key}/#{ours.key}"
    assert unpack(OutboxItem.objects.get().payload).target.person == "ann@carrier.example"
    page = page_of(client.get(f"/case/{case_of(message).key}/"))
    assert "Outside: only ann@carrier.example reads this" in page
    assert "is-outside" in page


def test_what_is_refused_stands_on_the_page_again(world: World, signed_in: SignedIn) -> None:
    message, client = say(world.chat, known("ann"), "My parcel is lost."), signed_in(world.tessa)
    a_mailbox(world)
    refused = forwards(client, message, address="care@plum.example", text="Keep this <b>.")
    assert refused.status_code == 422
    assert "This is one of your own mailboxes." in page_of(refused)
    assert "Keep this &lt;b&gt;.</textarea>" in page_of(refused)
    newer = say(world.chat, known("ann"), "It has come!", ago=0)
    stopped = forwards(client, message, seen=str(message.pk))
    assert stopped.status_code == 422
    assert "It has come!" in page_of(stopped)
    assert not OutboxItem.objects.exists()
    assert forwards(client, message, seen=str(message.pk), anyway="1").status_code == 302
    theirs = say(world.night_chat, known("bob"), "Good evening.")
    assert forwards(signed_in(world.tessa), theirs).status_code == 404
    assert forwards(client, newer, file="file_of_somebody_else").status_code == 422


def test_taken_back_forward_leaves_the_reply_alone(world: World, signed_in: SignedIn) -> None:
    message, client = say(world.chat, known("ann"), "My parcel is lost."), signed_in(world.tessa)
    a_mailbox(world)
    forwards(client, message)
    ours = Message.objects.latest("pk")
    page = page_of(client.post(f"/message/{ours.key}/take-back/", headers=HTMX))
    assert "your words are kept under" in page
    assert not Draft.objects.filter(kind="reply").exists()
    assert ">Where is it?</textarea>" in page_of(client.get(f"/case/{case_of(message).key}/forward/"))


def test_answer_from_outside_is_marked_and_never_the_way_that_opens(world: World, signed_in: SignedIn) -> None:
    message, client = say(world.chat, known("ann"), "My parcel is lost."), signed_in(world.tessa)
    mailbox = a_mailbox(world)
    forwards(client, message, name="Ann Carrier")
    talk = Message.objects.latest("pk").conversation
    carrier = known("ann@carrier.example", "email", name="Ann Carrier")
    ours = Message.objects.latest("pk")
    has_left(ours)
    assert client.post(f"/message/{ours.key}/change/", {"act": "correct"})["Location"].endswith("/forward/")
    assert list(Draft.objects.values_list("kind", flat=True)) == ["forward"]
    say(mailbox, carrier, "It is in Gent.", ago=0, thread_id=talk.thread_key, kind="email")
    page = page_of(client.get(f"/case/{case_of(message).key}/"))
    assert "From outside: Ann Carrier" in page
    assert f'name="conversation" value="{message.conversation.key}"' in page
    assert "composer--outside" not in page
    page = page_of(client.get(f"/case/{case_of(message).key}/composer/?to={talk.key}"))
    assert "composer--outside" in page
    assert "Outside: the customer never sees this." in page
    client.post(f"/case/{case_of(message).key}/draft/", {"kind": "outside", "text": "For Ann alone"})
    assert "For Ann alone" not in page_of(client.get(f"/case/{case_of(message).key}/"))
    assert "For Ann alone" in page_of(client.get(f"/case/{case_of(message).key}/composer/?to={talk.key}"))


def test_reply_is_changed_from_its_page_and_shown_on_its_way(world: World, signed_in: SignedIn) -> None:
    message, client = say(world.chat, known("ann"), "When do you open?"), signed_in(world.tessa)
    answer(client, message, text="At nine.")
    ours = Message.objects.get(direction="out")
    path = f"/message/{ours.key}/change/"
    assert "Only a reply that has left" in page_of(client.get(path))
    has_left(ours)
    assert "Take it away" in page_of(client.get(path))
    assert path in page_of(client.get(f"/case/{case_of(message).key}/"))
    form = {"act": "edit", "text": "At ten.", "seen": "At nine.", "send_key": str(new_uuid())}
    assert client.post(path, {**form, "seen": "At eight."}).status_code == 422
    assert client.post(path, form).status_code == 302
    page = page_of(client.get(f"/case/{case_of(message).key}/"))
    assert "The change is waiting" in page
    assert "At ten." in page
    client.post(f"/message/{ours.key}/take-back/", {"of": "change"}, headers=HTMX)
    assert "The change is waiting" not in page_of(client.get(f"/case/{case_of(message).key}/"))
    assert signed_in(world.ruben).get(path).status_code == 404
    assert signed_in(world.owner).get(path).status_code == 200


def test_mail_offers_a_correction_instead(world: World, signed_in: SignedIn) -> None:
    mailbox, client = a_mailbox(world), signed_in(world.tessa)
    message = say(mailbox, known("ann@mail.example", "email"), "When do you open?", kind="email")
    answer(client, message, text="At nine.")
    ours = Message.objects.get(direction="out")
    has_left(ours)
    path = f"/message/{ours.key}/change/"
    page = page_of(client.get(path))
    assert "E-mail does not let us change what we have sent." in page
    assert "Take it away" not in page
    assert client.post(path, {"act": "delete", "seen": "At nine.", "send_key": str(new_uuid())}).status_code == 422
    told = client.post(path, {"act": "correct"})
    assert told["Location"].endswith(f"?to={message.conversation.key}#reply")
    assert Draft.objects.get().text.startswith("A correction to what I wrote on ")


def test_people_of_a_talk_are_copied_in_and_out(world: World, signed_in: SignedIn) -> None:
    mailbox, client = a_mailbox(world), signed_in(world.tessa)
    author = known("ann@mail.example", "email", name="Ann")
    message = say(mailbox, author, "When do you open?", kind="email")
    Participant.objects.create(conversation=message.conversation, identity_id=author.identity_id)
    path = f"/case/{case_of(message).key}/people/"
    form = {"conversation": message.conversation.key, "act": "copy", "address": "bram@mail.example"}
    assert client.post(path, {**form, "address": "care@plum.example"}).status_code == 422
    assert client.post(path, form).status_code == 302
    assert "Gets copies" in page_of(client.get(path))
    assert "Copy to bram@mail.example" in page_of(client.get(f"/case/{case_of(message).key}/"))
    number = Participant.objects.get(identity__key="bram@mail.example").pk
    client.post(path, {**form, "act": "stop", "person": number})
    assert "Copy to" not in page_of(client.get(f"/case/{case_of(message).key}/"))
