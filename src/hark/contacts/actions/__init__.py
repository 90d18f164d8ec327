"""The only writers of identities and contacts."""

from hark.contacts.actions.moods import set_moods
from hark.contacts.actions.recognising import recognise

__all__ = ["recognise", "set_moods"]
