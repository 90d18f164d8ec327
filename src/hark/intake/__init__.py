"""Step 1 of 7: the in-box.

Takes raw bytes a venue delivered, gives arrivals, stored before they are acknowledged; never interprets content.
"""
