"""What a venue's rules forbid, found before the network: from its abilities and from how things stand. Pure."""

from collections.abc import Iterator

from hark.channels.errors import Refused
from hark.channels.kit.limits import longer_than_allowed
from hark.channels.types import Caps, Outbound

TO_US = frozenset({"mention", "reply", "owned_venue"})
STOPPED = "This person has asked for no more messages here."
NO_PUBLIC, NO_PRIVATE = "This venue takes no public replies from Hark.", "This venue has no private talk."
UNASKED = "This venue allows replies only to people who wrote to us."
ONE_REPLY = "This venue allows one reply, and it has been given."
TOO_LATE = "The time in which this venue lets us answer is over."
NO_ROBOTS = "This venue does not take automatic answers: a person must press send."
NO_MOVE = "A public talk cannot be moved to private here."
ONE_MESSAGE = "This venue allows one private message to a public post, and it has been sent."


def objection(caps: Caps, outbound: Outbound) -> Refused | None:
    """The first rule that this reply would break; None: it may leave."""
    return next(_broken(caps, outbound), None)


def _broken(caps: Caps, outbound: Outbound) -> Iterator[Refused]:
    stands, private = outbound.standing, outbound.visibility == "private"
    if stands.stopped:
        yield Refused("stopped", STOPPED)
    if not (caps.private if private else caps.public):
        yield Refused("no_private", NO_PRIVATE) if private else Refused("no_public", NO_PUBLIC)
    yield from _moved(caps, outbound) if outbound.private_of else _answered(caps, outbound)
    if stands.window_ends and stands.at and stands.at >= stands.window_ends:
        yield Refused("window_closed", TOO_LATE)
    if outbound.author_kind == "bot" and caps.bot_reply in {"forbidden", "approval"}:
        yield Refused("no_robots", NO_ROBOTS)
    if longer := longer_than_allowed(caps, outbound.text):
        yield longer


def _moved(caps: Caps, outbound: Outbound) -> Iterator[Refused]:
    if caps.can_move_private == "none":
        yield Refused("no_move", NO_MOVE)
    if caps.can_move_private == "reply_once" and outbound.standing.private_replies:
        yield Refused("one_message", ONE_MESSAGE)


def _answered(caps: Caps, outbound: Outbound) -> Iterator[Refused]:
    stands = outbound.standing
    if not caps.unsolicited_reply and stands.targets_us not in TO_US:
        yield Refused("unasked", UNASKED)
    if caps.one_reply and stands.replies + stands.private_replies:
        yield Refused("one_reply", ONE_REPLY)
