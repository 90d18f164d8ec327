"""Shows: the REST interface and the webhooks out.

Takes a key, gives cases as JSON and takes notes and replies, through the same gate and the same actions as the desk.
Never decides.
"""
