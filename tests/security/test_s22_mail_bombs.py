"""Row 22: MIME, charset and header bombs, each in the child: at most two seconds of work and 300 MiB."""

import time
from pathlib import Path

import pytest

from hark.channels.email.reader import read_mail
from hark.kernel.hostile import read_in_child
from hark.kernel.hostile.pool import SECONDS
from tests.channels.mail.test_caps import BOMBS, HEAVY

ALL = {**{f"{note} {number}": raw for note, some in BOMBS.items() for number, raw in enumerate(some)}, **HEAVY}


@pytest.mark.parametrize("name", [name for number, name in enumerate(ALL) if number % 3 == 0 or name == "large"])
def test_bomb_costs_little_and_is_listed(name: str) -> None:
    child = living_child()
    before, begun = work_of(child), time.monotonic()
    found = read_mail(ALL[name])
    assert found.external_id
    assert found.note != "crashed"
    assert time.monotonic() - begun < 20  # on a machine that does much else
    status = Path(f"/proc/{child}/status")
    if status.exists():  # it was not killed
        peak = next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        assert peak <= 300 * 1024
        assert work_of(child) - before <= SECONDS + 0.5


def living_child() -> int:
    """The process that reads next; the one that answers may have served its last item with that."""
    while True:
        child = int(read_in_child("tests.hostile_functions:echo", b"").value[-1])
        if Path(f"/proc/{child}/stat").exists():
            return child


def work_of(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def test_good_mail_between_bombs_is_read_at_once() -> None:
    for raw in (HEAVY["boundaries"], ALL["too_deep 0"], HEAVY["html"]):
        read_mail(raw)
        assert read_mail(b"Subject: Good\n\nWords.").text == "Words."
