"""What several venues' tests need."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import override_settings


@pytest.fixture
def files_here(tmp_path: Path) -> Iterator[None]:
    """Hark stores files in a folder of the test's own."""
    with override_settings(HARK_FILES=tmp_path):
        yield
