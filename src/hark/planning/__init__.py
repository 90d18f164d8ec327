"""Learns: forecast, staffing, rosters, quality and coaching.

Empty for now: the room stands so that its place is known. Takes events, never writes another room's tables.
"""
