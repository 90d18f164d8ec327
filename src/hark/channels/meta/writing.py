"""A private message of ours at Messenger or Instagram, and what Meta's windows let it be. Pure but for `sent`."""

from datetime import datetime

from hark.channels.errors import Refused
from hark.channels.kit.careful_json import Json
from hark.channels.kit.words import id_of, time_of
from hark.channels.meta.graph import ask
from hark.channels.meta.talks import DAY, WEEK, answerable
from hark.channels.types import Account, Outbound, Receipt

PRIVATE_UNTIL = "private_until:"
NO_ROBOT_SO_LATE = (
    "More than 24 hours have passed since this person last wrote: until he writes again Meta takes an answer from a "
    "person only, not an automatic one."
)
TOO_LATE_FOR_PRIVATE = "Meta lets a comment be answered in private for 7 days, and they are over."


def private_until(at: datetime | None) -> tuple[str, ...]:
    """The tag of a public post that says until when its author may be answered in private."""
    return (f"{PRIVATE_UNTIL}{(at + WEEK).isoformat()}",) if at else ()


def objection_to(account: Account, outbound: Outbound) -> Refused | None:
    """What Meta's windows forbid beyond the end of the window itself."""
    standing = outbound.standing
    if outbound.private_of:
        ends = _end_of_private(standing.policy)
        late = ends is not None and standing.at is not None and standing.at >= ends
        return Refused("window_closed", TOO_LATE_FOR_PRIVATE) if late else None
    if outbound.visibility == "private" and outbound.author_kind == "bot" and is_tagged(account, outbound):
        return Refused("no_robots", NO_ROBOT_SO_LATE)
    return None


def is_tagged(account: Account, outbound: Outbound) -> bool:
    """Is it so late that only Meta's human agent tag opens the way? Then the window is the longer one."""
    standing = outbound.standing
    if standing.at is None or standing.window_ends is None:
        return False
    return standing.window_ends - standing.at <= answerable(account) - DAY


def sent(account: Account, outbound: Outbound, *, metadata: bool) -> Receipt:
    """One private message, or the one private answer to a comment."""
    said: dict[str, Json] = {"recipient": _recipient(account, outbound), "message": {"text": outbound.text}}
    if metadata:
        said["message"]["metadata"] = str(outbound.id)
    if outbound.private_of or not is_tagged(account, outbound):
        said["messaging_type"] = "RESPONSE"
    else:
        said |= {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    taken = id_of(ask(account, "POST", "me/messages", said).get("message_id"))
    return Receipt((taken,) if taken else ())


def _recipient(account: Account, outbound: Outbound) -> Json:
    """A person; or the author of a comment, or of a post, whose id begins with that of the Page it stands on."""
    if outbound.private_of:
        is_post = outbound.private_of.startswith(f"{account.external_id}_")
        return {"post_id" if is_post else "comment_id": outbound.private_of}
    return {"id": outbound.target.person or outbound.target.thread}


def _end_of_private(policy: tuple[str, ...]) -> datetime | None:
    found = [tag.removeprefix(PRIVATE_UNTIL) for tag in policy if tag.startswith(PRIVATE_UNTIL)]
    return time_of(found[0]) if found else None
