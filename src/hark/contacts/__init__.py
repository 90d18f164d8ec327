"""Step 4 of 7: who is it.

Takes authors as the venue names them, gives identities and contacts; never joins two people on an unproved claim.
"""
