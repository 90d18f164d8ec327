"""Learns: topics, bursts, root causes, satisfaction and value.

Empty for now: the room stands so that its place is known. Takes events and readings, never writes another
room's tables.
"""
