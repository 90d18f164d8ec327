"""The only writers of identities and contacts."""

from hark.contacts.actions.finding import index_contacts
from hark.contacts.actions.moods import set_moods
from hark.contacts.actions.preferring import prefer
from hark.contacts.actions.recognising import recognise
from hark.contacts.actions.stopping import note_wishes

__all__ = ["index_contacts", "note_wishes", "prefer", "recognise", "set_moods"]
