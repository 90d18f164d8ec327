"""Writers of the out-box: what other rooms may ask of it."""

from hark.delivery.actions.matching import match_echo, record_receipt
from hark.delivery.actions.queue import cancel, enqueue, enqueue_parts, settle, stop_waiting, take_note_of_gone

__all__ = [
    "cancel",
    "enqueue",
    "enqueue_parts",
    "match_echo",
    "record_receipt",
    "settle",
    "stop_waiting",
    "take_note_of_gone",
]
