"""Two cases in one thread: both are answered there, and what the customer writes goes where it belongs."""

from collections.abc import Iterator

import pytest
from django.test import Client

from hark.conversations.actions.branches import move_to_other
from hark.conversations.actions.cases import resolve
from hark.conversations.actions.merging import split
from hark.conversations.errors import NothingToMove
from hark.conversations.models import Again, Case, Clock, Conversation, Message
from hark.conversations.queries.timeline import timeline
from hark.conversations.queries.writing import ways_to_answer
from hark.conversations.types import Author, Status
from hark.delivery.jobs import send_due
from hark.kernel.db import fetch_all
from hark.kernel.ids import new_uuid
from hark.kernel.time import database_now
from hark.organisation.models import Agent, Channel
from tests.channels.mail_stand_in import PASSWORD, WHO, MailServers, mail_servers
from tests.channels.mails import a_mail
from tests.journey.mail import deliver
from tests.portal.going import MIA, Talk, a_talk
from tests.portal.makers import Plum

pytestmark = pytest.mark.django_db
FIRST, SECOND = "My SIM will not activate.", "And the bill charges roaming twice."


@pytest.fixture
def talk(plum: Plum) -> Iterator[Talk]:
    with a_talk(plum) as there:
        yield there


def author(agent: Agent) -> Author:
    return Author(agent.pk, agent.key, agent.name)


def said(text: str) -> Message:
    return Message.objects.select_related("conversation__case").get(text=text)


def case_of(text: str) -> Case:
    case = said(text).conversation.case
    assert case
    return Case.objects.get(pk=case.pk)


def answer(agent: Agent, case: Case, text: str) -> Message:
    """The agent answers in the one way that the case has, and it leaves."""
    from hark.conversations.actions.reply import reply

    [way] = ways_to_answer(agent, case)
    message = reply(
        case_id=case.pk, conversation_id=way.conversation.pk, author=author(agent), text=text, visibility="private",
        idempotency_key=new_uuid(), seen_message_id=way.newest_message_id,
    )  # fmt: skip
    while send_due():
        pass
    return message


def split_at(agent: Agent, text: str) -> tuple[Case, Case]:
    """The first case and the one that begins with this message."""
    message = said(text)
    origin = case_of(text)
    return origin, split(conversation_id=message.conversation_id, actor=author(agent), from_message_id=message.pk)


def lines(talk: Talk) -> list[str]:
    return [line["text"] for line in talk.looks()["lines"]]


def test_both_cases_are_answered_in_one_chat_and_the_visitor_reads_one_talk(talk: Talk) -> None:
    talk.says(SECOND)
    first, second = split_at(talk.plum.tessa, SECOND)
    assert [one.conversation.case_id for one in (said(FIRST), said(SECOND))] == [first.pk, second.pk]
    assert Clock.objects.filter(case=first, stopped_at=None).count() == 1
    assert Clock.objects.filter(case=second, stopped_at=None).count() == 1
    answer(talk.plum.tessa, second, "The second charge goes back.")
    answer(talk.plum.tessa, first, "It is active now.")
    assert lines(talk) == [FIRST, SECOND, "The second charge goes back.", "It is active now."]
    told = {
        row[0] for row in fetch_all("SELECT visitor FROM kernel_event WHERE kind = 'message.state' AND visitor <> ''")
    }
    assert told == {said(FIRST).conversation.key}, "his page follows one conversation"
    for case in (first, second):
        shown = [entry.body for entry in timeline(talk.plum.tessa, case, at=database_now()).entries]
        texts = [getattr(body, "text", "") for body in shown]
        assert {FIRST, SECOND, "It is active now."} <= set(texts), "both keep the context"


def test_next_line_goes_to_the_newest_open_case(talk: Talk) -> None:
    talk.says(SECOND)
    first, second = split_at(talk.plum.tessa, SECOND)
    talk.says("When?")
    assert case_of("When?") == second
    resolve(case_id=second.pk, actor=author(talk.plum.tessa))
    talk.says("And my SIM?")
    assert case_of("And my SIM?") == first
    resolve(case_id=first.pk, actor=author(talk.plum.tessa))
    talk.says("Hello?")
    assert case_of("Hello?") == second, "all is closed: the newest is opened again"
    assert case_of("Hello?").status == Status.OPEN


def test_last_message_is_moved_to_the_other_case_with_its_promise_and_back(talk: Talk) -> None:
    talk.says(SECOND)
    first, second = split_at(talk.plum.tessa, SECOND)
    answer(talk.plum.tessa, first, "It is active now.")
    answer(talk.plum.tessa, second, "It goes back.")
    for message in Message.objects.filter(direction="out"):
        from tests.portal.going import react

        react(message)
    talk.says("But it is not active!")
    assert Case.objects.get(pk=first.pk).status == Status.WAITING
    begins = move_to_other(case_id=second.pk, other_id=first.pk, actor=author(talk.plum.tessa))
    assert case_of("But it is not active!") == first
    states = dict(Case.objects.values_list("pk", "status"))
    assert (states[first.pk], states[second.pk]) == (Status.OPEN, Status.WAITING)
    assert list(Clock.objects.filter(stopped_at=None).values_list("case", flat=True)) == [first.pk]
    assert Case.objects.get(pk=first.pk).last_text == "But it is not active!"
    assert Case.objects.get(pk=second.pk).last_text == "It goes back."
    answer(talk.plum.tessa, first, "Please restart it.")
    told = fetch_all("SELECT subject, data->>'way' FROM kernel_event WHERE kind = 'case.message_moved' ORDER BY id")
    assert told == [(second.key, "out"), (first.key, "in")]
    move_to_other(case_id=first.pk, other_id=second.pk, actor=author(talk.plum.tessa), from_message_id=begins.pk)
    assert case_of("But it is not active!") == second
    with pytest.raises(NothingToMove):
        move_to_other(case_id=first.pk, other_id=first.pk, actor=author(talk.plum.tessa))


