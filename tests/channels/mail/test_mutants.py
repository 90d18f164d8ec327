"""Mail that nobody has collected: trees thrown together, headers broken, every truncation. Read, never an error."""

import json
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from hark.channels.email.reader import read_mail
from hark.channels.email.types import Mail
from tests.channels.mail.reading import parts, read

NAMES = st.sampled_from(
    [
        *["From", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID", "References", "In-Reply-To", "Content-Type"],
        *[
            "Content-Transfer-Encoding",
            "Content-Disposition",
            "Content-ID",
            "Auto-Submitted",
            "Delivered-To",
            "X-A",
            "",
            "\xe9",
        ],
    ]
)
BITS = st.sampled_from(
    [
        *[
            "multipart/mixed; boundary=b",
            'multipart/alternative; boundary="b"',
            "multipart/report; boundary=bb",
            "text/html",
        ],
        *[
            "text/plain; charset=utf-7",
            "message/rfc822",
            "message/delivery-status",
            "text/plain; charset*=utf-8''%ff%zz",
        ],
        *[
            "base64",
            "quoted-printable",
            "x-uuencode",
            "=?utf-8?b?////?=",
            "=?x?q?=",
            "<a@b>",
            "a@b",
            '"',
            "\\",
            "(",
            ")",
            ";",
        ],
        *[
            ":",
            ",",
            "<",
            ">",
            "@",
            "=?",
            "?=",
            "\r",
            "\n ",
            "\n\t",
            "\x00",
            "é",
            "1 Jan 2026 99:99:99 +9999",
            "filename*1*=x",
        ],
    ]
)
VALUES = st.lists(BITS, max_size=6).map("".join)
HEADERS = st.lists(st.tuples(NAMES, VALUES), max_size=8).map(
    lambda some: "".join(f"{name}: {value}\n" for name, value in some)
)
BODIES = st.sampled_from(
    [
        *[
            "--b\n",
            "--b--\n",
            "--bb\n",
            "--bb--\n",
            "\n",
            "Words.\n",
            "<p style='display:none'>x",
            "begin 644 a\n#0V%T\n`\nend\n",
        ],
        *[
            "> quoted\n",
            "On 1 Jan 2026 Ann wrote:\n",
            "Final-Recipient: rfc822; a@b.example\nAction: failed\n",
            "\x80\xff",
            "=E9=\n",
        ],
    ]
)
MAILS = st.recursive(
    st.tuples(HEADERS, st.lists(BODIES, max_size=6).map("".join)).map("\n".join),
    lambda inner: st.tuples(HEADERS, st.lists(inner, max_size=3)).map(
        lambda two: f"{two[0]}\n--b\n" + "\n--b\n".join(two[1])
    ),
    max_leaves=6,
)


def is_sound(mail: Mail, raw: bytes) -> None:
    """What holds for every mail."""
    assert mail.external_id
    assert "\n" not in mail.subject + mail.from_address + mail.from_name
    assert mail.ok or mail.note
    assert len({part.ref for part in mail.parts}) == len(mail.parts)
    assert mail.quote_from is None or 0 < mail.quote_from < len(mail.text)
    json.dumps([mail.text, mail.html, mail.hidden_text]).encode().decode()
    assert not {"\x00", "\ud800"} & set(mail.text + mail.html)
    assert read(raw) == mail


@given(MAILS)
@settings(max_examples=150, deadline=None)
def test_mail_thrown_together_is_read(said: str) -> None:
    raw = said.encode("latin-1")
    is_sound(read(raw), raw)


@given(st.binary(max_size=400))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_read(raw: bytes) -> None:
    is_sound(read(raw), raw)


def test_mail_cut_at_every_byte_and_with_every_byte_changed_is_read() -> None:
    whole = parts(
        "Content-Type: text/plain; charset=utf-8; format=flowed\n\nGrün \n> quoted\n",
        "Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n<p style=3D'color:#fff'>x",
        "Content-Type: image/png; name*=utf-8''p%C3.png\nContent-Transfer-Encoding: base64\nContent-ID: <c@x>\n\nQUJD",
        kind="related",
    )
    lots = Random(7)
    for place in range(len(whole) + 1):
        read(whole[:place])
        read(whole[:place] + bytes([lots.randrange(256)]) + whole[place + 1 :])
        if place % 97 == 0:
            assert read_mail(whole[:place]) == read(whole[:place])
