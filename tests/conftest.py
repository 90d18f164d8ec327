"""The suite's own PostgreSQL: an embedded server in a temporary folder, unless HARK_DATABASE_URL names one."""

import base64
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections

from hark.kernel.postgres import EmbeddedServer

KEYS = "tests:" + base64.b64encode(b"a key that only the tests know..").decode()
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}  # the suite's data need not survive


@pytest.fixture(scope="session", autouse=True)
def key_ring() -> None:
    """The suite's own key ring."""
    settings.HARK_KEYS = KEYS


@pytest.fixture(scope="session", autouse=True)
def files_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The suite's own folder for files."""
    settings.HARK_FILES = str(tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="session")
def embedded_server() -> Iterator[EmbeddedServer | None]:
    """A running server for this session; None when HARK_DATABASE_URL names another."""
    if os.environ.get("HARK_DATABASE_URL"):
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="hark-tests-") as folder:
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
