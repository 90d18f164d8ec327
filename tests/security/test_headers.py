"""Every page of the desk: its headers, and nothing in it that its policy would have to allow."""

import re
from pathlib import Path

import pytest
from django.test import Client

import hark.workspace
from tests.workspace.fixtures import SignedIn, signed_in, world
from tests.workspace.makers import World, case_of, heard, known, maud, say
from tests.workspace.parking import park

__all__ = ["signed_in", "world"]  # fixtures of the desk's tests
PAGES = (
    "/", "/?view=all", "/stream/", "/parked/", "/settings/channels/", "/settings/brands/", "/settings/inboxes/",
    "/settings/people/", "/settings/teams/", "/first-run/people/", "/inbox/pulse/", "/inbox/rows/", "/offers/",
    "/presence/",
)  # fmt: skip
OPEN_PAGES = ("/sign-in/", "/nowhere/", "/join/agent_x/token/")
INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", re.IGNORECASE)
OUTSIDE = re.compile(r"""(?:src|href)=["']https?://(?!127\.0\.0\.1)""")


def check(answer: object) -> None:
    """What holds for every page."""
    headers = answer.headers  # type: ignore[attr-defined]
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] in {"same-origin", "no-referrer"}
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "no-store" in headers["Cache-Control"]
    assert "private" in headers["Cache-Control"]


@pytest.mark.parametrize("path", PAGES)
def test_signed_in_page_is_private_framed_by_nobody_and_without_inline_code(
    world: World, signed_in: SignedIn, path: str
) -> None:
    maud(world)
    heard(world)
    park(world.chat)
    answer = signed_in(world.owner).get(path)
    assert answer.status_code == 200
    check(answer)
    assert "Cookie" in answer.headers["Vary"]
    assert INLINE.findall(answer.content.decode()) == []
    assert OUTSIDE.findall(answer.content.decode()) == []


def test_case_with_hostile_words_holds_no_inline_code(world: World, signed_in: SignedIn) -> None:
    words = '<script>alert(1)</script><img src=x onerror=alert(1)> <b style="x">javascript:alert(1)</b>'
    message = say(world.chat, known("eve", name='"><script>alert(2)</script>', handle="<i>"), words)
    page = signed_in(world.tessa).get(f"/case/{case_of(message).key}/").content.decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert "<img" not in page


@pytest.mark.parametrize("path", OPEN_PAGES)
def test_page_before_the_sign_in_has_the_same_headers(world: World, client: Client, path: str) -> None:
    answer = client.get(path)
    check(answer)
    assert INLINE.findall(answer.content.decode()) == []


def test_no_file_of_the_desk_names_an_address_outside() -> None:
    folder = Path(hark.workspace.__file__).parent
    files = [*folder.rglob("*.css"), *folder.rglob("*.js"), *folder.rglob("*.svg"), *folder.rglob("*.html")]
    assert files
    found = [
        str(path)
        for path in files
        if re.search(r"url\(\s*['\"]?https?:|@import|(?:src|href)=\"https?:|import\(", path.read_text())
    ]
    assert found == []


def test_scripts_neither_evaluate_text_nor_write_html() -> None:
    folder = Path(hark.workspace.__file__).parent / "static" / "workspace" / "js"
    banned = re.compile(r"\beval\(|new Function|innerHTML|outerHTML|insertAdjacentHTML|document\.write")
    assert [path.name for path in folder.glob("*.js") if banned.search(path.read_text())] == []
