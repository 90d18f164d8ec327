"""Readers of the out-box: what is said of a reply, and which channels are given a rest."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from hark.delivery.models import Breaker, OutboxItem
from hark.delivery.types import RECEIPT_RANK, DeliveryWords, OutboxState, PartWords
from hark.organisation.types import ChannelState

AFTER_SENDING = {
    "delivered": DeliveryWords("delivered", "Delivered"),
    "read": DeliveryWords("read", "Read"),
    "failed": DeliveryWords(
        "not_delivered", "The venue took it, but could not deliver it. Write again, or use another way.", bad=True
    ),
}
CHANGE_WORDS = {
    "queued": "The change is waiting",
    "sending": "The change is being made",
    "sent": "The change is made",
    "ambiguous": "The change may have been made. Look at the venue, then say",
}
NEEDS_A_PERSON = {
    OutboxState.AMBIGUOUS: (
        "This may have been sent. Look at the venue, then say",
        ("it_was_sent", "send_again", "drop"),
    ),
    OutboxState.FAILED: ("Not sent, tried for a day", ("send_again", "drop")),
    OutboxState.REFUSED: ("Refused", ("send_again", "drop")),
}


def post_before(item: OutboxItem) -> str:
    """The venue's id of the part before this one; empty for the first, and where a venue gave none."""
    if item.part == 1:
        return ""
    before = OutboxItem.objects.filter(reply=item.reply, part=item.part - 1).values_list("external_ids", flat=True)
    return next((str(ids[0]) for ids in before if ids), "")


def first_post(item: OutboxItem) -> tuple[str, str] | None:
    """The venue's id of a reply's first post, and where it can be seen; None as long as the venue gave none."""
    first = item if item.parts == 1 else OutboxItem.objects.filter(reply=item.reply, part=1).first()
    return (first.external_ids[0], first.permalink) if first and first.external_ids else None


def posts_there(item: OutboxItem) -> list[OutboxItem]:
    """The posts of a reply that the venue has, in order: the reply itself, or its parts that were sent."""
    if not item.reply:
        return [item]
    parts = OutboxItem.objects.filter(reply=item.reply, state=OutboxState.SENT, taken_away=False)
    return list(parts.order_by("part"))


def parts_of(items: Iterable[OutboxItem | None]) -> dict[UUID | None, list[OutboxItem]]:
    """All parts of those replies that leave as several, in order, by their `reply`. No query where there are none."""
    replies = {item.reply for item in items if item and item.reply}
    found: dict[UUID | None, list[OutboxItem]] = {}
    for part in OutboxItem.objects.filter(reply__in=replies).order_by("part") if replies else ():
        found.setdefault(part.reply, []).append(part)
    return found


def delivery_words(
    item: OutboxItem, *, channel_state: str, at: datetime, parts: Sequence[OutboxItem] = ()
) -> DeliveryWords:
    """The delivery state of a reply in words an agent can act on; of a long one with all its `parts`, which are one."""
    if not parts:
        return _words(item, channel_state, at)
    each = [_words(part, channel_state, at) for part in parts]
    stopped = next((place for place, part in enumerate(parts) if part.state != OutboxState.SENT), None)
    told = tuple(
        PartWords(part.part, one.state, _part_words(place, one, stopped))
        for place, (part, one) in enumerate(zip(parts, each, strict=True))
    )
    if stopped is None:
        last = min(parts, key=lambda part: (part.receipt_state != "failed", RECEIPT_RANK.get(part.receipt_state, 0)))
        return replace(_words(last, channel_state, at), parts=told)
    words = each[stopped]
    acts = tuple(act for act in words.acts if act != "take_back" or not stopped)
    return replace(words, words=_about(words, stopped, len(parts)), acts=acts, parts=told)


def _part_words(place: int, words: DeliveryWords, stopped: int | None) -> str:
    """A part behind one that has not left waits for it, whatever else is true."""
    if stopped is not None and place > stopped and words.state != "cancelled":
        return "Waits for the one before"
    return "Not sent" if words.state == "cancelled" and words.words == "Taken back" else words.words


def _about(words: DeliveryWords, before: int, parts: int) -> str:
    """Which part it is about, and what the customer has got: `before` parts."""
    if not before and not words.bad:
        return words.words
    got = f"part 1 of {parts}" if before == 1 else f"parts 1 to {before} of {parts}"
    if words.state == "cancelled":
        return f"Left alone; the customer has {got}"
    which = f"{words.words[:1].lower()}{words.words[1:]}"
    return f"The customer has {got}. Part {before + 1}: {which}" if before else f"Part 1 of {parts}: {which}"


def _words(item: OutboxItem, channel_state: str, at: datetime) -> DeliveryWords:
    state = OutboxState(item.state)
    if state in NEEDS_A_PERSON:
        sentence, acts = NEEDS_A_PERSON[state]
        return DeliveryWords(state, _with(sentence, item.error), bad=True, acts=acts)
    if state == OutboxState.QUEUED:
        return _while_waiting(item, channel_state, at)
    if state == OutboxState.SENT:
        return AFTER_SENDING.get(item.receipt_state, DeliveryWords("sent", "Sent"))
    if state == OutboxState.SENDING:
        return DeliveryWords("sending", "Being sent" if item.fence else "Waiting for the venue to show it")
    return DeliveryWords("cancelled", "Left alone; it may have been sent" if item.may_have_left else "Taken back")


def change_words(
    item: OutboxItem, *, channel_state: str, at: datetime, parts: Sequence[OutboxItem] = ()
) -> DeliveryWords | None:
    """How far a change of a reply has come; None where it was given up."""
    words = delivery_words(item, channel_state=channel_state, at=at, parts=parts)
    if words.state == "cancelled":
        return None
    said = f"The change: {words.words[:1].lower()}{words.words[1:]}"
    return replace(words, words=CHANGE_WORDS.get(words.state, said))


def _while_waiting(item: OutboxItem, channel_state: str, at: datetime) -> DeliveryWords:
    acts = () if item.may_have_left else ("take_back",)
    if channel_state == ChannelState.AUTH_LOST:
        sentence = "Waits: the channel has lost its permission and must be connected again"
        return DeliveryWords("held", sentence, bad=True, acts=acts)
    if channel_state == ChannelState.PAUSED:
        return DeliveryWords("held", "Waits: the channel is paused", acts=acts)
    if item.attempts:
        sentence = _with("Not sent yet, Hark tries again by itself", item.error)
        return DeliveryWords("retrying", sentence, bad=True, acts=acts)
    left = max(0, int((item.not_before - at).total_seconds()))
    return DeliveryWords("queued", "Waiting to be sent", acts=acts, undo_seconds=left)


def _with(sentence: str, detail: str) -> str:
    return f"{sentence}: {detail}" if detail else f"{sentence}."


def channels_resting(channel_ids: set[int], *, at: datetime) -> dict[int, datetime]:
    """Channels given a rest after failures or at the venue's wish, with the end of it."""
    open_ones = Breaker.objects.filter(channel_id__in=channel_ids, open_until__gt=at)
    return {row.channel_id: row.open_until for row in open_ones if row.open_until}
