"""Files of a reply where the customer reads it: for the bearer of the talk only, once it has left."""

from typing import Any

import pytest
from django.test import Client

from hark.conversations.actions.files import add_piece, begin_file
from hark.conversations.actions.reply import reply
from hark.conversations.models import Conversation
from hark.conversations.types import Author, Visibility
from hark.delivery.jobs import send_due
from hark.kernel.ids import new_uuid
from tests.kernel.picture_makers import photo
from tests.portal.makers import Plum, a_visitor, say
from tests.workspace.files import fetch_everything, whole


@pytest.fixture
def talk(plum: Plum) -> tuple[str, str]:
    """A visitor's token, and the key of the picture that he was sent."""
    token, thread = a_visitor(plum.chat)
    say(plum.chat, token, "What does it look like?")
    conversation = Conversation.objects.get(channel=plum.chat, thread_key=thread)
    author = Author(plum.tessa.pk, plum.tessa.key, plum.tessa.name)
    assert conversation.case_id
    raw = photo(size=(300, 200))
    file = begin_file(case_id=conversation.case_id, kind="reply", name="it.jpg", size=len(raw), author=author)
    add_piece(key=file.key, piece=raw, at=0, author=author)
    fetch_everything()
    reply(
        case_id=conversation.case_id, conversation_id=conversation.pk, author=author, text="", files=[file.key],
        visibility=Visibility.PRIVATE, idempotency_key=new_uuid(), seen_message_id=None, send_anyway=True,
    )  # fmt: skip
    return token, file.key


def told(client: Client, plum: Plum, token: str) -> list[dict[str, Any]]:
    answer = client.get(f"/chat/{plum.chat.key}/messages", headers={"authorization": f"Bearer {token}"})
    lines: list[dict[str, Any]] = answer.json()["lines"]
    return lines


def test_customer_reads_the_file_once_the_reply_has_left(client: Client, plum: Plum, talk: tuple[str, str]) -> None:
    token, key = talk
    address = f"/chat/{plum.chat.key}/files/{key}"
    bearer = {"authorization": f"Bearer {token}"}
    assert client.get(f"{address}/download", headers=bearer).status_code == 404
    while send_due():
        pass
    [file] = told(client, plum, token)[-1]["files"]
    assert (file["name"], file["picture"], file["width"]) == ("it.jpg", True, 300)
    answer = client.get(f"{address}/download", headers=bearer)
    assert answer["Content-Disposition"].startswith("attachment")
    assert b"Plumphone" not in whole(answer)
    shown = client.get(f"{address}/preview", headers=bearer)
    assert shown["Content-Type"] == "image/jpeg"
    assert whole(shown)


def test_nobody_else_reads_it(client: Client, plum: Plum, talk: tuple[str, str]) -> None:
    while send_due():
        pass
    other, _ = a_visitor(plum.chat)
    say(plum.chat, other, "Hello")
    address = f"/chat/{plum.chat.key}/files/{talk[1]}/download"
    assert client.get(address, headers={"authorization": f"Bearer {other}"}).status_code == 404
    assert client.get(address).status_code == 401
    assert [line["files"] for line in told(client, plum, other)] == [[]]
