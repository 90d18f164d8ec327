"""What a venue allows, in sentences made from its abilities: the page per channel cannot say anything else. Pure."""

from dataclasses import dataclass

from hark.channels.types import Caps

UNITS = {
    "chars": "characters",
    "graphemes": "characters",
    "bytes": "bytes",
    "utf16": "characters (an emoji counts as two)",
    "weighted": "characters (a link counts as 23, an emoji or a Chinese letter as two)",
    "sms": "text messages",
}
MOVES = {
    "none": "A public talk cannot be moved to private here",
    "reply_once": "A public talk can be moved to private with one message",
    "dm_if_open": "A public talk can be moved to private if the person lets strangers write",
    "always": "A public talk can be moved to private",
}
ROBOTS = {
    "allowed": "Automatic answers are allowed",
    "disclose": "Automatic answers are allowed when they say so",
    "forbidden": "Automatic answers are forbidden",
    "approval": "Automatic answers need a person's approval",
}
REPEATS = {
    "key": "A reply whose fate is unknown is sent again safely: the venue knows our key",
    "natural": "A reply whose fate is unknown is sent again safely: the venue takes the same words once",
    "none": "A reply whose fate is unknown is never repeated by itself: you are asked",
}


PROOFS = {
    "real server": ("Proved", "proved against a real server of this kind"),
    "recorded data": ("Recorded", "proved against recorded data of the venue, not against the venue itself"),
    "specification": ("By the book", "built after the venue's documentation, not yet proved against the venue itself"),
    "simulated": ("Made up", "made up, for trying out"),
}


@dataclass(frozen=True, slots=True)
class Allowed:
    """One thing that can be done here (`yes`) or cannot, as a sentence without its full stop."""

    words: str
    yes: bool


def proof_of(proof: str) -> tuple[str, str]:
    """`Venue.proof` as people read it: a word or two, and what it means. Never more than a test of ours shows."""
    return PROOFS.get(proof, ("Unknown", "not proved at all"))


def allows(caps: Caps) -> tuple[Allowed, ...]:
    """All of it, what can be done first within each subject."""
    found = [*_reading(caps), *_writing(caps), *_duties(caps)]
    return tuple(Allowed(words, yes) for words, yes in found)


def _reading(caps: Caps) -> list[tuple[str, bool]]:
    ways = [word for word, can in (("the venue calls Hark", caps.webhook), ("Hark asks the venue", caps.poll)) if can]
    return [
        (f"New messages come because {' and '.join(ways)}" if ways else "Nothing comes in from here", bool(ways)),
        _either(caps.edits_in, "Edits by customers are shown with the earlier words", "Edits by customers stay unseen"),
        _either(caps.deletes_in, "Deletions by customers are applied", "Deletions by customers stay unseen"),
        _either(caps.media, "Attachments come along", "No attachments"),
        _either(caps.echo, "Answers given in the venue's own app are seen", "Answers given elsewhere are not seen"),
    ]


def _writing(caps: Caps) -> list[tuple[str, bool]]:
    if not (caps.public or caps.private):
        return [("Replies are not possible from Hark", False)]
    readers = " and ".join(word for word, can in (("publicly", caps.public), ("privately", caps.private)) if can)
    longest = f"at most {caps.max_length:,} {UNITS[caps.unit]} each" if caps.max_length else "of any length"
    found = [(f"Replies {readers}, {longest}", True)]
    if caps.max_length and caps.max_parts > 1:
        found.append((f"A longer answer leaves as up to {caps.max_parts} numbered parts", True))
    if caps.threaded:
        found.append(("A reply stands under the message it answers", True))
    if caps.public:
        found.append((MOVES[caps.can_move_private], caps.can_move_private != "none"))
    return [
        *found,
        _either(caps.edits_out, "Our own replies can be changed later", "Our own replies cannot be changed later"),
        *_in_time(caps),
        _either(caps.deletes_out, "Our own replies can be deleted later", "Our own replies cannot be deleted later"),
        _either(caps.receipts, "Delivery and reading are confirmed", "Delivery is not confirmed"),
        _either(caps.unsolicited_reply, "You may answer anybody", "You may answer only people who wrote to you"),
        *([("One reply to each message, no more", False)] if caps.one_reply else []),
        (ROBOTS[caps.bot_reply], caps.bot_reply in {"allowed", "disclose"}),
        (REPEATS[caps.idempotent_send], caps.idempotent_send != "none"),
    ]


def _in_time(caps: Caps) -> list[tuple[str, bool]]:
    if caps.change_seconds is None or not (caps.edits_out or caps.deletes_out):
        return []
    return [(f"Later means within {caps.change_seconds // 60} minutes of sending", False)]


def _duties(caps: Caps) -> list[tuple[str, bool]]:
    keeps = caps.storage == "full"
    found = [_either(keeps, "Hark may keep what it reads", "Hark may not keep what it reads")]
    if caps.must_purge_on_delete:
        found.append(("What is deleted there must be erased here", False))
    if not caps.off_platform_match:
        found.append(("People may not be matched with other venues", False))
    return found


def _either(yes: object, can: str, cannot: str) -> tuple[str, bool]:
    return (can, True) if yes else (cannot, False)
