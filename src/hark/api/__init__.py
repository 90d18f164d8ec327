"""Shows: the REST interface and the webhooks out.

Empty for now: the room stands so that its place is known. Never decides.
"""
