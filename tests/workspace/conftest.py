"""Fixtures of the desk's tests."""

from tests.workspace.fixtures import signed_in, world

__all__ = ["signed_in", "world"]
