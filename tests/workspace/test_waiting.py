"""Replies that wait, from the pages: stopped and overruled, approved, sent back, put off; for one case and for many."""

from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from hark.contacts.models import Identity
from hark.conversations.actions.holding import release_due
from hark.conversations.models import Conversation, Draft, HeldReply, Message, Note
from hark.conversations.types import HeldState, Visibility
from hark.delivery.models import OutboxItem
from hark.kernel.ids import new_uuid
from hark.kernel.time import database_now
from hark.organisation.actions.approval import set_approval_of_agent
from hark.organisation.models import Agent, AuditEntry, Channel
from hark.organisation.types import Role
from hark.workspace.actions.answering import Place, run_macro
from hark.workspace.actions.many import undo
from tests.workspace.fixtures import SignedIn, page_of
from tests.workspace.makers import World, a_macro, case_of, known, make_role, say
from tests.workspace.test_answering import HTMX, answer

ADDRESS = "We have written to maud@private.example."


@pytest.fixture
def asked(world: World) -> Message:
    """Maud asks in public."""
    return say(world.square, known("maud", name="Maud"), "Where is my parcel?", visibility=Visibility.PUBLIC)


def waits(client: Client, message: Message, **changes: Any) -> HeldReply:
    answer(client, message, text="We look into it.", **changes)
    return HeldReply.objects.get()


def does(client: Client, held: HeldReply, act: str, **fields: Any) -> HttpResponse:
    return client.post(f"/held/{held.key}/", {"act": act, **fields}, headers=HTMX)


def approval_of(world: World, agent: Agent) -> Agent:
    set_approval_of_agent(key=agent.key, needed=True, actor=world.owner)
    return agent


def test_finding_stops_a_public_reply_and_one_more_key_sends_it(
    world: World, asked: Message, signed_in: SignedIn
) -> None:
    client = signed_in(world.tessa)
    told = answer(client, asked, text=ADDRESS)
    page = page_of(told)
    assert told.status_code == 422
    assert "E-mail address</b> <q>maud@private.example</q> <span>Everybody would read it." in page
    assert ADDRESS in page
    assert not OutboxItem.objects.exists()
    code = page.split('name="despite" value="')[1].split('"')[0]
    assert answer(client, asked, text=ADDRESS, despite=code).status_code == 200
    assert OutboxItem.objects.get().payload["text"] == ADDRESS
    assert "sends it all the same: e-mail address" in page_of(client.get(f"/case/{case_of(asked).key}/"))


def test_macro_and_answer_to_many_are_looked_over_too(world: World, asked: Message, signed_in: SignedIn) -> None:
    case, client = case_of(asked), signed_in(world.tessa)
    place = Place(asked.conversation.key, Visibility.PUBLIC, asked.pk, new_uuid())
    outcome = run_macro(
        agent=world.tessa, case_key=case.key, macro_key=a_macro(world, text="Shut up.").key, place=place
    )
    assert [one.why for one in outcome.left] == [
        "Look at this once more before everybody can read it, then change it or send it all the same. (rude words)"
    ]
    form = {"cases": case.key, "text": ADDRESS, "act": "preview"}
    page = page_of(client.post("/answer-many/", form))
    assert "<q>maud@private.example</q>" in page
    ticket, despite = (page.split(f'name="{name}" value="')[1].split('"')[0] for name in ("ticket", "despite"))
    sent = {"text": ADDRESS, "act": "send", "ticket": ticket}
    assert "Not sent" in page_of(client.post("/answer-many/", sent))
    assert not OutboxItem.objects.exists()
    assert "On their way: 1 case" in page_of(client.post("/answer-many/", {**sent, "despite": despite}))
    assert OutboxItem.objects.count() == 1


