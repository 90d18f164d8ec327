"""Whoever leaves an address in a form gets the answer by mail, in one thread, and what comes back joins the talk."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import cast
from urllib.parse import urlencode

import pytest
from django.test import Client, override_settings

from hark.channels.accounts import account_of
from hark.channels.form import new_stamp, talk_token
from hark.channels.registry import venue
from hark.contacts.models import Identity
from hark.conversations.actions.going_on import go_on_by_mail, take_typed_address
from hark.conversations.models import Conversation, LeftAddress, Message
from hark.conversations.queries.messages import messages_shown
from hark.delivery.jobs import send_due
from hark.journey.jobs import react_step
from hark.kernel.time import database_now, now
from hark.organisation.actions.channels import connect_channel
from hark.organisation.models import Agent, Channel, Inbox
from hark.workspace.queries.channel_page import channel_page
from hark.workspace.views.channel_form import ChannelForm
from tests.channels.mail_stand_in import PASSWORD, WHO, MailServers, mail_servers
from tests.channels.mails import a_mail
from tests.journey.mail import deliver
from tests.journey.makers import make_inbox
from tests.portal.going import MIA, react
from tests.portal.makers import Plum, answer, make_plum, post

pytestmark = pytest.mark.django_db
URLENCODED = {"content-type": "application/x-www-form-urlencoded"}


@contextmanager
def a_mailbox(inbox: Inbox) -> Iterator[tuple[Channel, MailServers]]:
    """A mailbox of this inbox that sends."""
    with mail_servers() as servers, override_settings(HARK_ALLOWED_NETWORKS=servers.allowed):
        box = connect_channel(
            actor="test", venue="email", external_id=WHO, name=WHO, inbox=inbox,
            settings=servers.settings(incoming="pipe", from_name="Plum Care"), secrets={"password": PASSWORD},
        )  # fmt: skip
        yield box, servers


@pytest.fixture
def mailbox(plum: Plum) -> Iterator[tuple[Channel, MailServers]]:
    with a_mailbox(plum.inbox) as there:
        yield there


def fills_in(form: Channel, message: str = "Where is my SIM?", *, talk: str = "", **more: str) -> str:
    """Mia sends the form, or writes on from her page; gives the thread."""
    account = account_of(form)
    stamp = new_stamp(account, at=now() - timedelta(minutes=1))
    said = {"hark_stamp": stamp.text, "name": "Mia", "message": message, **more}
    if talk:
        said = {"hark_stamp": stamp.text, "hark_talk": talk_token(account, talk), "message": message}
    post(form, urlencode(said).encode(), URLENCODED)
    return talk or stamp.nonce


def works(servers: MailServers) -> list[EmailMessage]:
    """The workers do what is due; the mails that leave."""
    before, newest = len(servers.sent), Message.objects.latest("pk").pk
    while go_on_by_mail(at=database_now()):
        pass
    while send_due():
        pass
    for message in Message.objects.filter(pk__gt=newest, automatic=True):
        react(message)
    return [cast("EmailMessage", message_from_bytes(raw, policy=default)) for *_, raw in servers.sent[before:]]


def answers(agent: Agent, form: Channel, thread: str, text: str) -> Message:
    message = answer(agent, form, thread, text)
    react(message)
    return message


def page(plum: Plum, thread: str) -> str:
    address = f"/form/{plum.form.key}/talk/{talk_token(account_of(plum.form), thread)}/"
    return " ".join(Client().get(address).content.decode().split())


def test_answer_goes_by_mail_at_once_and_what_comes_back_joins_the_talk(
    plum: Plum, mailbox: tuple[Channel, MailServers]
) -> None:
    box, servers = mailbox
    thread = fills_in(plum.form, email=" Mia@mail.example")
    ours = answers(plum.tessa, plum.form, thread, "It comes tomorrow.")
    [mail] = works(servers)
    assert (mail["To"], mail["Subject"], mail["Auto-Submitted"]) == (MIA, "Your message to Plum", None)
    text = mail.get_content().replace("\r\n", "\n")
    assert text.index("Tessa:\nIt comes tomorrow.") < text.index("You: Where is my SIM?")
    assert "left in our contact form" in text
    assert works(servers) == [], "once"
    [back] = deliver(box, a_mail("Thank you!", From=f"Mia <{MIA}>", To=str(mail["Reply-To"])))
    assert (back.conversation_id, back.channel_id) == (ours.conversation_id, box.pk)
    answers(plum.tessa, plum.form, thread, "You are welcome.")
    [second] = works(servers)
    assert second["In-Reply-To"] == back.external_id, "one thread at hers"
    assert str(mail["Message-ID"]) in str(second["References"])
    assert "left in our contact form" not in second.get_content(), "she has answered from there"
    shown = page(plum, thread)
    assert f"and go to <bdi>{MIA}</bdi> by e-mail" in shown
    assert shown.index("It comes tomorrow.") < shown.index("You are welcome.")
    assert "Thank you!" in shown
    assert "By e-mail," in shown


@pytest.mark.django_db(transaction=True)
def test_the_journal_leads_from_the_form_to_the_letter(transactional_db: None) -> None:
    plum = make_plum()
    with a_mailbox(plum.inbox) as (_, servers):
        thread = fills_in(plum.form, email=MIA)
        while react_step():
            pass
        assert LeftAddress.objects.get().address == MIA
        assert Client().get(f"/form/{plum.form.key}/").status_code == 200
        desk = Client()
        desk.force_login(plum.tessa, backend="allauth.account.auth_backends.AuthenticationBackend")
        case = Conversation.objects.get(thread_key=thread).case
        assert case
        assert f"by e-mail to {MIA} too" in " ".join(desk.get(f"/case/{case.key}/").content.decode().split())
        answer(plum.tessa, plum.form, thread, "It comes tomorrow.")
        while react_step():
            pass
        assert len(works(servers)) == 1


def test_nothing_changes_without_a_mailbox_an_address_or_where_it_is_switched_off(plum: Plum) -> None:
    thread = fills_in(plum.form, email=MIA)
    answers(plum.tessa, plum.form, thread, "It comes tomorrow.")
    assert not LeftAddress.objects.exists()
    assert "Answers appear here. Only those" in page(plum, thread)
    assert "its inbox has no mailbox" in channel_page(plum.form).by_mail
    with a_mailbox(plum.inbox) as (box, servers):
        assert f"gets the answer there too, from {WHO}" in channel_page(plum.form).by_mail
        bare = fills_in(plum.form, "No address.")
        answers(plum.tessa, plum.form, bare, "Then read it here.")
        assert works(servers) == []
        fills_in(plum.form, "It is ours.", email=WHO)
        own = Conversation.objects.latest("pk").thread_key
        answers(plum.tessa, plum.form, own, "No loop.")
        assert works(servers) == [], "our own mailbox"
        answers(plum.tessa, plum.form, thread, "It is there.")
        [mail] = works(servers)
        answered = mail.get_content().partition("-----")[0]
        assert "It is there." in answered
        assert "tomorrow" not in answered, "what was answered before there was a mailbox is not sent later"
        plum.form.settings = {**plum.form.settings, "by_mail": False}
        plum.form.save()
        assert "switched off" in channel_page(plum.form).by_mail
        answers(plum.tessa, plum.form, thread, "Nobody mails this.")
        assert works(servers) == []
        plum.form.settings = {**plum.form.settings, "by_mail": True}
        plum.form.save()
        Channel.objects.filter(pk=box.pk).update(state="paused")
        assert "cannot send just now" in channel_page(plum.form).by_mail


def test_another_mailbox_of_the_brand_can_be_named(plum: Plum) -> None:
    with a_mailbox(make_inbox("Mail")) as (box, servers):
        thread = fills_in(plum.form, email=MIA)
        take_typed_address(conversation_id=Conversation.objects.get(thread_key=thread).pk)
        assert not LeftAddress.objects.exists(), "it is another inbox's"
        box.inbox.brand = plum.inbox.brand
        box.inbox.save()
        typed = {
            "name": "Form",
            "inbox": plum.inbox.key,
            "set_mailbox": box.key,
            "set_by_mail": "on",
        }
        form = ChannelForm(typed, venue=venue("form"), channel=plum.form)
        assert form.is_valid(), form.errors
        plum.form.settings = {**plum.form.settings, **form.settings()}
        plum.form.save()
        answers(plum.tessa, plum.form, thread, "It comes tomorrow.")
        [mail] = works(servers)
        assert mail["To"] == MIA


def test_agent_reads_where_it_went_and_the_address_stays_a_claim(
    plum: Plum, mailbox: tuple[Channel, MailServers]
) -> None:
    _, servers = mailbox
    thread = fills_in(plum.form, email=MIA)
    ours = answers(plum.tessa, plum.form, thread, "It comes tomorrow.")
    servers.smtp_faults.append("403")
    works(servers)
    [shown] = messages_shown(plum.tessa, Message.objects.filter(automatic=True), at=database_now())
    assert shown.automatic == f"Sent by e-mail to {MIA}, which was left in the form"
    assert shown.delivery
    assert shown.delivery.state == "refused"
    claimed = Identity.objects.get(key=MIA)
    assert (claimed.verified, claimed.contact) == ("claimed", ours.conversation.contact)


def test_stranger_with_the_code_waits_and_is_not_shown_on_the_page(
    plum: Plum, mailbox: tuple[Channel, MailServers]
) -> None:
    box, servers = mailbox
    thread = fills_in(plum.form, email=MIA)
    answers(plum.tessa, plum.form, thread, "It comes tomorrow.")
    [mail] = works(servers)
    deliver(box, a_mail("I am her lawyer.", From="Eve <eve@evil.example>", To=str(mail["Reply-To"])))
    assert "I am her lawyer." not in page(plum, thread)


def test_page_and_mail_are_one_talk(plum: Plum, mailbox: tuple[Channel, MailServers]) -> None:
    _, servers = mailbox
    thread = fills_in(plum.form, email=MIA)
    fills_in(plum.form, "Is it there?", talk=thread)
    answers(plum.tessa, plum.form, thread, "It comes tomorrow.")
    [mail] = works(servers)
    assert "You: Is it there?" in mail.get_content()
    thanks = f"/form/{plum.form.key}/thanks/{talk_token(account_of(plum.form), thread)}/"
    assert "the answer goes there too" in " ".join(Client().get(thanks).content.decode().split())
