"""Hostile bytes are read in a child process that may be killed: `read_in_child`."""

from hark.kernel.hostile.pool import Outcome, read_in_child

__all__ = ["Outcome", "read_in_child"]
