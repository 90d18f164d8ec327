"""`hark doctor` on what needs no running Hark."""

import shutil
from pathlib import Path

from django.test import override_settings

from hark.site.commands.doctor import models
from hark.understanding.loading import CARD, FOLDER, LINEAR


def test_damaged_and_missing_models_are_named(tmp_path: Path) -> None:
    assert models().ok
    with override_settings(HARK_MODELS=str(tmp_path)):
        assert not models().ok
        assert "without a reading" in models().sentence
        for name in (CARD, LINEAR):
            shutil.copy(FOLDER / name, tmp_path)
        found = models()
        assert not found.ok
        assert "by the words alone" in found.sentence
        assert "HARK_MODELS" in found.cure
