"""Step 3 of 7: what does it say.

Takes texts with their context, gives readings with reasons; a pure, batched function plus the files of its models. Never
touches network, database or clock.
"""