def test_macro_whose_reply_waits_is_taken_back_as_a_whole(world: World, asked: Message) -> None:
    place = Place(asked.conversation.key, Visibility.PUBLIC, asked.pk, new_uuid())
    macro = a_macro(world, text="We look into it.")
    tessa = Agent.objects.get(pk=approval_of(world, world.tessa).pk)
    outcome = run_macro(agent=tessa, case_key=case_of(asked).key, macro_key=macro.key, place=place)
    assert HeldReply.objects.get().state == HeldState.APPROVAL
    undo(agent=tessa, sealed=outcome.undo)
    assert HeldReply.objects.get().state == HeldState.TAKEN_BACK


def test_supervisor_approves_from_the_list_and_from_the_case(world: World, asked: Message, signed_in: SignedIn) -> None:
    tessa, boss = signed_in(approval_of(world, world.tessa)), signed_in(make_role(world, Role.SUPERVISOR))
    case = case_of(asked)
    assert "A colleague approves it first." in page_of(tessa.get(f"/case/{case.key}/"))
    told = page_of(answer(tessa, asked, text="We look into it."))
    assert "reply waits for approval" in told
    held = HeldReply.objects.get()
    assert held.key in page_of(boss.get(f"/case/{case.key}/"))
    page = page_of(boss.get("/approvals/"))
    for shown in ("We look into it.", "Where is my parcel?", "Tessa Okonedo", 'data-line-key="y"'):
        assert shown in page
    assert boss.post(f"/held/{held.key}/", {"act": "approve", "back": "/approvals/"}).status_code == 302
    assert OutboxItem.objects.get().payload["text"] == "We look into it."
    assert "Nothing waits for you" in page_of(boss.get("/approvals/"))
    assert does(boss, held, "approve").status_code == 422
    assert "approved a reply" in page_of(tessa.get(f"/case/{case.key}/"))


def test_changed_words_with_a_finding_stay_on_the_list_until_overruled(
    world: World, asked: Message, signed_in: SignedIn
) -> None:
    held = waits(signed_in(approval_of(world, world.tessa)), asked)
    boss = signed_in(world.owner)
    form = {"act": "approve", "back": "/approvals/", "text": ADDRESS}
    told = boss.post(f"/held/{held.key}/", form)
    page = page_of(told)
    assert told.status_code == 422
    assert "<q>maud@private.example</q>" in page
    code = page.split('name="despite" value="')[1].split('"')[0]
    boss.post(f"/held/{held.key}/", {**form, "despite": code})
    assert OutboxItem.objects.get().payload["text"] == ADDRESS


def test_reply_is_sent_back_with_a_word(world: World, asked: Message, signed_in: SignedIn) -> None:
    tessa = signed_in(approval_of(world, world.tessa))
    held = waits(tessa, asked)
    boss = signed_in(world.owner)
    boss.post(f"/held/{held.key}/", {"act": "send_back", "word": "Kinder, please.", "back": "/approvals/"})
    page = page_of(tessa.get(f"/case/{case_of(asked).key}/"))
    assert (Note.objects.get().text, Draft.objects.get().text) == ("Kinder, please.", "We look into it.")
    assert "sent a reply back to its author" in page
    assert held.key not in page


def test_only_supervisors_approve(world: World, asked: Message, signed_in: SignedIn) -> None:
    held = waits(signed_in(approval_of(world, world.tessa)), asked)
    assert does(signed_in(world.ruben), held, "approve").status_code == 404
    assert does(signed_in(world.stranger), held, "take_back").status_code == 404
    assert does(signed_in(world.tessa), held, "now").status_code == 422
    assert not OutboxItem.objects.exists()


