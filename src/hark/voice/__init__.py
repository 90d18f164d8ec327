"""Calls, legs, call flows and callbacks.

Empty for now: the room stands so that its place is known.
"""
