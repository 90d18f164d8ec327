"""The models, read once for all tests of this room; nothing here needs Django or a database."""

from collections.abc import Callable

import pytest

from hark.understanding.analyse import analyse
from hark.understanding.loading import Models, load_models
from hark.understanding.types import BrandProfile, Context, Reading

PLUM = BrandProfile(
    key="plum",
    name="Plum",
    handles=("@plumcare",),
    products=("sim", "roaming", "data bundle", "phone plan"),
    exclude=("jam", "tart", "fruit", "pudding"),
    about="Plum is a phone operator with prepaid and monthly plans.",
    language="en",
)
Read = Callable[..., Reading]


@pytest.fixture(scope="session")
def models() -> Models:
    """The shipped models."""
    return load_models()


@pytest.fixture
def read(models: Models) -> Read:
    """Read one text, about Plum where `brand` says so."""

    def reader(text: str, **context: object) -> Reading:
        return analyse([text], [Context(**context)], models, {"plum": PLUM})[0]  # type: ignore[arg-type]

    return reader
