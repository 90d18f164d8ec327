"""How the tests add files: by pieces, as the page does; and the jobs' part."""

from typing import Any

from django.http import HttpResponse
from django.test import Client

from hark.conversations.actions.fetching import fetch_next_file
from hark.conversations.models import Attachment, Case
from hark.kernel.ids import new_uuid
from tests.workspace.makers import World, case_of, known, say

PIECE = 1 << 20


def a_case(world: World, text: str = "My SIM will not activate.", who: str = "ann") -> Case:
    """Somebody writes in the chat of Care."""
    return case_of(say(world.chat, known(who), text))


def announce(client: Client, case: Case, name: str, size: int, kind: str = "reply") -> HttpResponse:
    """Say that a file comes."""
    answer: HttpResponse = client.post(f"/case/{case.key}/files/", {"kind": kind, "name": name, "size": size})
    return answer


def piece(client: Client, key: str, body: bytes, at: int = 0) -> Any:
    """Send one piece."""
    return client.post(f"/file/{key}/piece/?at={at}", body, content_type="application/octet-stream")


def add(client: Client, case: Case, name: str, body: bytes, kind: str = "reply") -> Attachment:
    """Add a whole file; pictures are made anew."""
    begun = announce(client, case, name, len(body), kind)
    assert begun.status_code == 200, begun.content
    key = begun.json()["key"]  # type: ignore[attr-defined]
    for at in range(0, len(body), PIECE):
        answer = piece(client, key, body[at : at + PIECE], at)
        assert answer.status_code == 200, answer.content
    fetch_everything()
    return Attachment.objects.get(key=key)


def fetch_everything() -> None:
    """The jobs' part."""
    while fetch_next_file():
        pass


def send(client: Client, case: Case, text: str = "", *, kind: str = "private", **more: Any) -> Any:
    """What the page posts when somebody sends."""
    conversation = case.conversations.get()
    newest = conversation.messages.latest("id")
    what = {
        "kind": kind,
        "conversation": conversation.key,
        "text": text,
        "send_key": str(new_uuid()),
        "seen": f"{conversation.key}:{newest.pk}",
        **more,
    }
    return client.post(f"/case/{case.key}/answer/", what)


def given(client: Client, address: str) -> Any:
    """What a link of the page leads to, with its bytes as `body`."""
    answer: Any = client.get(address)
    if answer.status_code == 302:
        answer = client.get(answer["Location"])
    answer.body = whole(answer)
    return answer


def whole(answer: Any) -> bytes:
    """All bytes of an answer; one that is not read to its end is not closed."""
    return b"".join(answer.streaming_content) if answer.streaming else bytes(answer.content)
