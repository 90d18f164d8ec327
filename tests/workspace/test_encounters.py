"""Encounters off-line: noted in a form, stored like whatever arrives, read like it, in the right case."""

from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags

from hark.contacts.models import Contact, Identity
from hark.conversations.models import Attachment, Case, Message
from hark.intake.models import Arrival
from hark.kernel.ids import new_uuid
from hark.kernel.time import now
from tests.portal.makers import read_everything
from tests.workspace.files import fetch_everything
from tests.workspace.fixtures import SignedIn, page_of
from tests.workspace.makers import World, case_of, known, say

PDF = b"%PDF-1.4 a letter"


def noted(client: Client, world: World, path: str = "", **more: Any) -> Any:
    """The form, filled in and sent."""
    at = timezone.localtime(now() - timedelta(minutes=10))
    given = {
        "name": "Oda Roy", "way": "counter", "place": "Ghent", "at": f"{at:%Y-%m-%dT%H:%M}", "then": "new",
        "said": "My SIM does not fit the new phone.", "done": "Cut a new one.", "inbox": world.care.key,
        "number": str(new_uuid()),
    }  # fmt: skip
    return client.post(f"/encounters/new/{path}", {**given, **more})


def test_stranger_at_the_counter_becomes_a_case_with_the_scan_beside_it(world: World, signed_in: SignedIn) -> None:
    scan = SimpleUploadedFile("letter.pdf", PDF, "application/pdf")
    said = noted(signed_in(world.tessa), world, email="Oda@Mail.example", files=[scan])
    assert said.status_code == 302
    assert Arrival.objects.get().channel.venue == "encounter"
    read_everything()
    fetch_everything()
    message = Message.objects.get()
    assert (message.kind, message.text) == (
        "encounter",
        "My SIM does not fit the new phone.\n\nWhat was done: Cut a new one.",
    )
    case = case_of(message)
    assert (case.title, case.contact.name, case.inbox) == ("Shop counter, Ghent", "Oda Roy", world.care)
    assert Identity.objects.filter(
        contact=case.contact, network="email", key="oda@mail.example", verified="claimed"
    ).exists()
    file = Attachment.objects.get(message=message)
    assert (file.state, file.name, file.size) == ("stored", "letter.pdf", len(PDF))
    page = page_of(signed_in(world.tessa).get(f"/case/{case.key}/"))
    assert "Shop counter, Ghent" in page
    assert "#i-person" in page
    assert "letter.pdf" in page


def test_encounter_with_somebody_known_joins_the_case_that_is_chosen(world: World, signed_in: SignedIn) -> None:
    ann = case_of(say(world.chat, known("ann", name="Ann Lee"), "My SIM will not activate."))
    client = signed_in(world.tessa)
    assert "My SIM will not activate." in page_of(client.get(f"/encounters/new/?contact={ann.contact.key}"))
    number = str(new_uuid())
    for _ in range(2):  # clicked twice
        said = noted(client, world, f"?case={ann.key}", then=ann.key, way="call", number=number)
        assert said.headers["Location"] == f"/case/{ann.key}/"
    read_everything()
    message = Message.objects.latest("id")
    assert (message.conversation.case, message.identity and message.identity.contact) == (ann, ann.contact)
    assert message.conversation.subject == "Call elsewhere, Ghent"
    assert [Case.objects.count(), Contact.objects.count(), Message.objects.count()] == [1, 1, 2]


def test_settled_encounter_opens_no_case_and_stands_on_the_timeline(world: World, signed_in: SignedIn) -> None:
    ann = case_of(say(world.chat, known("ann", name="Ann Lee"), "My SIM will not activate."))
    client = signed_in(world.tessa)
    noted(client, world, f"?contact={ann.contact.key}", then="done", said="Thank you for the new SIM.")
    read_everything()
    assert Case.objects.count() == 1
    told = strip_tags(page_of(client.get(f"/case/{ann.key}/timeline/")))  # the words that tell what it is are marked
    assert "Thank you for the new SIM." in told


def test_nobody_is_met_whom_the_agent_may_not_see_and_nothing_is_noted_elsewhere(
    world: World, signed_in: SignedIn
) -> None:
    bob = case_of(say(world.night_chat, known("bob", name="Bob Night"), "Good evening."))
    client = signed_in(world.tessa)
    for path in (f"?case={bob.key}", f"?contact={bob.contact.key}", "?contact=contact_0"):
        assert client.get(f"/encounters/new/{path}").status_code == 404
    assert "Bob Night" not in page_of(client.get("/encounters/new/?q=Bob"))
    for wrong in (
        {"inbox": world.night.key},
        {"then": bob.key},
        {"name": ""},
        {"at": "2999-01-01T00:00"},
        {"said": ""},
    ):
        assert noted(client, world, **wrong).status_code == 422, wrong
    assert not Arrival.objects.exists()


def test_card_number_told_at_the_counter_is_stored_nowhere(world: World, signed_in: SignedIn) -> None:
    noted(signed_in(world.tessa), world, said="My card is 4111 1111 1111 1111.")
    assert b"4111" not in bytes(Arrival.objects.get().body)
