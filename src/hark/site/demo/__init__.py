"""The demonstration: the made-up phone operator Plum, its customers and its agents.

Everybody here is invented. The traffic comes over a venue that is labelled as simulated; chat and form are real.
"""
