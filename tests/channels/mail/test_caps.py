"""Every cap names itself, keeps what was read before, and costs little (security reference, sections 2.1 and 2.5)."""

import time

import pytest

from hark.channels.email.reader import read_mail
from hark.channels.email.reader.caps import DEEPEST, MAIL_BYTES, PARTS, TEXT_BYTES
from tests.channels.mail.reading import HEAD, mail, read

B64 = b"QUJD" * 19 + b"\n"


def nested(depth: int) -> bytes:
    """Multipart in multipart."""
    inside = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(depth))
    return HEAD + inside + b"Content-Type: text/plain\n\nHi.\n"


BOMBS = {
    "too_deep": [nested(DEEPEST + 1), nested(400), nested(20_000)],
    "too_many_parts": [
        HEAD + b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\nhi\n" * 5_000,
        HEAD + b"Content-Type: multipart/mixed; boundary=x\n\n" + b"\n--x" * 3_000_000,
    ],
    "header_too_long": [
        HEAD + b"Subject: " + b"\n ".join([b"=?utf-8?q?=41?="] * 20_000) + b"\n\nhi",
        HEAD + b"X-Words: a\nReply-To: " + b" ".join([b"=?utf-8?q?=41?="] * 600) + b" <a@b.example>\n\nhi",
        HEAD + b"References: " + b" ".join(b"<%d@e>" % n for n in range(201)) + b"\n\nhi",
        HEAD + b"Content-Type: text/plain;" + b"".join(b" name*%d=a;" % n for n in range(101)) + b"\n\nhi",
        HEAD + b"X-Big: " + b"a" * 5_000_000 + b"\n\nhi",
        HEAD + b"".join(b"X-%d: %s\n" % (n, b"a" * 60_000) for n in range(5)) + b"\nhi",
    ],
    "too_many_headers": [HEAD + b"X: a\n" * 2_500 + b"\nhi"],
    "too_many_addresses": [HEAD + b"To: " + b", ".join(b"<a%d@e.example>" % n for n in range(600)) + b"\n\nhi"],
    "too_large": [HEAD + b"\n" + b"a\n" * (MAIL_BYTES // 2)],
}
HEAVY = {
    "line": HEAD + b"\n" + b"a" * 8_000_000,
    "soft breaks": HEAD + b"Content-Transfer-Encoding: quoted-printable\n\n" + b"=\n" * 500_000,
    "nul": b"\x00" * 1_000_000,
    "line ends": b"\n" * 1_000_000,
    "colons": b":" * 1_000_000,
    "large": HEAD + b"Content-Type: application/zip\nContent-Transfer-Encoding: base64\n\n" + B64 * 450_000,
    "boundaries": HEAD + b"Content-Type: multipart/mixed; boundary=x\n\n" + b"\n--xy" * 1_000_000,
    "flowed": HEAD + b"Content-Type: text/plain; format=flowed\n\n" + b"a \n" * 80_000,
    "introductions": HEAD + b"\n" + (b"On 1 a wrote " * 30 + b":\n") * 3_000,
    "equals": HEAD + b"\n" + b"=" * 250_000,
    "quotes": HEAD + b"\n" + b"> \n" * 80_000,
    "blank id": b"Message-ID: <" + b" " * 60_000 + b"\n\nhi",
    "angles": b"From: " + b"<" * 60_000 + b"\nReferences: " + b"< " * 30_000 + b"\n\nhi",
    "quoted": b"From: " + b'"' * 60_001 + b"\nTo: " + b"(" * 60_000 + b"\n\nhi",
    "parameters": HEAD + b"Content-Type: " + b'text/plain;a="' * 4_000 + b"\n\nhi",
    "bounce": b"From: mailer-daemon@x.example\nSubject: undelivered\n\n" + b"\n" * 200_000 + b"a.a@" * 30_000,
    "html": HEAD + b"Content-Type: text/html\n\n" + b"<div>" * 100_000 + b"words",
    "tables": HEAD + b"Content-Type: text/html\n\n" + b"<table><tr><td>" * 17_000 + b"words",
}


@pytest.mark.parametrize(("note", "raw"), [(note, raw) for note, some in BOMBS.items() for raw in some])
def test_cap_names_itself_and_keeps_the_headers(note: str, raw: bytes) -> None:
    begun = time.process_time()
    found = read(raw)
    assert time.process_time() - begun < 1.5
    assert (found.ok, found.note) == (False, note)
    assert (found.from_address, found.external_id) == ("ann@example.org", "<one@example.org>")


@pytest.mark.parametrize("name", HEAVY)
def test_heavy_mail_is_read_in_time(name: str) -> None:
    begun = time.process_time()
    found = read(HEAVY[name])
    assert time.process_time() - begun < 1.5
    assert len(found.text) <= TEXT_BYTES


def test_long_words_are_cut_and_the_whole_is_a_file() -> None:
    body = "words " * 60_000
    found = read(mail(body=body))
    assert (found.ok, len(found.text), found.parts[0].size) == (True, TEXT_BYTES, len(body))
    rich = read(mail("Content-Type: text/html", body=f"<p>{body}"))
    assert (rich.ok, rich.parts[0].size) == (True, len(body) + 3)
    assert rich.text.startswith("words words")


def test_many_parts_share_one_allowance() -> None:
    piece = "--x\n\n" + "words " * 40_000 + "\n"
    found = read(mail("Content-Type: multipart/mixed; boundary=x", body=piece * 20))
    assert len(found.text) <= 1_000_100
    assert len(found.parts) >= 14


def test_no_more_parts_are_taken_apart_than_allowed() -> None:
    body = "--x\nContent-Type: image/png\n\nx\n" * (PARTS + 50)
    assert len(read(mail("Content-Type: multipart/mixed; boundary=x", body=body)).parts) == PARTS - 1


def test_mail_that_is_too_large_keeps_its_headers_and_an_id_of_all_its_bytes() -> None:
    large = b"Subject: Large\n\n" + b"a" * (MAIL_BYTES + 5)
    first, second = read_mail(large), read_mail(large + b"b")
    assert (first.ok, first.note, first.subject) == (False, "too_large", "Large")
    assert first.external_id.startswith("sha256:")
    assert first.external_id != second.external_id
