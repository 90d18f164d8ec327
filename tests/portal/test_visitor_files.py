"""Visitors' files: stored before the line is taken, shown to the agent and to their visitor, bounded for everybody."""

from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client

from hark.channels.accounts import account_of
from hark.channels.form import new_stamp, talk_token
from hark.channels.registry import venue
from hark.channels.types import Accepted, Rejected, Request
from hark.conversations.models import Attachment, Message
from hark.conversations.queries.messages import messages_shown
from hark.kernel.time import database_now, now
from hark.portal.queries import lines_shown
from hark.portal.views.uploads import OF_A_PLACE
from tests.kernel.picture_makers import photo
from tests.portal.makers import Plum, a_visitor, answer, post, say
from tests.workspace.files import fetch_everything, whole

pytestmark = pytest.mark.django_db
BORDER = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
MULTIPART = {"content-type": f"multipart/form-data; boundary={BORDER}"}


def send_piece(plum: Plum, token: str, piece: bytes, **query: Any) -> HttpResponse:
    told = {"id": "one", "at": 0, "size": len(piece), "name": "it.jpg", **query}
    words = "&".join(f"{name}={value}" for name, value in told.items())
    bearer = {"authorization": f"Bearer {token}"}
    address = f"/chat/{plum.chat.key}/files?{words}"
    return Client().post(address, piece, "application/octet-stream", headers=bearer)


def a_form(plum: Plum, *files: tuple[str, bytes], border: str = BORDER, **fields: str) -> bytes:
    parts = [(f'name="{name}"', value.encode()) for name, value in fields.items()]
    parts += [(f'name="hark_files"; filename="{name}"', content) for name, content in files]
    body = b"".join(
        f"--{border}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + content + b"\r\n"
        for head, content in parts
    )
    return body + f"--{border}--\r\n".encode()


def a_stamp(plum: Plum) -> str:
    from datetime import timedelta

    return new_stamp(account_of(plum.form), at=now() - timedelta(minutes=1)).text


def test_a_picture_comes_in_by_pieces_and_is_seen_by_agent_and_visitor(plum: Plum) -> None:
    token, thread = a_visitor(plum.chat)
    raw = photo(size=(300, 200))
    half = len(raw) // 2
    first = send_piece(plum, token, raw[:half], size=len(raw))
    assert first.json() == {"at": half, "receipt": ""}
    assert send_piece(plum, token, raw[half:], size=len(raw)).json() == {"at": half}, "out of step"
    receipt = send_piece(plum, token, raw[half:], at=half, size=len(raw)).json()["receipt"]
    say(plum.chat, token, "", files=[receipt, receipt])
    fetch_everything()
    [message] = Message.objects.all()
    [shown] = messages_shown(plum.tessa, [message], at=database_now())
    assert [(file.name, file.picture, file.state) for file in shown.files] == [("it.jpg", True, "stored")]
    [line] = lines_shown(plum.chat, thread)
    [file] = line["files"]
    assert (file["name"], file["width"]) == ("it.jpg", 300)
    address = f"/chat/{plum.chat.key}/files/{file['id']}/preview"
    assert whole(Client().get(address, headers={"authorization": f"Bearer {token}"}))
    other, _ = a_visitor(plum.chat)
    assert Client().get(address, headers={"authorization": f"Bearer {other}"}).status_code == 404


def test_a_receipt_is_good_for_its_visitor_only_and_not_for_ever(plum: Plum) -> None:
    token, _ = a_visitor(plum.chat)
    other, _ = a_visitor(plum.chat)
    receipt = send_piece(plum, token, b"hello", name="a.txt").json()["receipt"]
    account = account_of(plum.chat)

    def verdict(bearer: str, receipt: str, **later: int) -> object:
        from datetime import timedelta

        body = f'{{"id": "{uuid4()}", "text": "x", "files": ["{receipt}"]}}'.encode()
        call = Request("POST", "/in/x", "", {"authorization": f"Bearer {bearer}"}, body, now() + timedelta(**later))
        return venue("webchat").verify(account, call)

    assert isinstance(verdict(token, receipt), Accepted)
    bad = (
        (other, receipt, 0),
        (token, receipt[:-1], 0),
        (token, "x.y", 0),
        (token, receipt, 13),
    )
    for bearer, given, later in bad:
        refused = verdict(bearer, given, hours=later)
        assert isinstance(refused, Rejected)
        assert refused.reply.status == 422


def test_what_cannot_be_taken_is_said(plum: Plum) -> None:
    token, _ = a_visitor(plum.chat)
    assert "15.0 MB at most" in send_piece(plum, token, b"x", size=15_000_001).json()["error"]
    assert send_piece(plum, token, b"", size=0).status_code == 422
    assert send_piece(plum, token, b"xyz", size=2).status_code == 422
    assert send_piece(plum, "x.y", b"x").status_code == 401
    plum.chat.settings = {**plum.chat.settings, "files": False}
    plum.chat.save()
    assert send_piece(plum, token, b"x").status_code == 422
    assert "data-tray" not in Client().get(f"/chat/{plum.chat.key}/").content.decode()


def test_one_place_brings_only_so_much(plum: Plum) -> None:
    token, _ = a_visitor(plum.chat)
    statuses = {send_piece(plum, token, b"x", id=number, size=2).status_code for number in range(OF_A_PLACE)}
    assert statuses == {200}
    last = send_piece(plum, token, b"x", id="more", size=2)
    assert last.status_code == 429
    assert int(last["Retry-After"]) > 0


def test_a_form_brings_its_files_and_the_talk_shows_them(plum: Plum) -> None:
    stamp = a_stamp(plum)
    raw = photo(size=(300, 200))
    said = {"hark_stamp": stamp, "name": "Maud", "message": "It looks like this"}
    files = [("it.jpg", raw), ("../../na%22me.txt", b"--\r\nwords\r\n")]
    post(plum.form, a_form(plum, *files, **said), MULTIPART)
    other = {"content-type": "multipart/form-data; boundary=another"}
    post(plum.form, a_form(plum, *files, border="another", **said), other)
    [message] = Message.objects.all()
    assert message.text == "It looks like this"
    fetch_everything()
    assert list(Attachment.objects.order_by("pk").values_list("name", "state", "size")) == [
        ("it.jpg", "stored", len(raw)), ('na"me.txt', "stored", 11),
    ]  # fmt: skip
    nonce = stamp.partition(".")[0]
    answer(plum.tessa, plum.form, nonce, "Thank you.")
    page = Client().get(f"/form/{plum.form.key}/talk/{talk_token(account_of(plum.form), nonce)}/").content.decode()
    assert "it.jpg" in page
    assert 'enctype="multipart/form-data"' in page


def test_a_form_that_comes_back_asks_for_its_files_again(plum: Plum) -> None:
    body = a_form(plum, ("a.txt", b"x"), hark_stamp=a_stamp(plum), message="", name="Maud")
    verdict = venue("form").verify(account_of(plum.form), Request("POST", "/in/x", "", MULTIPART, body, now()))
    assert isinstance(verdict, Rejected)
    assert b"choose your files once more" in verdict.reply.body
    assert b'value="Maud"' in verdict.reply.body
