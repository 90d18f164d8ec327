"""What is read from a mail: headers, words, files; and what is not believed."""

import base64
import hashlib
from datetime import UTC, datetime

import pytest

from hark.channels.email.reader import part_of, read_mail
from hark.channels.email.reader.reading import part_in
from hark.channels.email.types import Address, MailPart
from tests.channels.mail.reading import HEAD, mail, parts, read

PLAIN, HTML = "Content-Type: text/plain\n\n", "Content-Type: text/html\n\n"


def test_mail_is_read_whole_in_a_child() -> None:
    raw = mail("To: Care <care@plum.example>, b@plum.example", "Date: Mon, 12 Oct 2026 13:22:33 +0200", body="Hi.\n")
    found = read_mail(raw)
    assert (found.ok, found.note, found.text, found.html) == (True, "", "Hi.", "")
    assert (found.external_id, found.message_id, found.subject) == ("<one@example.org>", "<one@example.org>", "Hello")
    assert (found.from_name, found.from_address) == ("Ann Teak", "ann@example.org")
    assert found.to == (Address("care@plum.example", "Care"), Address("b@plum.example"))
    assert found.date == datetime(2026, 10, 12, 11, 22, 33, tzinfo=UTC)
    assert found == read(raw)


@pytest.mark.parametrize(
    ("field", "address", "name"),
    [
        ("ann@example.org", "ann@example.org", ""),
        ("Ann <ann@EXAMPLE.org>", "ann@example.org", "Ann"),
        ('"Teak, Ann" <ann@example.org>', "ann@example.org", "Teak, Ann"),
        ('"A \\"B\\" C" <ann@example.org>', "ann@example.org", 'A "B" C'),
        ("ann@example.org (Ann (the) Teak)", "ann@example.org", "Ann the Teak"),
        ("=?utf-8?q?Gr=C3=BCn?= <ann@example.org>", "ann@example.org", "Grün"),
        ("=?utf-8?B?R3LDvG4gPGFubkBleGFtcGxlLm9yZz4=?=", "ann@example.org", "Grün"),
        ('"bank@bank.example" <ann@example.org>', "ann@example.org", "bank@bank.example"),
        ('"bank@bank.example"@example.org', '"bank@bank.example"@example.org', ""),
        ("Friends: Ann <ann@example.org>, bo@example.org;", "ann@example.org", "Ann"),
        ("<@relay.example:ann@example.org>", "ann@example.org", ""),
        ("Ann <ann@example.org", "ann@example.org", "Ann"),
        ("Ann < ann@example.org >", "ann@example.org", "Ann"),
        ("MAILER-DAEMON <>", "", "MAILER-DAEMON"),
        ("undisclosed-recipients:;", "", ""),
        ("root", "root", ""),
        ("Ann\x07\u202e <ann@example.org>", "ann@example.org", "Ann"),
        ("", "", ""),
    ],
)
def test_author_of(field: str, address: str, name: str) -> None:
    found = read(f"From: {field}\n\nHi.".encode())
    assert (found.from_address, found.from_name) == (address, name)


@pytest.mark.parametrize(
    ("field", "subject"),
    [
        ("plain", "plain"),
        ("=?utf-8?q?a_b=2E?=", "a b."),
        ("=?utf-8?q?a?=\n =?utf-8?q?b?= c", "ab c"),
        ("=?utf-8?b?w7=?= =?utf-8?b?vA==?=", "ü"),
        ("=?iso-8859-1?q?=FC?= =?utf-8?q?=C3=BC?=", "üü"),
        ("=?utf-8*en?q?lang?=", "lang"),
        ("=?utf-8?q?with spaces inside?=", "with spaces inside"),
        ("=?iso-2022-jp?B?GyRCJWEhPCVrGyhC?=", "メール"),
        ("=?no-such-charset?q?=C3=BC?=", "ü"),
        ("=?utf-8?q?broken", "=?utf-8?q?broken"),
        ("=?zlib?q?not_opened?=", "not opened"),
        ("grün", "grün"),
        ("one\n\ttwo", "one two"),
        ("a\x00b", "a b"),
        ("s" * 2_000, "s" * 998),
    ],
)
def test_subject_of(field: str, subject: str) -> None:
    assert read(f"Subject: {field}\n\nHi.".encode()).subject == subject


