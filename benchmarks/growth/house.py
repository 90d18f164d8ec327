"""A database server with so many messages, fsync on; kept in a folder, so that it is filled once."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.growth.fill import fill
from benchmarks.ingest.ground import SETTINGS
from hark.kernel.postgres import EmbeddedServer


@contextmanager
def house_of(messages: int, folder: Path) -> Iterator[EmbeddedServer]:
    """The server; this process is a Hark process in it."""
    from hark.site import boot

    server = EmbeddedServer(folder / str(messages), {**SETTINGS, "max_wal_size": "8GB"})
    server.start()
    try:
        server.make_database()
        os.environ.update(HARK_DATA=str(server.folder), HARK_DATABASE_URL=server.url(), HARK_LOG_LEVEL="INFO")
        boot.enter(check_key=False)
        boot.migrate()
        boot.open_the_key()
        if not is_full(messages):
            began = time.perf_counter()
            fill(messages)
            print(f"{messages:,} messages made in {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
        yield server
    finally:
        from django.db import connections

        connections.close_all()
        server.stop()


def is_full(messages: int) -> bool:
    """Was it filled to its end?"""
    from hark.contacts.models import ContactSearch
    from hark.conversations.models import Message

    return (
        ContactSearch.objects.exists() and Message.objects.order_by("-pk").values_list("pk", flat=True)[0] == messages
    )
