"""Who we are: brands, inboxes, connected channels, teams, agents and roles.

Takes what administrators decide, gives the gate's rights; never knows a customer.
"""
