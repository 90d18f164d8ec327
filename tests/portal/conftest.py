"""Plum, for every test of the customers' pages."""

import pytest

from tests.portal.makers import Plum, make_plum


@pytest.fixture
def plum(db: None) -> Plum:
    """The made-up operator, without time to undo."""
    return make_plum()
