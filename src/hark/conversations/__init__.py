"""Step 5 of 7: which thread, which case.

Takes read messages with known authors, gives conversations, cases, running clocks and replies; never knows how busy
an agent is.
"""
