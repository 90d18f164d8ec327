"""A visitor sees his own talk, and of ours what has left."""

import json
from datetime import timedelta
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.test import Client

from hark.channels.accounts import account_of
from hark.channels.form import new_stamp, talk_token
from hark.conversations.actions.cases import assign
from hark.conversations.actions.changing import change_reply, changed_there
from hark.conversations.actions.reply import take_back
from hark.conversations.models import Conversation
from hark.conversations.types import Author
from hark.delivery.jobs import send_due
from hark.journey import ledger
from hark.kernel.models import Event
from hark.kernel.time import now
from hark.organisation.models import Inbox
from hark.portal.queries import lines_shown, who_is_here
from hark.routing.actions import heartbeat, set_presence
from hark.routing.types import PresenceState
from tests.portal.makers import Plum, a_visitor, answer, post, say

pytestmark = pytest.mark.django_db


def texts(plum: Plum, thread: str) -> list[tuple[str, str]]:
    return [("ours" if line["ours"] else "his", line["text"]) for line in lines_shown(plum.chat, thread)]


def test_talk_is_shown_in_its_order_with_the_first_name_of_who_answered(plum: Plum) -> None:
    token, thread = a_visitor(plum.chat)
    number = say(plum.chat, token, "Is anybody there?")
    answer(plum.tessa, plum.chat, thread, "Yes, hello!")
    say(plum.chat, token, "Thank you")
    assert texts(plum, thread) == [("his", "Is anybody there?"), ("ours", "Yes, hello!"), ("his", "Thank you")]
    first, second, _ = lines_shown(plum.chat, thread)
    assert first["id"] == number
    assert second["who"] == "Tessa"


def test_answer_is_shown_when_the_time_to_undo_is_over_and_never_when_taken_back(plum: Plum) -> None:
    Inbox.objects.update(undo_seconds=60)
    token, thread = a_visitor(plum.chat)
    say(plum.chat, token, "Hello")
    message = answer(plum.tessa, plum.chat, thread, "A mistake")
    assert texts(plum, thread) == [("his", "Hello")]
    take_back(message_id=message.pk, author=Author(plum.tessa.pk, plum.tessa.key, plum.tessa.name))
    assert texts(plum, thread) == [("his", "Hello")]


def test_visitor_changes_and_deletes_his_own_lines(plum: Plum) -> None:
    token, thread = a_visitor(plum.chat)
    first, second = say(plum.chat, token, "one"), say(plum.chat, token, "two")
    say(plum.chat, token, "uno", edit=first)
    say(plum.chat, token, delete=second)
    uno, gone = lines_shown(plum.chat, thread)
    assert (uno["text"], uno["edited"], uno["deleted"]) == ("uno", True, False)
    assert (gone["text"], gone["deleted"]) == ("", True)


def test_nobody_reads_or_changes_another_visitor_s_talk(plum: Plum) -> None:
    (mine, my_thread), (his, his_thread) = a_visitor(plum.chat), a_visitor(plum.chat)
    number = say(plum.chat, mine, "my secret")
    say(plum.chat, his, "hello")
    say(plum.chat, his, "changed by a stranger", edit=number)
    say(plum.chat, his, delete=number)
    assert texts(plum, my_thread) == [("his", "my secret")]
    assert ("his", "my secret") not in texts(plum, his_thread)
    page = Client().get(f"/chat/{plum.chat.key}/messages", headers={"authorization": f"Bearer {his}"})
    assert "my secret" not in page.content.decode()


@pytest.mark.parametrize("header", ["", "Bearer x.y", "Basic abc"])
def test_lines_are_shown_to_the_bearer_of_a_token_only(plum: Plum, header: str) -> None:
    assert Client().get(f"/chat/{plum.chat.key}/messages", headers={"authorization": header}).status_code == 401


