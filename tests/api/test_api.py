"""The API: cases are read, noted and answered with a key, and nothing else is."""

from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from hark.conversations.models import Conversation, Message, Note
from hark.kernel.errors import NotAllowed, NotFound
from hark.kernel.ids import new_uuid
from hark.organisation.actions.api_keys import TooManyKeys, revoke_api_key, use_api_key
from hark.organisation.actions.approval import set_approval_of_agent
from hark.organisation.models import ApiKey, AuditEntry
from hark.organisation.types import Right
from tests.workspace.fixtures import world
from tests.workspace.makers import World, an_api_key, case_of, known, say

__all__ = ["world"]  # fixtures of the desk's tests
ALL = (Right.SEE_ALL, Right.NOTE, Right.ANSWER)


def call(token: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
    client = Client(headers={"authorization": f"Bearer {token}", **headers}, enforce_csrf_checks=True)
    path = f"/api/v1/{path}"
    return client.get(path) if body is None else client.post(path, body, "application/json")


def test_program_lists_reads_notes_and_answers(world: World) -> None:
    message = say(world.chat, known("ann"), "My SIM will not activate.")
    case, token = case_of(message), an_api_key(world.tessa, Right.NOTE, Right.ANSWER)[1]
    listed = call(token, "cases/?filter=status.open").json()
    assert [row["key"] for row in listed["cases"]] == [case.key]
    told = call(token, f"cases/{case.key}/").json()
    assert [entry["text"] for entry in told["entries"]] == ["My SIM will not activate."]
    again = {"idempotency-key": str(new_uuid())}
    for _ in range(2):
        assert call(token, f"cases/{case.key}/notes/", {"text": "Seen by the robot."}, **again).status_code == 201
    assert Note.objects.get().agent == world.tessa
    answer = {"conversation": message.conversation.key, "text": "It does now.", "visibility": "private"}
    assert call(token, f"cases/{case.key}/replies/", {**answer, "seen": message.key}).status_code == 201
    told = call(token, f"cases/{case.key}/").json()
    assert [entry["text"] for entry in told["entries"]] == [
        "It does now.", "Seen by the robot.", "My SIM will not activate.",
    ]  # fmt: skip
    assert Message.objects.get(direction="out").agent == world.tessa


def test_reply_to_what_the_program_has_not_read_is_stopped(world: World) -> None:
    first = say(world.chat, known("ann"), "My SIM will not activate.")
    say(world.chat, known("ann"), "It does now, thank you.")
    token = an_api_key(world.tessa, Right.NOTE, Right.ANSWER)[1]
    answer = {"conversation": first.conversation.key, "text": "Try again.", "visibility": "private", "seen": first.key}
    said = call(token, f"cases/{case_of(first).key}/replies/", answer)
    assert (said.status_code, said.json()["error"]["code"]) == (409, "newer_message")
    assert not Message.objects.filter(direction="out").exists()


def test_program_is_told_which_talk_is_with_somebody_outside(world: World) -> None:
    ours = say(world.chat, known("ann"), "My parcel never came.").conversation
    theirs = say(world.chat, known("carrier"), "It is in Gent.").conversation
    Conversation.objects.filter(pk=theirs.pk).update(case=ours.case, outside=True)
    assert ours.case
    told = call(an_api_key(world.tessa)[1], f"cases/{ours.case.key}/").json()
    assert {talk["key"]: talk["outside"] for talk in told["conversations"]} == {ours.key: False, theirs.key: True}


def test_public_reply_that_a_person_should_see_first_is_refused_with_the_reason(world: World) -> None:
    post = say(world.square, known("ann", "simulated"), "Where is my order?", visibility="public", kind="post")
    token = an_api_key(world.tessa, Right.NOTE, Right.ANSWER)[1]
    answer = {"conversation": post.conversation.key, "visibility": "public", "seen": post.key}
    path = f"cases/{case_of(post).key}/replies/"
    said = call(token, path, {**answer, "text": "We write to ann.jones@mail.example about it."})
    assert (said.status_code, said.json()["error"]["code"]) == (409, "look_again")
    set_approval_of_agent(key=world.tessa.key, needed=True, actor=world.owner)
    said = call(token, path, {**answer, "text": "It comes tomorrow."})
    assert (said.status_code, said.json()["error"]["code"]) == (409, "needs_approval")
    assert not Message.objects.filter(direction="out").exists()


def test_long_case_is_read_page_by_page_without_a_gap(world: World) -> None:
    for number in range(55):
        message = say(world.chat, known("ann"), f"Line {number}", ago=1000 - number)
    token, path = an_api_key(world.tessa)[1], f"cases/{case_of(message).key}/"
    newest = call(token, path).json()
    older = call(token, f"{path}?before={newest['older']}").json()
    told = [entry["text"] for entry in newest["entries"] + older["entries"]]
    assert told == [f"Line {number}" for number in reversed(range(55))]
    assert older["older"] == ""


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("[]", "bad_call"),
        ("{", "bad_call"),
        ('{"text": 1}', "bad_call"),
        ('{"txt": "x"}', "bad_call"),
        ('{"text": "x", "text": "y"}', "bad_call"),
        ('{"text": " "}', "nothing_written"),
        ('{"text": "' + "x" * 20_001 + '"}', "too_long"),
        ('{"text": "' + "x" * 200_000 + '"}', "bad_call"),
        (b"\xff" * 1_100_000, "bad_call"),
    ],
)
def test_call_that_makes_no_sense_is_told_why(world: World, body: str, code: str) -> None:
    case, token = case_of(say(world.chat, known("ann"), "Hello?")), an_api_key(world.tessa, Right.NOTE)[1]
    said = call(token, f"cases/{case.key}/notes/", body)
    assert said.json()["error"]["code"] == code
    assert not Note.objects.exists()


