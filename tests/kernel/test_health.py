"""Alive and ready."""

import threading
from datetime import timedelta

import pytest
from django.conf import settings
from pytest_django import Settings

from hark.kernel import health
from hark.kernel.db import execute
from hark.kernel.health import Finding, Probe, Pulse
from hark.kernel.tasks import defer
from hark.kernel.time import database_now, monotonic, sleep


def trouble() -> dict[str, str]:
    """name → sentence of every check that is not fine."""
    return {finding.name: finding.sentence for finding in health.checks() if not finding.ok}


@pytest.fixture(autouse=True)
def served(settings: Settings) -> None:
    """As in a process that serves."""
    settings.SECRET_KEY = "derived"


@pytest.mark.django_db(transaction=True)
def test_all_is_well_when_all_is_well() -> None:
    execute("TRUNCATE procrastinate_jobs CASCADE")
    assert trouble() == {}


@pytest.mark.django_db(transaction=True)
def test_tables_that_lack_a_migration_are_not_ready_and_others_migrations_do_not_matter() -> None:
    execute("UPDATE django_migrations SET name = '0003_key_check_' WHERE app = 'kernel' AND name = '0003_key_check'")
    try:
        assert trouble() == {"schema": "The tables lack 1 migrations."}
    finally:
        execute("UPDATE django_migrations SET name = '0003_key_check' WHERE name = '0003_key_check_'")
    assert trouble() == {}


@pytest.mark.django_db(transaction=True)
def test_read_only_database_is_not_ready() -> None:
    options = settings.DATABASES["default"]["OPTIONS"]
    before = options["options"]
    options["options"] += " -c default_transaction_read_only=on"
    try:
        assert trouble() == {"database": "The database takes no writes: it is a standby."}
    finally:
        options["options"] = before


@pytest.mark.django_db(transaction=True)
def test_job_that_waits_too_long_is_told_and_one_for_later_is_not() -> None:
    execute("TRUNCATE procrastinate_jobs CASCADE")
    defer("tests.later", not_before=database_now() + timedelta(hours=1))
    defer("tests.waiting")
    assert trouble() == {}
    execute("UPDATE procrastinate_events SET at = at - interval '90 seconds'")
    assert trouble()["jobs"].startswith("A background job has been waiting for 9")
    execute("TRUNCATE procrastinate_jobs CASCADE")


@pytest.mark.django_db(transaction=True)
def test_process_without_its_key_is_not_ready(settings: Settings) -> None:
    settings.SECRET_KEY = health.NO_SECRET_KEY
    assert set(trouble()) == {"key"}
    settings.HARK_KEYS, settings.SECRET_KEY = "nonsense", "derived"
    assert set(trouble()) == {"key"}


@pytest.mark.django_db(transaction=True)
def test_full_disk_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "LEAST_FREE_DISK", 1.0)
    assert set(trouble()) == {"disk"}


def test_probe_answers_in_time_while_a_check_hangs_and_asks_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "PATIENCE_SECONDS", 0.1)
    release, asked = threading.Event(), []

    def look() -> list[Finding]:
        asked.append(1)
        release.wait(5)
        return [Finding("database", ok=True, sentence="")]

    probe = Probe(look)
    begun = monotonic()
    assert [probe.findings()[0].ok for _ in range(3)] == [False] * 3
    assert monotonic() - begun < 1
    assert len(asked) == 1
    release.set()
    sleep(0.05)
    assert probe.findings()[0].ok


def test_probe_is_cached_for_a_second_and_a_broken_check_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def look() -> list[Finding]:
        asked.append(1)
        raise ValueError("what Ann wrote")

    probe = Probe(look)
    found = [probe.findings() for _ in range(5)]
    assert len(asked) == 1
    assert found[0][0].sentence == "A check broke (ValueError)."
    monkeypatch.setattr(health, "CACHE_SECONDS", 0.0)
    probe.findings()
    assert len(asked) == 2


def test_loop_that_stands_still_is_not_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    pulse = Pulse()
    monkeypatch.setattr(health, "pulse", pulse)
    assert health.live() == (200, "ok")
    pulse.beat()
    assert health.live() == (200, "ok")
    pulse.beaten_at = monotonic() - 6
    assert health.live() == (503, "not alive")
