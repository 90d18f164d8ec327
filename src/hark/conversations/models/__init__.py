"""Messages, conversations, cases and what agents write on them."""

from hark.conversations.models.chats import LeftAddress
from hark.conversations.models.files import Attachment
from hark.conversations.models.holding import HeldReply
from hark.conversations.models.learning import BrandModel, LeftAside, ReadingWeek
from hark.conversations.models.letters import MessageHtml, NamedBeside, Participant, ThreadRef
from hark.conversations.models.matters import Again
from hark.conversations.models.mutes import Mute
from hark.conversations.models.notices import Follow, Looking, Notice, NoticeWishes
from hark.conversations.models.praise import Praise
from hark.conversations.models.rereading import Hurried, Rereading
from hark.conversations.models.same_words import Repeat, SameWords, WordBand
from hark.conversations.models.searching import MessageSearch, NoteSearch
from hark.conversations.models.spam import SpamMark, SpamModel
from hark.conversations.models.talk import (
    Case,
    Clock,
    Conversation,
    Correction,
    Draft,
    Message,
    MessageVersion,
    Note,
    Reading,
    Tombstone,
)
from hark.conversations.models.tools import CaseMerge, CaseTag, Macro, SavedReply, SavedView, Tag

__all__ = [
    "Again",
    "Attachment",
    "BrandModel",
    "Case",
    "CaseMerge",
    "CaseTag",
    "Clock",
    "Conversation",
    "Correction",
    "Draft",
    "Follow",
    "HeldReply",
    "Hurried",
    "LeftAddress",
    "LeftAside",
    "Looking",
    "Macro",
    "Message",
    "MessageHtml",
    "MessageSearch",
    "MessageVersion",
    "Mute",
    "NamedBeside",
    "Note",
    "NoteSearch",
    "Notice",
    "NoticeWishes",
    "Participant",
    "Praise",
    "Reading",
    "ReadingWeek",
    "Repeat",
    "Rereading",
    "SameWords",
    "SavedReply",
    "SavedView",
    "SpamMark",
    "SpamModel",
    "Tag",
    "ThreadRef",
    "Tombstone",
    "WordBand",
]
