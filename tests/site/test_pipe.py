"""`hark channels pipe`: stored before it says so, and whatever goes wrong leaves the mail with the mail server."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from hark.conversations.models import Message
from hark.intake.models import Arrival
from tests.channels.mails import a_mail
from tests.journey.mail import mail_channel
from tests.journey.makers import make_channel
from tests.journey.venue import drain

ROOT = Path(__file__).resolve().parents[2]


def piped(key: str, body: bytes, *, database: str = "", tmp: Path) -> "subprocess.CompletedProcess[bytes]":
    """The command as a mail server runs it."""
    where = connection.settings_dict
    address = f"postgresql://{where['USER']}:{where['PASSWORD']}@localhost:{where['PORT']}/{where['NAME']}"
    environment = {
        **os.environ,
        "HARK_DATABASE_URL": database or f"{address}?host={where['HOST']}",
        "HARK_KEYS": settings.HARK_KEYS,
        "HARK_DATA": str(tmp),
        "PYTHONPATH": str(ROOT / "src"),
    }
    command = [sys.executable, "-m", "hark.site.cli", "channels", "pipe", key]
    return subprocess.run(command, input=body, env=environment, capture_output=True, check=False, timeout=90)


@pytest.mark.django_db(transaction=True)
def test_a_piped_mail_is_stored_once_and_read(tmp_path: Path) -> None:
    channel, raw = mail_channel(), a_mail("Through the pipe.")
    for _ in range(2):
        done = piped(channel.key, b"From maud@mail.example Mon Oct 12 11:22:33 2026\n" + raw, tmp=tmp_path)
        assert (done.returncode, done.stderr) == (0, b"")
    drain()
    assert Message.objects.get().text == "Through the pipe."
    assert Arrival.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_venue_that_is_read_from_mails_takes_them_from_the_pipe_and_another_one_does_not(tmp_path: Path) -> None:
    alerts, other = make_channel(venue="yelp", incoming="pipe"), make_channel()
    raw = (ROOT / "tests/channels/samples/yelp/quoted.raw").read_bytes()
    assert piped(alerts.key, raw, tmp=tmp_path).returncode == 0
    assert piped(other.key, raw, tmp=tmp_path).returncode == 75
    drain()
    message = Message.objects.get()
    assert (message.rating, message.kind, message.visibility) == (2, "review", "public")


@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_stored_stays_with_the_mail_server(tmp_path: Path) -> None:
    channel = mail_channel()
    assert piped("chan_nobody", a_mail(), tmp=tmp_path).returncode == 75
    assert piped(channel.key, b"", tmp=tmp_path).returncode == 75
    away = piped(channel.key, a_mail(), database="postgresql://x:x@127.0.0.1:1/x", tmp=tmp_path)
    assert away.returncode == 75
    assert b"Traceback" not in away.stderr
    assert not Arrival.objects.exists()
