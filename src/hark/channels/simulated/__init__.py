"""The simulated venue: stands in for any social network in the demo and in tests, and says so wherever it is named."""

from hark.channels.simulated.venue import Simulated

__all__ = ["Simulated"]
