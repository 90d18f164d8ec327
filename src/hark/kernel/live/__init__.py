"""Live pages: one LISTEN connection a process, the journal in commit order, fan-out in memory.

A client hears only what its rights let it hear; its gate is asked again every few seconds.
"""

from hark.kernel.live.hub import LiveHub
from hark.kernel.live.rights import Gate, Rights

__all__ = ["Gate", "LiveHub", "Rights"]
