"""The simulated venue: any network in the demo, in tests and for trying out; it says so wherever it is named."""

from hark.channels.simulated.venue import Simulated
from hark.channels.simulated.writing import WAYS, MadeUp, body_of

__all__ = ["WAYS", "MadeUp", "Simulated", "body_of"]
