"""Open pages on one process: memory of each, and how soon an event that concerns 50 of them arrives
(engine reference, what must hold 4).

    python -m benchmarks.ingest.live_pages [--clients 1000 5000] [--events 200]
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.ingest.ground import empty_house, percentile, table, web_process

CONCERNED = 50


def people(count: int) -> tuple[list[int], list[str]]:
    """`count` signed-in agents, fifty to an inbox; the inboxes and the sessions."""
    from django.contrib.sessions.backends.db import SessionStore

    from hark.kernel.ids import public_key
    from hark.organisation.actions.people import add_brand, add_inbox, add_team
    from hark.organisation.models import Agent
    from hark.organisation.types import NewBrand, NewInbox

    brand = add_brand(brand=NewBrand(name="Plum"))
    inboxes, sessions = [], []
    for group in range(count // CONCERNED):
        team = add_team(name=f"Team {group}")
        inboxes.append(add_inbox(inbox=NewInbox(name=f"Inbox {group}"), brand=brand, teams=[team]).pk)
        agents = Agent.objects.bulk_create(
            Agent(
                key=public_key("agent"), email=f"a{group}.{n}@plum.example", name=f"Agent {n}", password="!" + "x" * 40
            )
            for n in range(CONCERNED)
        )
        team.agents.set(agents)
        sessions += [session_of(agent, SessionStore) for agent in agents]
    return inboxes, sessions


def session_of(agent: Any, store: Any) -> str:
    """A session as signing in makes it."""
    session = store()
    session.update(
        {
            "_auth_user_id": str(agent.pk),
            "_auth_user_backend": "allauth.account.auth_backends.AuthenticationBackend",
            "_auth_user_hash": agent.get_session_auth_hash(),
        }
    )
    session.create()
    return str(session.session_key)


def resident_kib(process: int) -> int:
    """Memory of a process that is in use, in KiB."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1])


@contextmanager
def listeners(port: int, sessions: list[str]) -> Iterator[subprocess.Popen[str]]:
    """The process with the open pages."""
    command = [sys.executable, "-m", "benchmarks.ingest.listeners"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def say(process: subprocess.Popen[str], line: str) -> dict[str, Any]:
    """Ask the listeners something."""
    assert process.stdin
    assert process.stdout
    process.stdin.write(line + "\n")
    process.stdin.flush()
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    return answer


def measure(clients: int, events: int) -> list[str]:
    """One row of the table."""
    from django.contrib.sessions.models import Session
    from django.db import transaction

    from hark.kernel.actions import record
    from hark.kernel.types import NewEvent
    from hark.organisation.models import Agent, Brand, Inbox, Team

    inboxes, sessions = people(clients)
    with web_process() as (port, web), listeners(port, sessions[:1]) as first:
        say(first, json.dumps({"port": port, "sessions": sessions[:1]}))  # what is made once is made
        time.sleep(2)
        before = resident_kib(web.pid)
        with listeners(port, sessions) as pages:
            opened = say(pages, json.dumps({"port": port, "sessions": sessions}))["seconds"]
            time.sleep(8)  # checks of rights included
            each = (resident_kib(web.pid) - before) / clients
            say(pages, "report")
            for number in range(events):
                with transaction.atomic():
                    data = {"sent": int(time.time() * 1e6)}
                    inbox = inboxes[number % len(inboxes)]
                    record([NewEvent("message.received", "case_bench", inbox_id=inbox, data=data)])
                time.sleep(0.05)
            time.sleep(1)
            figures = say(pages, "report")
            after = (resident_kib(web.pid) - before) / clients
    late = [seconds * 1_000 for seconds in figures["late"]]
    assert figures["lost"] == 0
    for model in (Session, Inbox, Agent, Team, Brand):
        clear(model)
    return [
        f"{clients:,}",
        f"{each:.1f} KiB ({after:.1f} after the events)",
        f"{opened:.1f} s",
        f"{len(late):,} of {events * CONCERNED:,}",
        f"{percentile(late, 0.5):.0f} / {percentile(late, 0.99):.0f} / {late[-1]:.0f} ms",
    ]


def clear(model: Any) -> None:
    """Empty a table for the next round."""
    from hark.kernel.db import execute

    execute(f"TRUNCATE {model._meta.db_table} CASCADE")


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, nargs="+", default=[1_000, 5_000])
    parser.add_argument("--events", type=int, default=200)
    wanted = parser.parse_args()
    with empty_house():
        rows = [measure(clients, wanted.events) for clients in wanted.clients]
    head = [
        "open pages",
        "memory of each",
        "all open after",
        "deliveries",
        "p50 / p99 / worst, an event that concerns 50",
    ]
    print(table(head, rows))


if __name__ == "__main__":
    main()
