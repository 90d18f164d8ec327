"""Encounters off-line: the shop counter, a letter, a call elsewhere, as an agent notes them in one short form."""

from hark.channels.encounter.venue import Encounters
from hark.channels.encounter.words import Met, NotedFile, body_of, heading

__all__ = ["Encounters", "Met", "NotedFile", "body_of", "heading"]
