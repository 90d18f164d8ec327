"""The customers' pages over HTTP: framing, cookies, caching, limits, tokens."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta

import jwt
import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hark.channels.accounts import account_of
from hark.channels.form import talk_token
from hark.channels.webchat import visitor_of
from hark.kernel.time import now
from hark.organisation.models import Brand
from tests.portal.makers import SITES, Plum

pytestmark = pytest.mark.django_db
FRAMED = f"frame-ancestors 'self' {' '.join(SITES)}"


def pages(plum: Plum) -> Iterator[tuple[str, str]]:
    """Every address that a GET may reach, with what it is."""
    token = talk_token(account_of(plum.form), "A" * 22)
    yield "page", f"/chat/{plum.chat.key}/"
    yield "page", f"/form/{plum.form.key}/"
    yield "page", f"/form/{plum.form.key}/?embed=1"
    yield "page", f"/form/{plum.form.key}/thanks/{token}/"
    yield "page", f"/form/{plum.form.key}/talk/{token}/"
    yield "asset", f"/chat/{plum.chat.key}/widget.js"
    yield "asset", f"/chat/{plum.chat.key}/brand.css"
    yield "asset", f"/chat/{plum.form.key}/brand.css"
    yield "asset", f"/form/{plum.form.key}/embed.js"
    yield "data", f"/form/{plum.form.key}/talk/{token}/lines"


def start(plum: Plum, said: object = None, **headers: str) -> HttpResponse:
    body = b"" if said is None else json.dumps(said).encode()
    return Client().post(  # type: ignore[return-value]
        f"/chat/{plum.chat.key}/start", body, content_type="application/json", headers=headers
    )


def test_pages_are_framed_by_the_sites_named_and_set_no_cookie(plum: Plum) -> None:
    for kind, address in pages(plum):
        page = Client().get(address)
        assert page.status_code == 200, address
        assert not page.cookies, address
        policy = page.headers["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        if kind == "page":
            assert FRAMED in policy, address
            assert "X-Frame-Options" not in page.headers, address
            assert "no-store" in page.headers["Cache-Control"], address
            assert page.headers["Referrer-Policy"] == "no-referrer"
            assert not re.search(r"<script(?![^>]*src=)|\son\w+=|\sstyle=|<style", page.content.decode()), address
        if kind == "asset":
            assert page.headers["Cross-Origin-Resource-Policy"] == "cross-origin", address


def test_reading_writes_nothing(plum: Plum) -> None:
    for _, address in pages(plum):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            Client().get(address)
        assert [query["sql"] for query in queries if not query["sql"].startswith("SELECT")] == [], address


def test_unknown_keys_and_other_venues_channels_are_not_found(plum: Plum) -> None:
    for address in (
        "/chat/x/",
        f"/chat/{plum.form.key}/",
        f"/form/{plum.chat.key}/",
        "/chat/x/widget.js",
        "/form/x/embed.js",
    ):
        assert Client().get(address).status_code == 404, address
    assert Client().get(f"/chat/{plum.chat.key}/start").status_code == 405


def test_widget_script_carries_brand_and_readable_colours_and_nothing_that_ends_it(plum: Plum) -> None:
    Brand.objects.update(name="</script><script>alert(1)//", colour="#ffee00")
    page = Client().get(f"/chat/{plum.chat.key}/widget.js")
    text = page.content.decode()
    assert page.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert plum.chat.key in text
    assert "</script>" not in text
    assert "__CONFIG__" not in text
    assert account_of(plum.chat).secrets["signing"] not in text


def test_brand_name_is_escaped_in_every_page(plum: Plum) -> None:
    Brand.objects.update(name="<img src=x onerror=alert(1)>")
    for _, address in pages(plum):
        if not address.endswith("widget.js"):
            assert "<img" not in Client().get(address).content.decode(), address


def test_start_gives_a_token_of_this_channel_and_stores_nothing(plum: Plum) -> None:
    with CaptureQueriesContext(connection) as queries:
        told = json.loads(start(plum).content)
    written = [query["sql"] for query in queries if not query["sql"].startswith(("SELECT", "SAVEPOINT", "RELEASE"))]
    assert [sql for sql in written if "ratelimit" not in sql] == []
    visitor = visitor_of(account_of(plum.chat), told["token"])
    assert visitor is not None
    assert visitor.id == told["visitor"]
    assert told["proved"] is False


def test_start_with_the_site_s_word_is_proved_and_a_false_word_is_refused(plum: Plum) -> None:
    at = now()
    claims = {"aud": plum.chat.key, "sub": "4711", "iat": at, "exp": at + timedelta(minutes=5), "name": "Maud"}
    good = jwt.encode(claims, "i" * 43, algorithm="HS256")
    told = json.loads(start(plum, {"identity": good}).content)
    assert told["proved"] is True
    assert told["visitor"] == json.loads(start(plum, {"identity": good}).content)["visitor"]
    assert start(plum, {"identity": jwt.encode(claims, "j" * 43, algorithm="HS256")}).status_code == 403


@pytest.mark.parametrize("body", [b"[", b"\xff", b"[" * 9_000])
def test_start_refuses_what_is_no_json(plum: Plum, body: bytes) -> None:
    done = Client().post(f"/chat/{plum.chat.key}/start", body, content_type="application/json")
    assert done.status_code == 422


def test_start_from_another_site_s_page_is_refused(plum: Plum) -> None:
    assert start(plum, **{"sec-fetch-site": "cross-site"}).status_code == 403
    assert start(plum, **{"sec-fetch-site": "same-origin"}).status_code == 200


def test_sixth_start_in_a_minute_waits(plum: Plum) -> None:
    answers = [start(plum) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_form_page_carries_a_fresh_stamp_each_time(plum: Plum) -> None:
    stamps = {
        re.search(r'name="hark_stamp" value="([^"]+)"', Client().get(f"/form/{plum.form.key}/").content.decode())
        for _ in range(3)
    }
    assert len({match and match.group(1) for match in stamps}) == 3
