"""Time promised: targets and due instants, as pure arithmetic.

Takes a start, a target and pauses, gives a due instant; never looks at the time of day by itself.
"""
