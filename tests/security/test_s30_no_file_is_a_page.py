"""Threats 30 and 31: what a stranger sends as PDF, SVG or HTML is saved, never shown, whatever it calls itself."""

import pytest

from hark.conversations.models import Message
from tests.kernel.picture_makers import photo
from tests.paths import shared
from tests.security.stranger import came_with
from tests.workspace.files import given
from tests.workspace.fixtures import SignedIn
from tests.workspace.makers import World

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"
FORGED = {
    "photo.svg": SVG,
    "photo.png": HTML,
    "photo.jpg": SVG,
    "page.html": HTML,
    "page.xhtml": b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></html>',
    "both.gif": b"GIF89a/*" + HTML,
    "script.js": b"alert(1)",
}
LIVE = ("html", "svg", "xml", "javascript")


def check_is_saved_only(client: object, message: Message) -> None:
    """No browser may render it, guess at it or run anything in it."""
    for file in message.attachments.order_by("id"):
        answer = given(client, f"/file/{file.key}/download/")  # type: ignore[arg-type]
        assert answer.status_code == 200, file.name
        assert answer["Content-Disposition"].startswith("attachment"), file.name
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'; sandbox" in answer["Content-Security-Policy"]
        assert not any(word in answer["Content-Type"] for word in LIVE), answer["Content-Type"]
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
        if not file.preview:
            assert client.get(f"/file/{file.key}/preview/", follow=True).status_code == 404  # type: ignore[attr-defined]


def test_forged_files_are_saved_and_never_shown(world: World, signed_in: SignedIn) -> None:
    message = came_with(world.square, FORGED)
    assert not message.attachments.exclude(preview="").exists()
    check_is_saved_only(signed_in(world.tessa), message)


def test_every_pdf_of_the_shared_list_is_saved_and_never_shown(world: World, signed_in: SignedIn) -> None:
    folder = shared("data", "hostile", "pdf-payloads")
    papers = {path.name: path.read_bytes() for path in sorted(folder.rglob("*.pdf"))}
    assert papers
    check_is_saved_only(signed_in(world.tessa), came_with(world.square, papers))


def test_picture_is_shown_as_hark_has_drawn_it_only(world: World, signed_in: SignedIn) -> None:
    message = came_with(world.square, {"me.png": photo("PNG") + b"<script>alert(1)</script>"})
    file = message.attachments.get()
    shown = given(signed_in(world.tessa), f"/file/{file.key}/preview/")
    assert shown["Content-Type"] in {"image/jpeg", "image/png"}
    assert "sandbox" in shown["Content-Security-Policy"]
    assert b"script" not in shown.body
    assert b"Plumphone" not in shown.body


@pytest.mark.parametrize("name", ["x.html", "x.svg", "x.png"])
def test_type_never_follows_the_name(world: World, name: str) -> None:
    message = came_with(world.square, {name: HTML})
    assert message.attachments.get().mime == "application/octet-stream"
