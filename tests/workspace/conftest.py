"""Fixtures of the desk's tests."""

from tests.workspace.fixtures import quick_passwords, signed_in, world

__all__ = ["quick_passwords", "signed_in", "world"]
