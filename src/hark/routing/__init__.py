"""Step 6 of 7: who answers.

Takes work items, gives offers to agents by skill, capacity and presence, each with its reason; never writes a message.
"""
