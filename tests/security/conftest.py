"""The desk's world, for the threats that need one."""

from tests.workspace.fixtures import signed_in, world

__all__ = ["signed_in", "world"]