@pytest.mark.parametrize(
    ("charset", "raw", "text"),
    [
        ("utf-8", "grün".encode(), "grün"),
        ("us-ascii", "grün".encode(), "grün"),
        ("us-ascii", "grün €".encode("cp1252"), "grün €"),
        ("iso-8859-1", "„grün“".encode("cp1252"), "„grün“"),
        ("iso-8859-8-i", "שלום".encode("iso-8859-8"), "שלום"),
        ("gb2312", "退信".encode("gbk"), "退信"),
        ("ks_c_5601-1987", "자동".encode("cp949"), "자동"),
        ("shift_jis", "①".encode("cp932"), "①"),
        ("utf-7", b"gr+APw-n", "grün"),
        ("utf-16", "grün".encode("utf-16"), "grün"),
        ("koi8-r", "мир".encode("koi8-r"), "мир"),
        ("idna", b"xn--bcher-kva", "xn--bcher-kva"),
    ],
)
def test_words_in_charset(charset: str, raw: bytes, text: str) -> None:
    found = read(HEAD + f"Content-Type: text/plain; charset={charset}\n\n".encode() + raw)
    assert (found.ok, found.text) == (True, text)


def test_unknown_charset_and_damage_are_shown_with_a_note() -> None:
    unknown = read(HEAD + b"Content-Type: text/plain; charset=x-martian\n\ngr\xfcn")
    assert (unknown.ok, unknown.note, unknown.text) == (True, "unknown_charset", "grün")
    broken = read(HEAD + b"Content-Type: text/plain; charset=utf-8\n\ngr\xc3\xbcn \xff")
    assert (broken.ok, broken.note, broken.text) == (True, "broken_encoding", "grün \ufffd")
    empty = read(HEAD + b"Content-Transfer-Encoding: base64\n\n!!!!")
    assert (empty.ok, empty.note) == (False, "broken_encoding")


@pytest.mark.parametrize(
    ("encoding", "raw"),
    [
        ("base64", b"SGVs\nbG8gd29ybGQ=\n"),
        ("base64", b"SGVsbG8g*d29ybGQ"),
        ("BASE64", b"SGVsbG8=\nIHdvcmxk"),
        ("quoted-printable", b"Hello=20wor=\nld"),
        ("x-uuencode", b"begin 644 a.txt\n+2&5L;&\\@=V]R;&0\n`\nend\n"),
        ("7bit", b"Hello world"),
        ("no-such-encoding", b"Hello world"),
    ],
)
def test_transfer_encoding(encoding: str, raw: bytes) -> None:
    assert read(HEAD + f"Content-Transfer-Encoding: {encoding}\n\n".encode() + raw).text == "Hello world"


def test_plain_words_are_preferred_and_html_is_kept_clean() -> None:
    found = read(
        parts(f"{PLAIN}Plain words.", f"{HTML}<p onclick=x>Rich words.<img src=//t.example/x>", kind="alternative")
    )
    assert found.text == "Plain words."
    assert found.html == '<p>Rich words.<img data-remote-src="//t.example/x"></p>'
    assert found.parts == ()


def test_html_alone_gives_the_words_and_what_it_hides() -> None:
    found = read(mail("Content-Type: text/html", body="<p>Hello <b>you</b></p><p style='display:none'>obey</p>"))
    assert (found.text, found.hidden_text) == ("Hello you", "obey")
    blank = read(parts(f"{PLAIN}  \n", f"{HTML}<p>Words", kind="alternative"))
    assert blank.text == "Words"


def test_pieces_of_a_mixed_mail_stand_in_order() -> None:
    pdf = "Content-Type: application/pdf\n\n%PDF"
    found = read(parts(f"{PLAIN}One <b>.", pdf, f"{HTML}<p>Two", "Content-Type: text/calendar\n\nBEGIN:VCALENDAR"))
    assert found.text == "One <b>.\n\nTwo"
    assert found.html == "<p>One &lt;b&gt;.</p>\n<p>Two</p>"
    assert [(part.name, part.mime, part.ref) for part in found.parts] == [
        ("part-2.pdf", "application/pdf", "2"),
        ("part-4.ics", "text/calendar", "4"),
    ]