def test_an_agent_is_here_only_while_it_is_so(plum: Plum) -> None:
    token, thread = a_visitor(plum.chat)
    say(plum.chat, token, "Hello")
    assert who_is_here(plum.chat, thread) == ""
    case_id = Conversation.objects.get(thread_key=thread).case_id
    assert case_id
    assign(case_id=case_id, agent_id=plum.tessa.pk, actor=None)
    assert who_is_here(plum.chat, thread) == "", "holds the case, but is not at work"
    set_presence(agent_id=plum.tessa.pk, presence=PresenceState.AVAILABLE, reason="")
    heartbeat(agent_id=plum.tessa.pk)
    assert who_is_here(plum.chat, thread) == "Tessa"
    set_presence(agent_id=plum.tessa.pk, presence=PresenceState.OFFLINE, reason="")
    assert who_is_here(plum.chat, thread) == ""


def test_sender_of_a_form_reads_the_answer_and_writes_on_under_his_link(plum: Plum) -> None:
    account = account_of(plum.form)
    opened = now() - timedelta(minutes=1)
    urlencoded = {"content-type": "application/x-www-form-urlencoded"}
    stamp = new_stamp(account, at=opened)
    said = {"hark_stamp": stamp.text, "name": "Maud", "email": "maud@example.org", "message": "Where is my <b>SIM</b>?"}
    taken = post(plum.form, urlencode(said).encode(), urlencoded)
    talk = f"/form/{plum.form.key}/talk/{talk_token(account, stamp.nonce)}/"
    thanks = Client().get(dict(taken.reply.headers)["Location"])
    assert thanks.status_code == 200
    assert talk in thanks.content.decode()
    answer(plum.tessa, plum.form, stamp.nonce, "It comes tomorrow.")
    again = {"hark_stamp": new_stamp(account, at=opened).text, "hark_talk": talk.split("/")[4], "message": "Great"}
    post(plum.form, urlencode(again).encode(), urlencoded)
    page = Client().get(talk).content.decode()
    assert page.index("Where is my &lt;b&gt;SIM&lt;/b&gt;?") < page.index("It comes tomorrow.") < page.index(">Great<")
    assert [line["text"] for line in Client().get(f"{talk}lines").json()["lines"]] == [
        "Where is my <b>SIM</b>?", "It comes tomorrow.", "Great",
    ]  # fmt: skip
    assert Conversation.objects.filter(channel=plum.form).count() == 1


def test_link_that_was_made_up_leads_nowhere(plum: Plum) -> None:
    token = talk_token(account_of(plum.form), "A" * 22)
    for wrong in (token[:-1], "x", f"{'A' * 22}.", token + "A"):
        for place in ("talk", "thanks"):
            assert Client().get(f"/form/{plum.form.key}/{place}/{wrong}/").status_code == 404
    assert Client().get(f"/form/{plum.chat.key}/talk/{token}/").status_code == 404
    assert json.loads(Client().get(f"/form/{plum.form.key}/talk/{token}/lines").content)["lines"] == []


def test_answer_that_is_changed_and_taken_away_changes_before_the_visitor(plum: Plum) -> None:
    token, thread = a_visitor(plum.chat)
    say(plum.chat, token, "When does it open?")
    message = answer(plum.tessa, plum.chat, thread, "At nine.")
    author = Author(plum.tessa.pk, plum.tessa.key, plum.tessa.name)
    for text, seen in (("At ten.", "At nine."), (None, "At ten.")):
        change_reply(message_id=message.pk, author=author, text=text, seen_text=seen, idempotency_key=uuid4())
        assert texts(plum, thread)[1] == ("ours", seen)
        send_due()
        changed_there(message_key=message.key)
        line = lines_shown(plum.chat, thread)[1]
        assert (line["text"], line["edited"], line["deleted"]) == (text or "", True, text is None)
    heard = Event.objects.filter(visitor=message.conversation.key, kind__in=["message.edited", "message.deleted"])
    assert heard.count() == 2
    assert ledger.check().findings == []
