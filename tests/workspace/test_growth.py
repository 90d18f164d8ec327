"""Twenty thousand messages: no page reads more rows than it needs, and none asks more often than it did with ten."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from benchmarks.growth.fill import fill, word
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hark.conversations.actions.searching import index_messages
from hark.conversations.models import Message, MessageSearch
from hark.conversations.queries import search as plans
from hark.kernel.db import execute, fetch_all
from hark.organisation.models import Agent

MESSAGES = 20_000
MOST_ROWS = 6_000  # of one table by one statement; the stream looks at its newest 1,000, which are every fifth message
MOST_STATEMENTS = 65
PAGES = (
    "/?view=all", "/?view=mine", "/?view=waiting", "/?view=resolved", "/inbox/pulse/?view=all",
    "/case/case_1500/?view=all", "/case/case_7/timeline/", "/stream/", "/stream/?judged=unsure", "/search/?q=n400 ",
    f"/search/?q={word(1)} ", f"/search/?q={word(900)} ", f"/search/?q={word(1)} {word(2)} {word(3)} ",
    f"/search/?q=from:u7 {word(1)} ", "/search/?q=is:mine ",
    f"/search/?q={word(1)} mood:angry venue:form after:90d ", "/search/?q=Family7 ",
)  # fmt: skip


def of(agent: Agent) -> Client:
    """A signed-in client."""
    client = Client()
    client.force_login(agent, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def scans(plan: dict[str, Any]) -> Iterator[tuple[str, str, float]]:
    """Each scan of a table in a plan that was run: the table, how, and how many rows it looked at."""
    if "Relation Name" in plan:
        looked = (
            plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0) + plan.get("Rows Removed by Index Recheck", 0)
        )
        yield plan["Relation Name"], plan["Node Type"], looked * plan["Actual Loops"]
    for part in plan.get("Plans", ()):
        yield from scans(part)


def complaints_about(client: Client, path: str) -> list[str]:
    """What is wrong with how a page is made."""
    with CaptureQueriesContext(connection) as asked:
        assert client.get(path).status_code == 200, path
    found = [f"{path}: {len(asked)} statements"] if len(asked) > MOST_STATEMENTS else []
    for one in asked.captured_queries:
        if not one["sql"].startswith(("SELECT", "WITH")) or "set_config" in one["sql"]:
            continue
        execute("SET random_page_cost = 1.1")  # as on the disks of today; the session's default is for those that turn
        [[plan]] = fetch_all("EXPLAIN (ANALYZE, FORMAT JSON) " + one["sql"].replace("%", "%%"))
        plan = json.loads(plan) if isinstance(plan, str) else plan
        for table, how, rows in scans(plan[0]["Plan"]):
            if rows > MOST_ROWS or (how == "Seq Scan" and table.endswith(("_message", "_messagesearch"))):
                found.append(f"{path}: {how} of {rows:.0f} rows of {table}: {one['sql'][:300]}")
    return found


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_no_page_reads_more_rows_than_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "LOOKED_AT", 2_000)  # as small beside the house as the real ones are beside a large one
    monkeypatch.setattr(plans, "RARE", 500)
    fill(MESSAGES)
    owner, agent = Agent.objects.earliest("pk"), Agent.objects.latest("pk")
    found = [one for path in PAGES for one in complaints_about(of(owner), path)]
    assert found == []
    # Two inboxes of ten have no thousand messages of the stream here, so that it is read to its end.
    few = [path for path in PAGES if not path.startswith(("/case/", "/stream/"))]
    assert [one for path in few for one in complaints_about(of(agent), path)] == []
    ids = list(Message.objects.filter(pk__gt=MESSAGES - 200, direction="in").values_list("pk", flat=True))
    index = MessageSearch.objects.filter(pk__in=ids).order_by("pk")
    made = list(index.values("pk", "words"))
    index_messages(ids)
    assert list(index.values("pk", "words")) == made, "the index that was made up is the true one"