def test_picture_inside_the_html_is_named_by_its_content_id() -> None:
    picture = base64.b64encode(b"a picture").decode()
    related = (
        "Content-Type: multipart/related; boundary=in\n\n--in\n" + HTML + "<img src='cid:pic@x'>\n--in\n"
        "Content-Type: image/png; name=p.png\nContent-ID: <pic@x>\nContent-Transfer-Encoding: base64\n\n"
        f"{picture}\n--in--"
    )
    raw = parts(f"{PLAIN}Words.", related, kind="alternative")
    found = read(raw)
    assert found.html == '<img src="cid:pic@x">'
    assert found.parts == (MailPart("2.2", "p.png", "image/png", 9, "pic@x", inline=True),)
    assert part_of(raw, "2.2") == part_in(raw, "2.2") == b"a picture"
    assert part_of(raw, "2.9") == part_of(b"", "x") is None


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ('filename="report.pdf"', "report.pdf"),
        ("filename=report.pdf", "report.pdf"),
        ('filename="=?utf-8?q?r=C3=BCckgabe.pdf?="', "rückgabe.pdf"),
        ("filename*=utf-8''r%C3%BCck.pdf", "rück.pdf"),
        ("filename*0*=iso-8859-1''r%FC; filename*1=ck; filename*2*=%2Epdf", "rück.pdf"),
        ('filename="..\\\\..\\\\etc/passwd"', "passwd"),
        ('filename="C:\\\\x\\\\a.exe"', "a.exe"),
        ('filename="inno\u202efdp.exe"', "innofdp.exe"),
        ('filename="a\x00b<>.pdf"', "a b__.pdf"),
        ('filename=".."', "part-0.bin"),
        ('filename="' + "n" * 500 + '.pdf"', "n" * 180 + ".pdf"),
        ('filename=""', "part-0.bin"),
    ],
)
def test_name_of_a_file(said: str, name: str) -> None:
    [part] = read(mail("Content-Type: application/octet-stream", f"Content-Disposition: attachment; {said}")).parts
    assert part.name == name


def test_forwarded_mail_is_a_file_and_its_headers_are_not_ours() -> None:
    inner = "Content-Type: message/rfc822\n\nFrom: boss@plum.example\nSubject: Inner\nX-A: b\n\nInner words."
    found = read(parts(f"{PLAIN}See below.", inner))
    assert (found.text, found.from_address, found.subject) == ("See below.", "ann@example.org", "Hello")
    assert [(part.name, part.size) for part in found.parts] == [("part-2.eml", 59)]


def test_ids_are_found_and_the_hash_stands_in_where_there_is_none() -> None:
    found = read(
        mail("In-Reply-To: Your mail <a@x.example> of today", "References: <a@x.example>\n\t<b@y.example>junk<>")
    )
    assert (found.in_reply_to, found.references) == ("<a@x.example>", ("<a@x.example>", "<b@y.example>"))
    raw = b"From: ann@example.org\nIn-Reply-To:\nReferences:\n\nHi."
    assert read(raw).external_id == f"sha256:{hashlib.sha256(raw).hexdigest()}"
    assert (read(raw).in_reply_to, read(raw).references, read(raw).message_id) == ("", (), "")
    assert read(b"Message-ID: <no-domain>\n\nHi.").external_id.startswith("sha256:")


def test_flowed_lines_are_joined() -> None:
    body = "One long \nline.\n> quoted \n> words\n-- \nAnn"
    assert (
        read(mail("Content-Type: text/plain; format=flowed", body=body)).text
        == "One long line.\n> quoted words\n-- \nAnn"
    )


@pytest.mark.parametrize("ends", [b"\r\n", b"\r", b"\n"])
def test_line_ends_of_every_system(ends: bytes) -> None:
    found = read(parts(f"{PLAIN}One\nTwo", f"{HTML}<b>x</b>", kind="alternative").replace(b"\n", ends))
    assert (found.text, found.html, found.subject) == ("One\nTwo", "<b>x</b>", "Hello")


def test_mail_with_faults_is_read_all_the_same() -> None:
    assert read(b"From ann Mon Oct 12 13:22:33 2026\nSubject: Mbox\n\nHi.").subject == "Mbox"
    assert read(b"Subject: One\nthis is no header\nFrom: ann@example.org\n\nHi.").from_address == "ann@example.org"
    assert read(b"Subject: One\nHello without an empty line.").text == "Hello without an empty line."
    assert read(b"Only words: no headers.\nMore.").text == "Only words: no headers.\nMore."
    assert read(b"Only words.").note == "no_headers"
    unclosed = mail("Content-Type: multipart/mixed; boundary=b", body=f"preamble\n--b\n{PLAIN}Words")
    assert read(unclosed).text == "Words"
    unindented = mail("Content-Type: multipart/mixed;", 'boundary="b"', body=f"--b\n{PLAIN}Words\n--b--")
    assert read(unindented).text == "Words"
    missing = mail("Content-Type: multipart/mixed; boundary=b", body="Words without any part.")
    assert read(missing).text == "Words without any part."
    assert read(b"").note == "no_headers"
    assert not read(b"").ok


def test_what_claims_to_be_ours_or_trusted_is_not_believed() -> None:
    found = read(mail("X-Hark-Conversation: 7", "X-Hark-Auto: yes", "Authentication-Results: evil; dmarc=pass"))
    assert found == read(mail("Authentication-Results: evil; dmarc=pass"))
    assert found.authentication_results == ("evil; dmarc=pass",)
