"""Models for programs that a test starts: the linear ones alone, which are read in a tenth of the time."""

import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from hark.understanding.loading import CARD, FOLDER, LINEAR


@cache
def linear_models() -> dict[str, str]:
    """The environment in which a program reads by the linear models, as where the encoder's files are missing.

    For tests of everything else: whether processes die well does not depend on how well they read.
    """
    folder = Path(mkdtemp(prefix="hark-linear-"))
    for name in (CARD, LINEAR):
        shutil.copy(FOLDER / name, folder / name)
    return {"HARK_MODELS": str(folder)}
