"""Every shared mail is read: none fails, few are incomplete, robots are known. Nothing of them is printed."""

import email
import time
from email.header import decode_header, make_header
from email.utils import parseaddr
from pathlib import Path

import pytest

from hark.channels.email.reader import read_mail
from hark.channels.email.types import Mail
from tests.channels.mail.reading import read
from tests.hostile import mails

NOT_BOUNCES = {"lhost-amazonses-11", "lhost-amazonses-13"}  # notices of a complaint and of a delivery


@pytest.fixture(scope="module")
def readings() -> dict[Path, Mail]:
    """All mails, read."""
    return {path: read(path.read_bytes()) for path in mails()}


def test_all_are_read_and_nearly_all_whole(readings: dict[Path, Mail]) -> None:
    assert len(readings) > 900
    assert sum(one.ok for one in readings.values()) >= 0.97 * len(readings)
    assert all(one.external_id and (one.ok or one.note) for one in readings.values())


def test_child_reads_the_same_in_time() -> None:
    for path in mails(every=40):
        begun, raw = time.monotonic(), path.read_bytes()
        assert read_mail(raw) == read(raw), path.name
        assert time.monotonic() - begun < 20  # on any machine; the figure is in docs/mail.md


def test_author_and_subject_are_those_of_a_plain_reading(readings: dict[Path, Mail]) -> None:
    """Where the standard library can read them: not where bytes stand raw in a header."""
    agree = []
    for path, one in readings.items():
        plain = email.message_from_bytes(path.read_bytes())
        if "\ufffd" not in f"{plain['subject']}{plain['from']}" and (plain["from"] or plain["subject"]):
            same = squeezed(one.subject) == squeezed(decoded(plain["subject"]))[: len(squeezed(one.subject)) or None]
            agree.append(same and one.from_address.lower() == parseaddr(str(plain["from"] or ""))[1].lower())
    assert len(agree) > 600
    assert sum(agree) >= 0.97 * len(agree)


def test_bounces_are_known_and_everything_automatic_stays_quiet(readings: dict[Path, Mail]) -> None:
    robots = {path: one for path, one in readings.items() if "sisimai" in str(path)}
    bounces = [one for path, one in robots.items() if is_bounce(path)]
    assert len(bounces) > 400
    assert sum(one.bounce is not None for one in bounces) >= 0.98 * len(bounces)
    assert sum(bool(one.bounce and one.bounce.recipient) for one in bounces) >= 0.97 * len(bounces)
    assert sum(one.auto_reply or one.bounce is not None for one in robots.values()) >= 0.99 * len(robots)
    assert [path.name for path, one in robots.items() if one.bounce and not is_bounce(path)] == []


def test_ordinary_mail_is_not_taken_for_either(readings: dict[Path, Mail]) -> None:
    """But for what says so itself: lists, and the bounces among the other sets."""
    taken = [
        path.name
        for path, one in readings.items()
        if "sisimai" not in str(path) and (one.auto_reply or one.bounce) and not says_so(path.read_bytes())
    ]
    ordinary = sum("sisimai" not in str(path) for path in readings)
    assert len(taken) <= 0.01 * ordinary, taken


def is_bounce(path: Path) -> bool:
    return not path.name.startswith(("arf-", "rfc3834-")) and path.stem not in NOT_BOUNCES


def says_so(raw: bytes) -> bool:
    words = (b"list-", b"mailing-list:", b"precedence:", b"multipart/report", b"postmaster", b"mailer")
    return any(word in raw[:8_000].lower() for word in words)


def decoded(value: str | None) -> str:
    try:
        return str(make_header(decode_header(value or "")))
    except (LookupError, ValueError):
        return str(value)


def squeezed(text: str) -> str:
    return "".join(text.split())
