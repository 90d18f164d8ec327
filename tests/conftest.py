"""The suite's own PostgreSQL: an embedded server in a temporary folder, unless HARK_DATABASE_URL names one."""

import base64
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db import connection, connections
from django.db.backends.postgresql.operations import DatabaseOperations

from hark.kernel.postgres import EmbeddedServer
from tests.cluster import FAST, TABLES, copied, prepared

KEYS = "tests:" + base64.b64encode(b"a key that only the tests know..").decode()
ROOT = Path(__file__).parent
MOST_NAMING = 200  # characters


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """A test is not named by megabytes: its name goes to every worker, into every report and the environment."""
    return f"{argname} of {len(val):,}" if isinstance(val, str | bytes) and len(val) > MOST_NAMING else None


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """A module stays on one worker, so that what it starts is started once; the longest begin, so that none waits last.

    Works with `--dist loadgroup --no-loadscope-reorder`: groups are handed out in this order. They are given before
    pytest-xdist writes them down, the order is made after pytest-django has made its own.
    """
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(group_of(item)))
    yield
    items.sort(key=lambda item: (item.get_closest_marker("browser") is None, item.get_closest_marker("slow") is None))


def group_of(item: pytest.Item) -> str:
    """Its module; one product and one browser serve all tests of the desk's pages."""
    place = item.path.relative_to(ROOT)
    return "browser" if place.parts[0] == "browser" else str(place)


@pytest.fixture(scope="session", autouse=True)
def key_ring() -> None:
    """The suite's own key ring."""
    settings.HARK_KEYS = KEYS


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Passwords made by the suite itself cost nothing to check: a third of a second each is for those who guess."""
    patch = pytest.MonkeyPatch()
    for name, value in {"time_cost": 1, "memory_cost": 64, "parallelism": 1}.items():
        patch.setattr(Argon2PasswordHasher, name, value)
    yield
    patch.undo()


@pytest.fixture(scope="session", autouse=True)
def files_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The suite's own folder for files."""
    settings.HARK_FILES = str(tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cluster with all tables, one for all workers; `copied` brings it into a data folder."""
    base = tmp_path_factory.getbasetemp()
    return prepared((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "tables")


@pytest.fixture(scope="session")
def embedded_server(request: pytest.FixtureRequest) -> Iterator[EmbeddedServer | None]:
    """A running server for this session; None when HARK_DATABASE_URL names another."""
    if os.environ.get("HARK_DATABASE_URL"):
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="hark-tests-") as folder:
        copied(request.getfixturevalue("tables"), Path(folder))
        server = EmbeddedServer(Path(folder), FAST)
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(embedded_server: EmbeddedServer | None) -> None:
    """Point Django at the suite's server."""
    if embedded_server is None:
        return
    place = {"HOST": str(embedded_server.socket_folder), "PORT": "5432", "USER": "hark", "PASSWORD": ""}
    settings.DATABASES["default"].update(place)
    connections["default"].settings_dict.update(place)
    connections["default"].settings_dict["TEST"]["TEMPLATE"] = TABLES


@pytest.fixture(scope="session", autouse=True)
def quick_flush() -> Iterator[None]:
    """After a test that commits, empty the few tables that hold something: truncating all takes a tenth of a second."""
    patch = pytest.MonkeyPatch()
    truncate = DatabaseOperations.sql_flush

    def emptied(self: Any, style: Any, tables: list[str], **options: Any) -> list[str]:
        if options.get("allow_cascade") or options.get("reset_sequences") or not is_superuser():
            return truncate(self, style, tables, **options)
        full = holding_something([*tables, "kernel_event", "organisation_audit"])  # which Django does not manage
        return ["SET session_replication_role = replica", *(f'DELETE FROM "{name}"' for name in full), BACK]  # noqa: S608

    patch.setattr(DatabaseOperations, "sql_flush", emptied)
    yield
    patch.undo()


BACK = "SET session_replication_role = DEFAULT"  # foreign keys and the journal's guard watch again


def is_superuser() -> bool:
    """May foreign keys be put aside? On the suite's own server, yes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('is_superuser') = 'on'")
        return bool(cursor.fetchone()[0])


def holding_something(tables: list[str]) -> list[str]:
    """Those tables that have a row."""
    looks = " UNION ALL ".join(f"(SELECT '{name}' FROM \"{name}\" LIMIT 1)" for name in tables)  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(looks)
        return [name for (name,) in cursor.fetchall()]
