"""Database helpers: after-commit work, bulk COPY, commit-ordered wake-ups."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, LiteralString, cast

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import QuerySet

from hark.kernel.errors import NotInTransaction


def after_commit(work: Callable[[], None]) -> None:
    """Run `work` once the running transaction has committed; not at all when it rolls back.

    Raises NotInTransaction outside one, where 'after the commit' would mean 'now, whatever happens next'.
    """
    if not connection.in_atomic_block:
        raise NotInTransaction
    transaction.on_commit(work)


def notify(channel: str, payload: str = "") -> None:
    """Wake listeners of `channel` when the running transaction commits. At most 8,000 bytes; may be lost: poll too."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [channel, payload])


def copy_rows(statement: LiteralString, types: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Load `rows` with a binary COPY `statement` (`COPY table (columns) FROM STDIN BINARY`) in the running transaction.

    `types` are PostgreSQL type names, one a column. One round trip however many rows.
    """
    with connection.cursor() as cursor, cast("Any", cursor).copy(statement) as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)


def fetch_all(sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[tuple[Any, ...]]:
    """All rows of one statement on the default connection."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def count_each(found: Iterable[QuerySet[Any]]) -> list[int]:
    """How many rows each of these would give, in one statement."""
    statements: list[str] = []
    parameters: list[Any] = []
    for queryset in found:
        try:
            sql, more = queryset.values("pk").query.sql_with_params()
        except EmptyResultSet:  # what Django knows to be empty it does not put into words
            sql, more = "SELECT 1 WHERE false", ()
        statements.append(f"(SELECT count(*) FROM ({sql}) counted)")  # noqa: S608
        parameters += more
    return list(fetch_all(f"SELECT {', '.join(statements)}", parameters)[0]) if statements else []


def execute(sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> int:
    """Run one statement; returns the number of rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        touched: int = cursor.rowcount
    return touched


def stage(table: LiteralString, columns: Mapping[LiteralString, LiteralString], rows: Iterable[Sequence[Any]]) -> None:
    """Fill the temporary `table` (`columns`: name → type) with `rows` by COPY, for set-based SQL in this transaction.

    Made on first use and emptied at the end of each transaction; what an earlier call in this one left is removed.
    """
    defined = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    execute(f"CREATE TEMP TABLE IF NOT EXISTS {table} ({defined}) ON COMMIT DELETE ROWS; DELETE FROM {table}")  # noqa: S608
    names = ", ".join(columns)
    copy_rows(f"COPY {table} ({names}) FROM STDIN BINARY", list(columns.values()), rows)
