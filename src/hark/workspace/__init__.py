"""Shows: the agents' and supervisors' pages.

Step 7 of 7. Takes what an agent may see, gives pages and live fragments; never decides and never writes a table
except through the actions of the rooms below.
"""
