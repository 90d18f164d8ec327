"""Where the shared data lie, read in place and never copied."""

import os
from pathlib import Path

import pytest

WHOLE = "HARK_DRILL_ROUNDS" in os.environ  # `make drills`: longer than the suite has time for
SHARED = Path(os.environ.get("HARK_SHARED") or Path(__file__).resolve().parents[2] / "shared")


def shared(*parts: str) -> Path:
    """A file or folder of the shared data; the test is skipped, with a clear word, where it is absent."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"shared data are absent: {'/'.join(parts)} (set HARK_SHARED)")
    return path
