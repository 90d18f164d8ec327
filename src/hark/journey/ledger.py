"""The ledger: what became of every arrival ever acknowledged, and of every reply. Plain SQL over the tables.

It shares no code with the in-box or the out-box, so that it does not make their mistakes.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from django.db import connection, transaction

from hark.journey.ledger_checks import CHECKS, COUNTS, SETTLED, Check
from hark.journey.ledger_files import compare_screens, compare_sendings, compare_takings, read_lines
from hark.journey.ledger_findings import Books
from hark.kernel.db import execute, fetch_all


def check(
    *, since: str = "-infinity", stand_ins: Sequence[Path] = (), screens: Sequence[Path] = (), settled: bool = False
) -> Books:
    """Compare what venues say, what the database holds and what pages showed; changes nothing.

    One snapshot of the database for everything. What venues say is read before it, and once more after it, so that
    nothing that happens meanwhile is a finding. With `settled` whatever still waits is one: everything must be worked
    off. Raises NoLedger for a file that cannot be read.
    """
    before = [line for path in stand_ins for line in read_lines(path)]
    shown = [line for path in screens for line in read_lines(path)]
    books = Books()
    alone = not connection.in_atomic_block
    with transaction.atomic():
        if alone:
            execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            execute("SET LOCAL statement_timeout = 0")
        _check_tables(books, since, (*CHECKS, *SETTLED) if settled else CHECKS)
        compare_takings(books, before)
        compare_screens(books, shown)
        compare_sendings(books, before, [line for path in stand_ins for line in read_lines(path)])
    return books


def _check_tables(books: Books, since: str, checks: Sequence[Check]) -> None:
    for name, sql in COUNTS.items():
        books.counts[name] = dict(fetch_all(sql, {"since": since}))
    for one in checks:
        books.add(one.kind, one.what, [row[0] for row in fetch_all(one.sql, {"since": since})])


def sentences(books: Books) -> Iterator[str]:
    """The books for people."""
    for name, counts in books.counts.items():
        total = sum(counts.values())
        yield f"{name}: {total}" + (
            f" ({', '.join(f'{word} {n}' for word, n in sorted(counts.items()))})" if total else ""
        )
    for one in books.findings:
        yield f"{one.kind.upper()}: {one.what}: {one.subject}"
    if books.more:
        yield f"… and {books.more} more."
    if not books.findings:
        yield "Nothing is lost, doubled, unseen, out of order, orphaned or stuck."


def as_text(books: Books, *, as_json: bool) -> str:
    """The books as they are printed."""
    return json.dumps(books.as_json()) if as_json else "\n".join(sentences(books))