def test_reply_is_sent_later_put_off_and_sent_now(world: World, asked: Message, signed_in: SignedIn) -> None:
    client, case = signed_in(world.tessa), case_of(asked)
    told = answer(client, asked, text="We look into it.", later="tomorrow")
    assert "Your reply leaves" in page_of(told)
    held = HeldReply.objects.get()
    assert held.leaves_at is not None
    assert (held.leaves_at.hour, held.leaves_at.minute) == (9, 0)
    assert "Stops by itself when the customer writes." in page_of(client.get(f"/case/{case.key}/"))
    when = (database_now() + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")
    assert does(client, held, "later", later_at=when).status_code == 204
    held.refresh_from_db()
    assert held.leaves_at is not None
    assert held.leaves_at.strftime("%Y-%m-%dT%H:%M") == when
    assert does(client, held, "now").status_code == 204
    assert OutboxItem.objects.count() == 1


def test_reply_at_a_wrong_time_is_not_sent_at_all(world: World, asked: Message, signed_in: SignedIn) -> None:
    client = signed_in(world.tessa)
    for wrong in ({"later": "at"}, {"later": "never"}, {"later": "at", "later_at": "2001-01-01T09:00"}):
        told = answer(client, asked, **wrong)
        assert told.status_code == 422
        assert "at a time between now and a year from now" in told.content.decode()
    assert not HeldReply.objects.exists()
    assert not OutboxItem.objects.exists()


def test_stopped_reply_asks_its_author_who_sends_it_all_the_same(
    world: World, asked: Message, signed_in: SignedIn
) -> None:
    client = signed_in(world.tessa)
    held = waits(client, asked, later="hour")
    say(world.square, known("maud"), "It is here!", visibility=Visibility.PUBLIC, ago=0)
    release_due()
    page = page_of(client.get(f"/case/{case_of(asked).key}/"))
    assert "Somebody wrote meanwhile." in page
    assert "Send all the same" in page
    assert does(client, held, "now", anyway="1").status_code == 204
    assert OutboxItem.objects.count() == 1


def test_administrator_says_whose_and_where_replies_are_approved(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.owner)
    person = f"/settings/people/{world.tessa.key}/"
    client.post(person, {"role": "agent", "teams": [world.team.key], "needs_approval": "on"})
    assert Agent.objects.get(pk=world.tessa.pk).needs_approval
    assert "checked" in page_of(client.get(person)).split('name="needs_approval"')[1].split(">")[0]
    channel = f"/settings/channels/{world.square.key}/"
    assert "Ask for approval" in page_of(client.get(channel))
    client.post(f"{channel}act/", {"act": "approve_first"})
    assert Channel.objects.get(pk=world.square.pk).needs_approval
    assert "No approval any more" in page_of(client.get(channel))
    verbs = list(AuditEntry.objects.order_by("number").values_list("verb", flat=True))
    assert verbs[-2:] == ["agent.approval_changed", "channel.approval_changed"]


def test_follow_up_opens_where_the_customer_prefers_once_nobody_waits(world: World, signed_in: SignedIn) -> None:
    client, maud = signed_in(world.tessa), known("maud", name="Maud")
    first = say(world.square, maud, "By message, please.", thread_id="dm", ago=50)
    post = say(world.square, known("maud2"), "In public.", visibility=Visibility.PUBLIC, thread_id="p", ago=5)
    case = case_of(post)
    Conversation.objects.filter(pk=first.conversation_id).update(case=case, contact=case.contact)
    Identity.objects.filter(pk=maud.identity_id).update(contact=case.contact)
    here = f"/case/{case.key}/"
    assert client.post(f"{here}prefer/", {"identity": maud.identity_id}, headers=HTMX).status_code == 204
    assert "Prefers to hear here" in page_of(client.get(f"{here}contact/"))
    opens_with = f'name="conversation" value="{first.conversation.key}"'
    assert opens_with not in page_of(client.get(f"{here}composer/"))
    Conversation.objects.update(last_outbound_at=database_now())
    assert opens_with in page_of(client.get(f"{here}composer/"))
    client.post(f"{here}prefer/", {"identity": ""}, headers=HTMX)
    assert opens_with not in page_of(client.get(f"{here}composer/"))
    assert client.post(f"{here}prefer/", {"identity": known("other").identity_id}, headers=HTMX).status_code == 404
