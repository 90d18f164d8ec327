"""Writers of work: placing it, offering it, taking it, ending it, and who is here to do it.

Locks are taken in one order everywhere: case, item, offer, load rows by agent. Every act ends with one NOTIFY to the
router, so that what it had to leave alone because of a lock is looked at again at once.
"""

from hark.routing.actions.answering import accept_offer, decline_offer
from hark.routing.actions.asking_senior import ask_for_senior
from hark.routing.actions.ending import finish_work, follow_assignment
from hark.routing.actions.matching import route
from hark.routing.actions.next import take_next
from hark.routing.actions.placing import place
from hark.routing.actions.presence import heartbeat, set_capacity, set_presence
from hark.routing.actions.skills import define_skill, set_agent_skills, set_senior
from hark.routing.actions.taking import take

__all__ = [
    "accept_offer",
    "ask_for_senior",
    "decline_offer",
    "define_skill",
    "finish_work",
    "follow_assignment",
    "heartbeat",
    "place",
    "route",
    "set_agent_skills",
    "set_capacity",
    "set_presence",
    "set_senior",
    "take",
    "take_next",
]
