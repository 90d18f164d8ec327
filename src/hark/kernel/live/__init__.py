"""Live pages: one LISTEN connection a process, the journal in commit order, fan-out in memory, sent as events.

A client hears only what its rights let it hear; they are asked for again every few seconds by the gate that admitted it.
"""

from hark.kernel.live.hub import LiveHub
from hark.kernel.live.rights import Gate, Rights

__all__ = ["Gate", "LiveHub", "Rights"]
