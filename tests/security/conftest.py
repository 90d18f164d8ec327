"""The desk's world, for the threats that need one."""

from tests.workspace.fixtures import quick_passwords, signed_in, world

__all__ = ["quick_passwords", "signed_in", "world"]