def test_session_of_an_agent_opens_nothing_here(world: World) -> None:
    client = Client()
    client.force_login(world.owner, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get("/api/v1/cases/").status_code == 401


def test_caller_who_calls_too_often_is_told_when_to_come_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from hark.api.views import door

    for limit, calls in (("BURST", 2), ("PER_MINUTE", 1), ("WRONG_KEYS", 2), ("WRONG_KEYS_PER_MINUTE", 1)):
        monkeypatch.setattr(door, limit, calls)
    for token in (an_api_key(world.tessa)[1], "hk_00000000_x"):
        answers = [call(token, "cases/") for _ in range(3)]
        assert answers[1].status_code in {200, 401}
        assert (answers[2].status_code, answers[2].headers["Retry-After"].isdigit()) == (429, True)


def test_key_gives_no_more_than_its_person_may(world: World) -> None:
    with pytest.raises(NotAllowed):
        an_api_key(world.tessa, Right.SEE_ALL)
    with pytest.raises(NotFound):
        an_api_key(world.tessa, inbox=world.night)
    with pytest.raises(NotAllowed):
        an_api_key(world.tessa, lasts=timedelta(days=400))
    token = an_api_key(world.ruben, Right.NOTE, Right.ANSWER)[1]
    world.ruben.role = "light_agent"
    world.ruben.save()
    assert use_api_key(token=token, address="").agent.rights == {Right.NOTE}


def test_two_keys_are_valid_at_once_until_one_is_revoked_or_over(world: World) -> None:
    begun = AuditEntry.objects.count()
    (old, old_token), (_, new_token) = an_api_key(world.tessa), an_api_key(world.tessa)
    assert [call(token, "cases/").status_code for token in (old_token, new_token)] == [200, 200]
    revoke_api_key(key=old.key)
    assert [call(token, "cases/").status_code for token in (old_token, new_token)] == [401, 200]
    ApiKey.objects.update(ends_at=old.made_at)
    assert call(new_token, "cases/").status_code == 401
    entries = AuditEntry.objects.order_by("number")[begun:]
    assert [entry.verb for entry in entries] == ["key.added", "key.added", "key.revoked"]
    secret = new_token.split("_", 2)[2]
    assert secret not in str([*entries.values_list("details"), *ApiKey.objects.values_list("prefix", "secret_hash")])


def test_nobody_has_more_than_ten_valid_keys(world: World) -> None:
    for _ in range(10):
        key, _secret = an_api_key(world.tessa)
    with pytest.raises(TooManyKeys):
        an_api_key(world.tessa)
    revoke_api_key(key=key.key)
    an_api_key(world.tessa)
