"""What people wait for, measured in a house of some size: milliseconds in the database, and of the whole page.

A sample is one page by Django's own client, signed in, drawn to its end; its database time is what its statements took.
By the wall's clock, and in processor time of the server's and of our process, which hardly depends on who else is at work.
Warm: what is measured has been asked for before, but not with the same words or the same case.
"""

import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.growth.fill import word
from benchmarks.ingest.ground import percentile

SAMPLES, WARM_UP = 120, 6
logger = logging.getLogger(__name__)


@dataclass
class Measured:
    """What samples of one kind took, in milliseconds."""

    database: list[float] = field(default_factory=list)
    page: list[float] = field(default_factory=list)
    busy_database: list[float] = field(default_factory=list)
    busy_page: list[float] = field(default_factory=list)
    queries: int = 0

    def told(self) -> dict[str, float]:
        """The figures that count."""
        return {
            "database p50": percentile(self.database, 0.5),
            "database p95": percentile(self.database, 0.95),
            "page p95": percentile(self.page, 0.95),
            "busy database p50": percentile(self.busy_database, 0.5),
            "busy database p95": percentile(self.busy_database, 0.95),
            "busy page p95": percentile(self.busy_page, 0.95),
            "queries": self.queries,
        }


@contextmanager
def watched(into: Measured) -> Iterator[None]:
    """Time the block and the statements in it."""
    from django.db import connection

    spent, count = 0.0, 0

    def wrapper(execute: Any, *arguments: Any) -> Any:
        nonlocal spent, count
        began = time.perf_counter()
        try:
            return execute(*arguments)
        finally:
            spent += time.perf_counter() - began
            count += 1

    connection.ensure_connection()
    server = connection.connection.info.backend_pid
    served, busy, began = processor_ms(server), time.process_time(), time.perf_counter()
    with connection.execute_wrapper(wrapper):
        yield
    into.busy_database.append(processor_ms(server) - served)
    into.busy_page.append((time.process_time() - busy) * 1_000 + into.busy_database[-1])
    into.page.append((time.perf_counter() - began) * 1_000)
    into.database.append(spent * 1_000)
    into.queries = max(into.queries, count)


def processor_ms(process: int) -> float:
    """Milliseconds that a process has been on a processor."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e6


def asked(dice: random.Random, messages: int) -> dict[str, Callable[[], str]]:
    """Addresses of each kind, drawn anew for each sample."""
    from hark.conversations.models import Case, Message

    cases = messages // 10

    def case_key() -> str:
        return f"case_{dice.randint(1, cases - 1)}"

    def older() -> str:
        row = Case.objects.select_related("contact").get(pk=dice.randint(1, cases // 50))  # people with many cases
        return f"/case/{row.key}/timeline/?before={int(row.opened_at.timestamp() * 1e6)}.2.1"

    def phrase() -> str:
        words = Message.objects.get(pk=dice.randint(1, messages)).text.split()
        place = dice.randrange(len(words) - 2)
        return f'"{" ".join(words[place : place + 2])}"'

    def search(text: Callable[[], str]) -> Callable[[], str]:
        return lambda: f"/search/?q={text()} "

    def common() -> str:
        return word(dice.randint(1, 8))

    return {
        "list, first page": lambda: f"/?view={dice.choice(['mine', 'unassigned', 'all', 'waiting'])}",
        "list, 20 pages further": lambda: f"/inbox/rows/?view=all&after={deep(messages, dice)}",
        "resolved": lambda: "/?view=resolved",
        "counts and changes (pulse)": lambda: "/inbox/pulse/?view=all",
        "case with timeline and contact": lambda: f"/case/{case_key()}/?view=all",
        "timeline, older page": older,
        "stream": lambda: f"/stream/?judged={dice.choice(['all', 'relevant'])}",
        "search, rare": search(lambda: f"n{20 * dice.randint(1, messages // 20)}"),
        "search, one in 1,000": search(lambda: word(dice.randint(1_900, 2_100))),
        "search, common": search(common),
        "search, three common": search(lambda: " ".join({common(), common(), common()})),
        "search, three that seldom meet": search(lambda: " ".join(word(dice.randint(200, 300)) for _ in range(3))),
        "search, phrase": search(phrase),
        "search, beginning": lambda: f"/search/?q=zbc{dice.choice('abcdefghij')}",
        "search, filtered": search(lambda: f"{common()} venue:form mood:angry after:300d before:100d"),
        "search, from somebody": search(lambda: f"from:u{dice.randint(1, cases)} {common()}"),
        "search, is:mine": search(lambda: f"is:mine {common()}"),
        "search, nothing": search(lambda: f"{common()} -{common()} zzzz{dice.randint(1, 9)}"),
    }


def deep(messages: int, dice: random.Random) -> str:
    """Where a page stands in the middle of what is alive."""
    from hark.conversations.models import Case

    alive = list(Case.objects.exclude(status="resolved").order_by("due_at", "pk")[:1_000].values_list("due_at", "pk"))
    at, pk = alive[-1 - dice.randrange(min(50, len(alive)))]
    return f"{int(at.timestamp() * 1e6)}.0.{pk}"


def clients(agents: int) -> list[Any]:
    """The owner, who sees everything, and agents of one or two inboxes; signed in."""
    from django.test import Client

    from hark.organisation.models import Agent

    found = []
    for agent in Agent.objects.order_by("pk")[:agents]:
        client = Client()
        client.force_login(agent, backend="allauth.account.auth_backends.AuthenticationBackend")
        found.append(client)
    return found


def measure(messages: int, samples: int = SAMPLES) -> dict[str, Measured]:
    """Every kind of page, by people in turn."""
    dice = random.Random(7)
    people = clients(6)
    found = {}
    for name, address in asked(dice, messages).items():
        found[name] = Measured()
        logger.info("%s", name)
        for number in range(samples + WARM_UP):
            client = people[0 if "case" in name or "timeline" in name else number % len(people)]
            path = address()
            into = found[name] if number >= WARM_UP else Measured()
            with watched(into):
                answer = client.get(path)
            if answer.status_code not in {200}:
                raise SystemExit(f"{path}: {answer.status_code}")
    return found
