"""From accepted to visible, against django-helpdesk with the same words on the same server (what must hold 2).

    python -m benchmarks.ingest.peer [--messages 6000] [--peer-messages 1500]

The peer is installed into `build/peer` (a virtual environment of its own) and driven as its mail command drives it: one
call of `extract_email_metadata` a mail, in two processes; a ticket or follow-up is then in its tables. Hark is `hark up`
with two workers and the models: signed calls over HTTP until every message stands in its conversation and case.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from benchmarks.ingest.ground import SETTINGS, table
from benchmarks.ingest.posts import Call, calls
from benchmarks.ingest.visible import CONNECTIONS, PORT, call, furnish, request, running_hark

PEER = "django-helpdesk==2.6.1"
HOME = Path("build/peer")
PROCESSES = 2
DRIVER = """
import json, logging, sys, time
from django.conf import settings
place, mails, role = sys.argv[1:]
settings.configure(
    SECRET_KEY="bench", USE_TZ=True, SITE_ID=1, ROOT_URLCONF="__main__", HELPDESK_ACTIVATE_API_ENDPOINT=False, HELPDESK_TEAMS_MODE_ENABLED=False,
    DEFAULT_AUTO_FIELD="django.db.models.AutoField", EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "peer", "USER": "hark", "HOST": place, "PORT": "5432"}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.sites",
        "django.contrib.admin", "django.contrib.messages", "django.contrib.humanize", "bootstrap4form", "rest_framework", "helpdesk"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {}}])
import django
django.setup()
from django.urls import include, path
urlpatterns = [path("", include("helpdesk.urls", namespace="helpdesk"))]
if role == "make":
    from django.core.management import call_command
    call_command("migrate", verbosity=0)
from helpdesk.models import FollowUp, Queue
from helpdesk.email import extract_email_metadata
queue, _ = Queue.objects.get_or_create(slug="care", defaults={"title": "Care", "email_address": "care@plum.example"})
if role == "make":
    sys.exit()
quiet = logging.getLogger("peer"); quiet.disabled = True
texts = json.load(open(mails))
print("ready", flush=True); sys.stdin.readline()
began = time.time()
for text in texts:
    extract_email_metadata(text, queue, quiet)
print(len(texts), time.time() - began, flush=True)
"""


def mail(one: Call, first: dict[str, str]) -> str:
    """The same words by the same author as a mail that answers the first of its thread."""
    said = json.loads(one.body)["events"][0]
    made = EmailMessage()
    made["From"] = f"{said['author']['name']} <{said['author']['id']}@customers.example>"
    made["To"], made["Subject"] = "care@plum.example", said["text"][:60]
    made["Message-ID"] = f"<{one.external_id}@customers.example>"
    if one.thread in first:
        made["In-Reply-To"] = first[one.thread]
    first.setdefault(one.thread, made["Message-ID"])
    made.set_content(said["text"])
    return made.as_string()


def peer_python() -> str:
    """The peer's interpreter; installed on first use."""
    python = HOME / "bin" / "python"
    if not python.exists():
        venv.create(HOME, with_pip=True)
        wanted = [PEER, "django-bootstrap4-form", "psycopg[binary]", "packaging", "setuptools<81"]
        subprocess.run([str(python), "-m", "pip", "install", "-q", *wanted], check=True, stderr=subprocess.DEVNULL)
    return str(python)


def peer(messages: int) -> float:
    """Mails a second of two processes of the peer."""
    from hark.kernel.postgres import EmbeddedServer

    python = peer_python()
    with tempfile.TemporaryDirectory(prefix="hark-bench-") as folder:
        server = EmbeddedServer(Path(folder), dict(SETTINGS))
        server.start()
        try:
            server.make_database("peer")
            driven = [python, "-W", "ignore", "-c", DRIVER, str(server.socket_folder)]
            subprocess.run([*driven, "-", "make"], check=True)
            first: dict[str, str] = {}
            mails = [mail(one, first) for one in calls(messages, 1, salt="peer-")]
            return _timed([_started(driven, Path(folder), n, mails[n::PROCESSES]) for n in range(PROCESSES)])
        finally:
            server.stop()


def _started(driven: list[str], folder: Path, number: int, mails: list[str]) -> "subprocess.Popen[str]":
    place = folder / f"mails-{number}.json"
    place.write_text(json.dumps(mails))
    return subprocess.Popen([*driven, str(place), "work"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _timed(processes: list["subprocess.Popen[str]"]) -> float:
    for process in processes:
        assert process.stdout
        assert process.stdout.readline().strip() == "ready"
    began = time.time()
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    done = sum(int(process.stdout.readline().split()[0]) for process in processes if process.stdout)
    return done / (time.time() - began)


async def pour(channels: list[Any], messages: int) -> None:
    """All calls, as fast as they are taken."""
    connections: asyncio.Queue[Any] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        connections.put_nowait(await asyncio.open_connection("127.0.0.1", PORT))
    waiting, taken = calls(messages, 2, salt="hark-"), list[float]()

    async def one_after_the_other() -> None:
        for one in waiting:
            await call(connections, request(channels[one.channel], one.external_id, one.thread, one.body), 0, taken)

    await asyncio.gather(*(one_after_the_other() for _ in range(CONNECTIONS)))


def hark(messages: int) -> float:
    """Messages a second from the first call until the last stands in its conversation."""
    with running_hark():
        from hark.conversations.models import Message

        channels, _ = furnish()
        time.sleep(6)  # the front door looks for new channels every few seconds
        began = time.time()
        asyncio.run(pour(channels, messages))
        while Message.objects.count() < messages:
            time.sleep(0.05)
        return messages / (time.time() - began)


def main() -> None:
    """Measure, in turn, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=6_000)
    parser.add_argument("--peer-messages", type=int, default=1_500)
    parser.add_argument("--rounds", type=int, default=2)
    wanted = parser.parse_args()
    rows = []
    for number in range(1, wanted.rounds + 1):
        theirs, ours = peer(wanted.peer_messages), hark(wanted.messages)
        rows.append((number, f"{theirs:,.0f}", f"{ours:,.0f}", f"{ours / theirs:.1f}", f"{os.getloadavg()[0]:.1f}"))
        print(*rows[-1], file=sys.stderr, flush=True)
    print(table(["round", f"{PEER.replace('==', ' ')}, mails/s", "Hark, messages/s", "ratio", "load"], rows))


if __name__ == "__main__":
    main()
