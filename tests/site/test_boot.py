"""Why Hark does not start, in one clear sentence each."""

import errno
import os
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from django.db import connection
from pytest_django import Settings

from hark.kernel import secrets
from hark.kernel.db import execute, fetch_all
from hark.kernel.errors import HarkError
from hark.kernel.loops import listening_parameters
from hark.kernel.postgres import EmbeddedServer, WrongDatabaseVersion
from hark.site import boot
from tests.site.running import hark


def url(database: str, user: str = "hark") -> str:
    """The address of a database on the suite's server."""
    place = connection.settings_dict
    return (
        f"postgresql://{user}@localhost:{place['PORT'] or 5432}/{database}?host={quote(str(place['HOST']), safe='/')}"
    )


def test_taken_port_is_named() -> None:
    with boot.listen("127.0.0.1", 0) as line:
        port = line.getsockname()[1]
        with pytest.raises(boot.PortTaken, match=str(port)):
            boot.listen("127.0.0.1", port)


@pytest.mark.parametrize("place", [("192.0.2.1", 0), ("no-such-host.invalid", 0), ("127.0.0.1", 70_000)])
def test_place_where_nobody_can_listen_is_named(place: tuple[str, int]) -> None:
    with pytest.raises(boot.PortRefused):
        boot.listen(*place)


def test_listening_socket_serves_ipv6_too() -> None:
    with boot.listen("::1", 0) as line:
        assert line.family == socket.AF_INET6


def test_taken_port_ends_hark_up_before_anything_is_started(tmp_path: Path) -> None:
    with boot.listen("127.0.0.1", 0) as line:
        port = str(line.getsockname()[1])
        done = hark("up", "--port", port, "--data", str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.startswith("hark: The port is taken by another program.")
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "postgres").exists()


def test_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = hark("up", "--port", "0", "--data", str(tmp_path / "file" / "below"))
    assert done.returncode == 2
    assert done.stderr.startswith("hark: Hark may not write to its data folder.")
    assert str(tmp_path) in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_folder_of_somebody_else_is_named(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir(mode=0o700)
    os.seteuid(65534)
    try:
        with pytest.raises(boot.NoPermission):
            boot.claim(theirs)
    finally:
        os.seteuid(0)


def test_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(boot.DiskFull), boot.speaking_of_the_disk(tmp_path):
        Path("/dev/full").write_text("x")
    monkeypatch.setattr(boot, "LEAST_FREE_BYTES", 1 << 62)
    with pytest.raises(boot.DiskFull):
        boot.claim(tmp_path)


def test_other_errors_of_the_system_are_not_renamed(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="odd") as caught, boot.speaking_of_the_disk(tmp_path):
        raise OSError(errno.EPROTO, "odd")
    assert not isinstance(caught.value, HarkError)


def test_folder_is_taken_by_one_and_free_again_after_it(tmp_path: Path) -> None:
    with boot.claim(tmp_path), pytest.raises(boot.AlreadyRunning, match=str(os.getpid())):
        boot.claim(tmp_path)
    boot.claim(tmp_path).close()


def test_data_of_another_postgresql_are_refused(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(WrongDatabaseVersion, match=r"9\.6"):
        EmbeddedServer(tmp_path).prepare()
    done = hark("up", "--port", "0", "--data", str(tmp_path))
    assert done.returncode == 2
    assert "another major version of PostgreSQL" in done.stderr


@pytest.mark.django_db
def test_old_server_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    boot.wait_for_database()
    monkeypatch.setattr(boot, "OLDEST_POSTGRESQL", 99)
    with pytest.raises(boot.DatabaseTooOld):
        boot.wait_for_database()


@pytest.mark.usefixtures("embedded_server", "django_db_modify_db_settings")
@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("postgresql://hark:hunter2@127.0.0.1:1/hark", "The database does not answer."),
        ("mysql://hark:hunter2@127.0.0.1/hark", "A setting that Hark needs is missing or cannot be read."),
        ("{there}", "The database refuses Hark's user"),
    ],
)
def test_unusable_database_address_is_one_sentence_without_the_password(
    address: str, sentence: str, tmp_path: Path
) -> None:
    address = address.format(there=url("no_such_database"))
    done = hark(
        "keys", "rotate", "--data", str(tmp_path), HARK_DATABASE_URL=address, HARK_KEYS=secrets.new_key().line()
    )
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "hunter2" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.fixture
def no_ring(tmp_path: Path, settings: Settings, transactional_db: None) -> Iterator[Path]:
    """An installation whose key file is not there (yet)."""
    settings.HARK_KEYS, settings.HARK_DATA = "", tmp_path
    execute("TRUNCATE kernel_keycheck")
    yield tmp_path / "keys"
    execute("TRUNCATE kernel_keycheck")


def test_first_start_makes_the_key_and_says_where(no_ring: Path, settings: Settings) -> None:
    _, made = boot.migrate()
    assert made == no_ring
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert boot.migrate() == ([], None)
    boot.open_the_key()
    assert [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS] == secrets.django_secret_keys()


def test_data_without_their_key_do_not_start(no_ring: Path) -> None:
    boot.migrate()
    no_ring.unlink()
    with pytest.raises(secrets.WrongKey, match="Put the old key back"):
        boot.migrate()
    assert not no_ring.exists()
    secrets.add_key_to_file()
    with pytest.raises(secrets.WrongKey):
        boot.open_the_key()


@pytest.mark.django_db(transaction=True)
def test_migration_gives_up_rather_than_making_others_wait_behind_it(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    execute("DELETE FROM django_migrations WHERE app = 'kernel' AND name = '0003_key_check'")
    execute("ALTER TABLE kernel_keycheck RENAME TO kernel_keycheck_before")
    execute("ALTER TABLE kernel_keycheck_before RENAME CONSTRAINT keycheck_only_one TO before")
    try:
        with psycopg.connect(**listening_parameters()) as other:
            other.execute("LOCK TABLE django_migrations")
            with pytest.raises(boot.SchemaBusy):
                boot.migrate(tries=1)
        applied, _ = boot.migrate()
        assert applied == ["kernel.0003_key_check"]
    finally:
        execute("DROP TABLE kernel_keycheck_before")


@pytest.mark.django_db(transaction=True)
def test_two_processes_may_migrate_at_once() -> None:
    results: list[object] = []

    def one() -> None:
        try:
            results.append(boot.migrate()[0])
        except HarkError as problem:
            results.append(problem)

    both = [threading.Thread(target=one) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert results == [[], []]


@pytest.mark.django_db(transaction=True)
def test_tables_that_are_not_there_are_named() -> None:
    execute("ALTER TABLE kernel_keycheck RENAME TO kernel_elsewhere")
    try:
        with pytest.raises(boot.SchemaTooOld):
            boot.open_the_key()
    finally:
        execute("ALTER TABLE kernel_elsewhere RENAME TO kernel_keycheck")


@pytest.mark.django_db(transaction=True)
def test_journal_has_its_partitions_after_a_migration() -> None:
    boot.migrate()
    made = {name for (name,) in fetch_all("SELECT relname FROM pg_class WHERE relname LIKE 'kernel_event_2%%'")}
    assert len(made) >= 4
