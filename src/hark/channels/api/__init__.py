"""The API channel: any program posts messages with signed calls and receives the replies by signed webhook."""

from hark.channels.api.venue import ApiChannel

__all__ = ["ApiChannel"]
