"""Conducts: takes arrivals through the stages, and events to their reactions.

Steps 2 to 6 of 7 are called from here. Takes arrivals and events, gives nothing back; never decides what a
message means (the rooms below do) and never shows anything.
"""
