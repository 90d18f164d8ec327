"""kill -9 between a send and its commit: real processes, a real database, a shelf that outlives them."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import F

from hark.delivery.models import OutboxItem
from hark.delivery.types import OutboxState
from tests.delivery.makers import a_channel, a_long_item, an_inbox, an_item

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]


def run_sender(file: Path, venue: str, fault: str = "") -> int:
    """A worker's exit status after one step; negative: the signal it died of."""
    place = connection.settings_dict
    address = f"postgresql://{place['USER']}:{place['PASSWORD']}@localhost:{place['PORT']}/{place['NAME']}"
    environment = {
        **os.environ,
        "HARK_DATABASE_URL": f"{address}?host={place['HOST']}",
        "HARK_KEYS": settings.HARK_KEYS,
        "HARK_TEST_FAULTS": "yes",
        "HARK_FAULT": fault,
        "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT))),
    }
    command = [sys.executable, "-m", "tests.delivery.dying_sender", str(file), venue]
    return subprocess.run(command, env=environment, cwd=ROOT, check=False, timeout=60).returncode


def time_passes() -> None:
    gone = timedelta(minutes=5)
    OutboxItem.objects.update(not_before=F("not_before") - gone, lease_until=F("lease_until") - gone)


@pytest.mark.parametrize(
    ("venue", "fault", "copies", "state"),
    [
        ("remembers", "after_send:kill", 1, OutboxState.SENT),
        ("remembers", "before_send:kill", 1, OutboxState.SENT),
        ("forgets", "after_send:kill", 1, OutboxState.AMBIGUOUS),
        ("forgets", "before_send:kill", 0, OutboxState.AMBIGUOUS),
    ],
)
def test_killed_worker_doubles_nothing_and_hides_nothing(
    tmp_path: Path, venue: str, fault: str, copies: int, state: OutboxState
) -> None:
    file = tmp_path / "shelf"
    item = an_item(a_channel(an_inbox()))
    assert run_sender(file, venue, fault) == -signal.SIGKILL
    item.refresh_from_db()
    assert item.state == OutboxState.SENDING, "committed before the first byte left"
    for _ in range(2):
        time_passes()
        assert run_sender(file, venue) == 0
    item.refresh_from_db()
    assert item.state == state
    assert len(file.read_text().split() if file.exists() else []) == copies


@pytest.mark.parametrize(
    ("venue", "fault", "states"),
    [
        ("remembers", "after_send:kill", ["sent", "sent", "sent"]),
        ("forgets", "after_send:kill", ["sent", "ambiguous", "queued"]),
        ("forgets", "before_send:kill", ["sent", "ambiguous", "queued"]),
    ],
)
def test_a_worker_killed_between_parts_repeats_none_that_has_left(
    tmp_path: Path, venue: str, fault: str, states: list[str]
) -> None:
    file = tmp_path / "shelf"
    whole = a_long_item(a_channel(an_inbox()), ("1/3 One.", "2/3 Two.", "3/3 Three."))
    assert run_sender(file, venue) == 0
    assert run_sender(file, venue, fault) == -signal.SIGKILL
    for _ in range(3):
        time_passes()
        assert run_sender(file, venue) == 0
    rows = list(OutboxItem.objects.filter(reply=whole.reply).order_by("part"))
    assert [row.state for row in rows] == states
    there = file.read_text().split()
    assert len(there) == len(set(there)), "no part is there twice"
    assert there == [str(row.idempotency_key) for row in rows][: len(there)]
