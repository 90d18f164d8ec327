"""Own asynchronous connections, for the two places that hold one for life: the group commit and the live pages."""

from typing import Any

from django.db import connection
from psycopg import AsyncConnection

DJANGOS_OWN = {"context", "cursor_factory", "prepare_threshold"}


async def connect(*, application_name: str, statement_seconds: int) -> AsyncConnection[tuple[Any, ...]]:
    """A new connection to Django's default database, in autocommit. Raises psycopg.OperationalError."""
    known: dict[str, Any] = connection.get_connection_params()
    # A link that was cut without a word is noticed within some 15 s, not after the system's two hours.
    alive: dict[str, Any] = {"keepalives_idle": 5, "keepalives_interval": 3, "keepalives_count": 3}
    alive["tcp_user_timeout"] = 10_000
    made = await AsyncConnection.connect(
        autocommit=True,
        application_name=application_name,
        **alive,
        **{name: value for name, value in known.items() if name not in DJANGOS_OWN},
    )
    await made.execute(f"SET statement_timeout = '{int(statement_seconds)}s'")
    return made
