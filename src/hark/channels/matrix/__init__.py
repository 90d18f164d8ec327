"""Matrix: rooms and direct talks of a homeserver. Takes what an account there can read, gives Hark's words; answers in
threads and in private rooms. Never end-to-end encrypted rooms."""

from hark.channels.matrix.venue import Matrix

__all__ = ["Matrix"]
