"""The only writers of the in-box."""

from hark.intake.actions.claiming import claim, finish, give_back, renew
from hark.intake.actions.group_commit import GroupCommit
from hark.intake.actions.parking import discard, park, replay, retry_later
from hark.intake.actions.storing import accept

__all__ = [
    "GroupCommit",
    "accept",
    "claim",
    "discard",
    "finish",
    "give_back",
    "park",
    "renew",
    "replay",
    "retry_later",
]
