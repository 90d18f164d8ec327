"""A chat goes on by mail when its visitor has gone, and comes back when he does."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from hark.channels.registry import venue
from hark.contacts.models import Identity
from hark.conversations.actions.cases import resolve
from hark.conversations.actions.going_on import go_on_by_mail
from hark.conversations.models import LeftAddress, Message
from hark.conversations.queries.messages import messages_shown
from hark.conversations.queries.writing import ways_to_answer
from hark.conversations.transcript import Said, letter, whole_talk
from hark.conversations.types import Author
from hark.delivery.models import OutboxItem
from hark.journey.jobs import react_step
from hark.journey.ledger import check
from hark.kernel.time import database_now
from hark.organisation.models import Brand, Channel
from hark.workspace.views.channel_form import OTHER_BRAND, ChannelForm
from tests.channels.mails import a_mail
from tests.journey.mail import deliver
from tests.portal.going import MIA, Talk, a_talk
from tests.portal.makers import Plum, a_visitor, answer, make_plum, say

pytestmark = pytest.mark.django_db
EVE = "Eve <eve@evil.example>"


@pytest.fixture
def talk(plum: Plum) -> Iterator[Talk]:
    with a_talk(plum) as there:
        yield there


@pytest.fixture
def left(talk: Talk) -> Talk:
    """The visitor has left an address."""
    assert talk.post("address", address=MIA).json() == {"address": MIA}
    return talk


def lines(talk: Talk) -> list[str]:
    return [line["text"] for line in talk.looks()["lines"]]


def close(talk: Talk) -> None:
    tessa = talk.plum.tessa
    case = Message.objects.filter(conversation__thread_key=talk.thread)[0].conversation.case
    assert case
    resolve(case_id=case.pk, actor=Author(tessa.pk, tessa.key, tessa.name))


def test_answer_to_who_has_gone_leaves_once_by_mail_and_what_comes_back_joins_the_talk(talk: Talk) -> None:
    assert talk.looks()["mail"] == {"address": "", "suggested": "", "transcript": False}
    assert talk.post("address", address=" Mia@mail.example ").json() == {"address": MIA}
    ours = talk.answers("It is active now.")
    assert talk.works() == [], "the visitor may still be there"
    talk.goes()
    [mail] = talk.works()
    assert (mail["To"], mail["Auto-Submitted"], mail["Subject"]) == (MIA, None, "Your chat with Plum")
    text = mail.get_content().replace("\r\n", "\n")
    assert text.index("Tessa:\nIt is active now.") < text.index("You: My SIM will not activate.")
    assert talk.works() == []
    [back] = deliver(talk.mailbox, a_mail("It works, thank you!", From=f"Mia <{MIA}>", To=str(mail["Reply-To"])))
    assert (back.conversation_id, back.channel_id) == (ours.conversation_id, talk.mailbox.pk)
    shown = {line["text"]: line["mail"] for line in talk.looks()["lines"]}
    assert shown == {"My SIM will not activate.": False, "It is active now.": False, "It works, thank you!": True}


@pytest.mark.django_db(transaction=True)
def test_the_journal_leads_from_the_answer_to_the_letter(transactional_db: None) -> None:
    with a_talk(make_plum()) as talk:
        talk.post("address", address=MIA)
        answer(talk.plum.tessa, talk.plum.chat, talk.thread, "It is active now.")
        while react_step():
            pass
        talk.goes()
        assert len(talk.works()) == 1


def test_who_comes_back_is_answered_in_the_chat_again(left: Talk) -> None:
    left.answers("One moment.")
    left.goes()
    assert len(left.works()) == 1
    left.looks()
    left.answers("Here I am.")
    left.looks()
    left.goes()
    assert left.works() == [], "he has seen it"
    left.answers("Are you there?")
    left.looks(open_=False)
    left.goes()
    [mail] = left.works()
    text = mail.get_content()
    assert "Are you there?" in text
    assert "One moment." not in text, "it has gone by mail before"
    assert mail["In-Reply-To"] == Message.objects.filter(automatic=True).order_by("pk")[0].external_id


def test_answers_that_were_not_seen_go_together_and_after_a_visit_nothing_goes(left: Talk) -> None:
    left.answers("First.")
    left.answers("Second.")
    left.goes(1)
    assert left.works() == []
    left.looks()
    left.goes(10)
    left.answers("Third.")
    left.answers("Fourth.")
    left.goes()
    [mail] = left.works()
    top = mail.get_content().partition("-----")[0]
    assert [word for word in ("First.", "Second.", "Third.", "Fourth.") if word in top] == ["Third.", "Fourth."]


def test_the_agent_reads_where_it_will_go_where_it_went_and_that_it_failed(left: Talk) -> None:
    message = left.answers("It is active now.")
    case = message.conversation.case
    assert case
    [way] = ways_to_answer(left.plum.tessa, case)
    assert way.conversation.left_address.address == MIA
    left.servers.smtp_faults.append("403")
    left.goes()
    left.works()
    [shown] = messages_shown(left.plum.tessa, Message.objects.filter(automatic=True), at=database_now())
    assert shown.automatic == f"Gone on by e-mail to {MIA}: the visitor had left the chat"
    assert shown.delivery
    assert shown.delivery.state == "refused"
    assert shown.who == "Tessa Okonedo", "and she is told"
    claimed = Identity.objects.get(key=MIA)
    assert (claimed.verified, claimed.contact) == ("claimed", message.conversation.contact)


def test_the_case_says_where_answers_go_and_where_they_went(left: Talk) -> None:
    message = left.answers("It is active now.")
    left.goes()
    left.works()
    case = message.conversation.case
    assert case
    desk = Client()
    desk.force_login(left.plum.tessa, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = " ".join(desk.get(f"/case/{case.key}/").content.decode().split())
    assert f"by e-mail to {MIA} once they have left" in page
    assert f"Gone on by e-mail to {MIA}: the visitor had left the chat" in page
    assert "left an e-mail address" in page
    assert "Delivered" in page


def test_the_mailbox_is_chosen_among_those_of_the_brand(talk: Talk) -> None:
    chat, inbox = talk.plum.chat, talk.plum.inbox
    typed = {"name": "Chat", "inbox": inbox.key, "set_mailbox": talk.mailbox.key, "set_away_minutes": "5"}
    form = ChannelForm(typed, venue=venue("webchat"), channel=chat)
    assert form.is_valid()
    assert {"mailbox": talk.mailbox.key, "away_minutes": 5, "files": False}.items() <= form.settings().items()
    talk.mailbox.inbox.brand = Brand.objects.create(key="brand_other", name="Other")
    talk.mailbox.inbox.save()
    form = ChannelForm(typed, venue=venue("webchat"), channel=chat)
    assert form.errors == {"set_mailbox": [OTHER_BRAND]}


def test_a_stranger_with_the_token_waits_and_the_visitor_reads_nothing_of_him(left: Talk) -> None:
    ours = left.answers("It is active now.")
    left.goes()
    [mail] = left.works()
    [strange] = deliver(left.mailbox, a_mail("I am her lawyer.", From=EVE, To=str(mail["Reply-To"])))
    assert strange.conversation_id == ours.conversation_id
    [shown] = messages_shown(left.plum.tessa, [strange], at=database_now())
    assert shown.pending
    assert "I am her lawyer." not in lines(left)
    [guess] = deliver(left.mailbox, a_mail("Let me in.", From=f"Mia <{MIA}>", Subject=str(mail["Subject"])))
    assert guess.conversation_id != ours.conversation_id


def test_nothing_goes_without_an_address_a_mailbox_or_by_one_of_another_brand(talk: Talk) -> None:
    talk.answers("Hello.")
    assert not LeftAddress.objects.exists()
    assert talk.post("address", address="nobody").status_code == 422
    assert talk.post("address", address="care+x@plum.example").status_code == 422, "our own mailbox"
    inbox = talk.mailbox.inbox
    inbox.brand = Brand.objects.create(key="brand_other", name="Other")
    inbox.save()
    assert talk.looks()["mail"] is None
    assert talk.post("address", address=MIA).status_code == 409
    talk.thread, talk.token = a_visitor(talk.plum.chat)[::-1]
    assert talk.post("address", address=MIA).status_code == 409, "has not said anything"


def test_an_address_can_be_changed_and_taken_back(left: Talk) -> None:
    left.answers("Hello.")
    assert left.post("address", address="other@mail.example").status_code == 200
    left.goes()
    assert left.works() == [], "who has just typed it has seen the talk"
    left.answers("Still there?")
    assert left.post("address", address="").json() == {"address": ""}
    assert not LeftAddress.objects.exists()
    assert left.works() == []


def test_the_closed_talk_is_mailed_once_for_every_closing(left: Talk) -> None:
    assert left.post("transcript").status_code == 409, "not over yet"
    left.answers("It is active now.")
    close(left)
    assert left.looks()["mail"]["transcript"] is True
    assert left.post("transcript").json() == {"address": MIA}
    assert left.post("transcript").status_code == 409, "once"
    [mail] = left.works()
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_content()
    assert text.index("You: My SIM will not activate.") < text.index("Tessa: It is active now.")
    assert left.looks()["mail"]["transcript"] is False
    left.says("One more thing")
    left.answers("Yes?")
    close(left)
    assert left.looks()["mail"]["transcript"] is True


def test_the_transcript_mails_nobody_often_and_nothing_before_a_person_has_answered(left: Talk) -> None:
    close(left)
    assert left.post("transcript").status_code == 409, "nobody has answered"
    sent = []
    for _ in range(5):
        left.token, left.thread = a_visitor(left.plum.chat)
        left.says("Buy at https://evil.example now")
        left.post("address", address=MIA)
        left.answers("No.")
        close(left)
        sent.append(left.post("transcript").status_code)
    assert sent == [200, 200, 200, 429, 429]
    assert all("evil" not in mail.get_content() for mail in left.works())


def test_one_address_gets_so_many_letters_a_day_and_the_rest_waits(left: Talk) -> None:
    from hark.conversations.actions import going_on

    for _ in range(going_on.LETTERS_A_DAY):
        assert going_on._has_room(MIA)
    left.answers("Hello.")
    left.goes()
    assert left.works() == []
    due = LeftAddress.objects.get().due_at
    assert due
    assert due > database_now() + timedelta(minutes=50)


def test_a_paused_mailbox_is_waited_for(left: Talk) -> None:
    left.answers("Hello.")
    Channel.objects.filter(pk=left.mailbox.pk).update(state="paused")
    left.goes()
    assert left.works() == []
    Channel.objects.filter(pk=left.mailbox.pk).update(state="active")
    left.goes(61)
    assert len(left.works()) == 1


def test_no_line_of_a_stranger_leads_anywhere_before_the_address_has_answered() -> None:
    at = database_now()
    said = [Said("", at, f"Look at {link} or mail me@shop.example") for link in ("http://a.example/x", "www.b.example")]
    text, top = letter("Plum", [Said("Tessa", at, "See https://plum.example/help")], said, known=False)
    assert "https://plum.example/help" in text[:top]
    assert "a.example" not in text
    assert "b.example" not in text
    assert "If that was not you" in text
    assert "http://a.example/x" in whole_talk("Plum", said, known=True)


def test_the_books_hold_with_a_talk_that_went_on(left: Talk) -> None:
    left.answers("It is active now.")
    left.goes()
    [mail] = left.works()
    deliver(left.mailbox, a_mail("Thanks", From=MIA, To=str(mail["Reply-To"])))
    assert check().findings == []


def test_two_workers_write_one_letter(left: Talk) -> None:
    message = left.answers("Hello.")
    left.goes()
    assert go_on_by_mail(at=database_now())
    LeftAddress.objects.update(due_at=database_now())
    assert go_on_by_mail(at=database_now())
    assert Message.objects.filter(conversation=message.conversation, automatic=True).count() == 1
    assert OutboxItem.objects.filter(channel=left.mailbox).count() == 1


def test_the_token_of_another_visitor_changes_nothing(left: Talk) -> None:
    other, _ = a_visitor(left.plum.chat)
    say(left.plum.chat, other, "Hello")
    left.token = other
    assert left.looks()["mail"]["address"] == ""
    left.token = f"{uuid4()}.x"
    assert left.post("address", address="eve@evil.example").status_code == 401
    assert LeftAddress.objects.get().address == MIA
    assert Channel.objects.filter(venue="webchat").count() == 1