def test_one_key_moves_it_and_both_cases_say_what_they_share(talk: Talk) -> None:
    talk.says(SECOND)
    first, second = split_at(talk.plum.tessa, SECOND)
    desk = Client()
    desk.force_login(talk.plum.tessa, backend="allauth.account.auth_backends.AuthenticationBackend")
    for case, other in ((first, second), (second, first)):
        page = " ".join(desk.get(f"/case/{case.key}/").content.decode().split())
        assert f'data-act="hand_over" data-value="{other.key}"' in page
        assert 'aria-keyshortcuts="Shift+H"' in page
    act = {"act": "hand_over", "value": first.key, "cases": second.key}
    refused = desk.post("/acts/", act, headers={"HX-Request": "true"})
    assert "Merge the two instead" in refused.content.decode()
    talk.says("Is it active?")
    done = desk.post("/acts/", act, headers={"HX-Request": "true"})
    assert "Moved to the other case." in done.content.decode()
    assert (case_of(SECOND), case_of("Is it active?")) == (second, first)
    sealed = done.content.decode().split('name="sealed"')[1].partition('value="')[2].partition('"')[0]
    assert sealed
    desk.post("/acts/undo/", {"sealed": sealed}, headers={"HX-Request": "true"})
    assert case_of("Is it active?") == second
    page = " ".join(desk.get(f"/case/{first.key}/").content.decode().split())
    assert "moved what the customer wrote last to the other case of this talk" in page


def test_split_taken_back_leaves_one_way_to_answer(talk: Talk) -> None:
    from hark.conversations.actions.merging import merge

    talk.says(SECOND)
    first, second = split_at(talk.plum.tessa, SECOND)
    merge(survivor_id=first.pk, absorbed_id=second.pk, actor=author(talk.plum.tessa))
    assert len(ways_to_answer(talk.plum.tessa, first)) == 1
    answer(talk.plum.tessa, first, "Both are done.")
    talk.says("Thank you.")
    assert case_of("Thank you.") == first
    assert lines(talk)[-2:] == ["Both are done.", "Thank you."]


def test_second_problem_is_a_matter_of_its_own(talk: Talk) -> None:
    talk.says(SECOND)
    _, second = split_at(talk.plum.tessa, SECOND)
    assert Again.objects.get(case=second).begins_at == said(SECOND).sent_at


def test_answers_of_both_cases_go_on_by_mail_together(talk: Talk) -> None:
    from tests.portal.going import react

    talk.post("address", address=MIA)
    talk.says(SECOND)
    first, second = split_at(talk.plum.tessa, SECOND)
    for case, text in ((first, "It is active now."), (second, "It goes back.")):
        react(answer(talk.plum.tessa, case, text))
    talk.goes()
    [mail] = talk.works()
    assert "It is active now." in mail.get_content()
    assert "It goes back." in mail.get_content()
    [back] = deliver(talk.mailbox, a_mail("Fine!", From=f"Mia <{MIA}>", To=str(mail["Reply-To"])))
    assert case_of("Fine!") == second
    assert back.channel_id == talk.mailbox.pk


@pytest.fixture
def mailbox(plum: Plum) -> Iterator[tuple[Channel, MailServers]]:
    from django.test import override_settings

    from hark.organisation.actions.channels import connect_channel

    with mail_servers() as servers, override_settings(HARK_ALLOWED_NETWORKS=servers.allowed):
        yield (
            connect_channel(
                actor="test", venue="email", external_id=WHO, name=WHO, inbox=plum.inbox,
                settings=servers.settings(incoming="pipe", from_name="Plum Care"), secrets={"password": PASSWORD},
            ),
            servers,
        )  # fmt: skip


def test_mail_that_answers_one_of_our_answers_goes_to_its_case(
    plum: Plum, mailbox: tuple[Channel, MailServers]
) -> None:
    from email import message_from_bytes
    from email.policy import default

    box, servers = mailbox
    mia = f"Mia <{MIA}>"
    deliver(box, a_mail(FIRST, From=mia, To=WHO, Subject="Trouble", **{"Message-ID": "<one@mail.example>"}))
    deliver(
        box,
        a_mail(
            SECOND, From=mia, To=WHO, Subject="Re: Trouble",
            **{"Message-ID": "<two@mail.example>", "References": "<one@mail.example>"},
        ),
    )  # fmt: skip
    assert case_of(FIRST) == case_of(SECOND)
    first, second = split_at(plum.tessa, next(m.text for m in Message.objects.all() if m.text.startswith(SECOND)))
    answer(plum.tessa, first, "It is active now.")
    answer(plum.tessa, second, "It goes back.")
    sent = [message_from_bytes(raw, policy=default) for *_, raw in servers.sent]
    assert [mail["In-Reply-To"] for mail in sent] == ["<one@mail.example>", "<two@mail.example>"]
    assert {mail["Subject"] for mail in sent} == {"Re: Trouble"}, "one thread at the customer's"
    for ours, case, text in ((sent[0], first, "Not at all!"), (sent[1], second, "Thanks for that")):
        by_address = a_mail(text, From=mia, To=str(ours["Reply-To"] or WHO))
        by_name = a_mail(f"{text}, again", From=mia, To=WHO, References=str(ours["Message-ID"]))
        deliver(box, by_address, by_name)
        assert case_of(text) == case
        assert case_of(f"{text}, again") == case
    assert Conversation.objects.filter(branch_of__isnull=False).count() == 1
