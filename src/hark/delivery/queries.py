"""Readers of the out-box: what is said of a reply, and which channels are given a rest."""

from dataclasses import replace
from datetime import datetime

from hark.delivery.models import Breaker, OutboxItem
from hark.delivery.types import DeliveryWords, OutboxState
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


def delivery_words(item: OutboxItem, *, channel_state: str, at: datetime) -> DeliveryWords:
    """The delivery state of a reply in words an agent can act on."""
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


def change_words(item: OutboxItem, *, channel_state: str, at: datetime) -> DeliveryWords | None:
    """How far a change of a reply has come; None where it was given up."""
    words = delivery_words(item, channel_state=channel_state, at=at)
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
