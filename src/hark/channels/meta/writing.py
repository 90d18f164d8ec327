"""A private message of ours at Messenger or Instagram, and what Meta's windows let it be. Pure but for `sent`."""

import json
from datetime import datetime

from hark.channels.errors import Refused
from hark.channels.kit.careful_json import Json
from hark.channels.kit.words import id_of, time_of
from hark.channels.meta.talks import DAY, WEEK, answerable
from hark.channels.meta.uploads import all_sent, uploaded
from hark.channels.types import Account, Outbound, OutboundFile, Receipt

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


def sent(account: Account, outbound: Outbound, *, metadata: bool = False) -> Receipt:
    """One private message, or the one private answer to a comment; each file is a message of its own."""
    if outbound.private_of or not is_tagged(account, outbound):
        kind: dict[str, Json] = {"messaging_type": "RESPONSE"}
    else:
        kind = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    ref = {"metadata": str(outbound.id)} if metadata else {}
    words = [{"text": outbound.text, **ref}] if outbound.text.strip() or not outbound.attachments else []
    files = [{**_attachment(account, file), **ref} for file in outbound.attachments]
    to = {"recipient": _recipient(account, outbound), **kind}
    answers = all_sent(account, "me/messages", [{**to, "message": message} for message in [*words, *files]])
    return Receipt(tuple(filter(None, (id_of(answer.get("message_id")) for answer in answers))))


def _attachment(account: Account, file: OutboundFile) -> dict[str, Json]:
    kind = file.mime.partition("/")[0]
    kind = kind if kind in {"image", "video", "audio"} else "file"
    asked = json.dumps({"attachment": {"type": kind, "payload": {"is_reusable": False}}})
    own = uploaded(account, "me/message_attachments", {"message": asked}, file, field="filedata", named="attachment_id")
    return {"attachment": {"type": kind, "payload": {"attachment_id": own}}}


def _recipient(account: Account, outbound: Outbound) -> Json:
    """A person; or the author of a comment, or of a post, whose id begins with that of the Page it stands on."""
    if outbound.private_of:
        is_post = outbound.private_of.startswith(f"{account.external_id}_")
        return {"post_id" if is_post else "comment_id": outbound.private_of}
    return {"id": outbound.target.person or outbound.target.thread}


def _end_of_private(policy: tuple[str, ...]) -> datetime | None:
    found = [tag.removeprefix(PRIVATE_UNTIL) for tag in policy if tag.startswith(PRIVATE_UNTIL)]
    return time_of(found[0]) if found else None
