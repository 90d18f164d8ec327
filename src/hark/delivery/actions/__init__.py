"""Writers of the out-box: what other rooms may ask of it."""

from hark.delivery.actions.matching import match_echo, record_receipt
from hark.delivery.actions.queue import cancel, enqueue, settle

__all__ = ["cancel", "enqueue", "match_echo", "record_receipt", "settle"]
