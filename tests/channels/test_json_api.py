"""What venues that speak JSON share: calls and refusals, forms with files, cursors, addresses of files, short HTML."""

from email import message_from_bytes, policy

import pytest

from hark.channels.errors import AuthLost, Refused, Retry
from hark.channels.kit.attached import host_of, mime_of, name_of, web
from hark.channels.kit.formatted import cleaned
from hark.channels.kit.fragments import is_plain, words_of_all
from hark.channels.kit.json_api import JsonApi, as_cursor, in_its_words, places_in
from hark.channels.kit.multipart import multipart
from hark.channels.testing.counterpart import Answer, Call, HttpCounterpart
from hark.channels.types import Account
from hark.kernel.http import HttpResponse

PLAIN = '<p><span><a href="https://x.example/@a">@<span>a</span></a></span> one<br>two</p><p>&lt;b&gt; 🎉</p>'
DRESSED = '<p>seen <span style="display:none">hidden</span></p>'


class Echoes(HttpCounterpart):
    """It says what it was asked, or what is not JSON."""

    def answer(self, call: Call) -> Answer:
        return Answer(
            200, b"<html>" if call.path == "/odd" else {"asked": call.asked, "body": call.body.decode("latin-1")}
        )


def test_answers_that_are_no_json_are_read_again_and_sent_once() -> None:
    with Echoes(Account("c")) as place:
        api = JsonApi(place.base_url)
        assert api.get("/x", [("id[]", "1"), ("id[]", "2")])["asked"] == "id%5B%5D=1&id%5B%5D=2"
        assert api.submit("/x", {"a": "ä b"})["body"] == "a=%C3%A4+b"
        assert api.send("POST", "/odd", {}) == {}, "it was taken all the same"
        with pytest.raises(Retry, match="could not be read"):
            api.get("/odd")


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (422, b'{"error":"too long"}', Refused, "too long"),
        (422, b'{"errors":["Body is too short","second"]}', Refused, "Body is too short"),
        (400, b'{"error":"x","error_description":"better words"}', Refused, "better words"),
        (403, b"<html>", Refused, "code 403"),
        (401, b'{"error":"gone"}', AuthLost, ""),
        (503, b'{"error":"busy"}', Retry, ""),
    ],
)
def test_a_refusal_is_told_in_the_venues_words(status: int, body: bytes, error: type[Exception], words: str) -> None:
    found = in_its_words(HttpResponse(status, {}, body))
    assert isinstance(found, error)
    assert words in getattr(found, "human", "")


def test_an_address_with_a_token_shows_in_no_repr() -> None:
    api = JsonApi("https://x.example/bot1:secret", {"authorization": "Bearer hidden"})
    assert "secret" not in repr(api)
    assert "hidden" not in repr(api)


def test_a_form_with_files_is_what_a_reader_of_forms_reads() -> None:
    kind, body = multipart({"a": "ä"}, [("file", 'b"ad\r\nname.png', "image/png; x", b"\r\n--hark\x00")])
    form = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body, policy=policy.default)
    text, file = form.iter_parts()  # type: ignore[attr-defined]
    assert text.get_payload(decode=True) == "ä".encode()
    assert (file.get_filename(), file.get_content_type()) == ("b_ad__name.png", "application/octet-stream")
    assert file.get_payload(decode=True) == b"\r\n--hark\x00"
    assert multipart({"a": "ä"}, []) == multipart({"a": "ä"}, []), "the same form, the same bytes"


@pytest.mark.parametrize("cursor", ["", "no json", "[1]", "\ud800", '{"a":'])
def test_a_cursor_that_cannot_be_read_is_empty(cursor: str) -> None:
    assert places_in(cursor) == {}


def test_a_cursor_is_the_same_text_for_the_same_places() -> None:
    assert as_cursor({"b": 1, "a": [2]}) == as_cursor({"a": [2], "b": 1})
    assert places_in(as_cursor({"a": [2]})) == {"a": [2]}


def test_addresses_tell_of_their_files() -> None:
    assert name_of("https://x.example/a%20b/%E2%82%AC%2Fc.PNG?size=1") == "€_c.PNG"
    assert (mime_of("c.PNG"), mime_of("c"), mime_of("")) == ("image/png", "", "")
    assert name_of("javascript:alert(1)/x.png") == ""
    assert (web("https://x.example/"), web("https://"), web("ftp://x.example/")) == ("https://x.example/", None, None)
    assert (host_of("https://[bad"), host_of("https://x.example:8/y")) == ("", "x.example:8")


def test_plain_fragments_are_read_as_the_cleaner_reads_them_and_all_others_by_it() -> None:
    fragments = [PLAIN, DRESSED, "<ul><li>one</li></ul>", "", "a < b", PLAIN]
    assert [is_plain(one) for one in fragments] == [True, False, False, True, False, True]
    read, whole = words_of_all(fragments), [cleaned(one) for one in fragments]
    assert [one.text for one in read] == [one.text for one in whole]
    assert read[0].html == "", "nothing of it is worth showing as it was formatted"
    assert (read[1].html, read[1].hidden_text) == (whole[1].html, whole[1].hidden_text)
    assert "<li>one</li>" in read[2].html


@pytest.mark.parametrize(
    "dressed", ['<p style="x">', "<p\thidden>", "<span/style=x>", "<p dir=rtl>", "<script>", "<p", "<a><b>"]
)
def test_what_is_dressed_up_or_hides_is_never_plain(dressed: str) -> None:
    assert not is_plain(f"<p>x</p>{dressed}y")
