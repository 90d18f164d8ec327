"""What can be wrong with an agent's act on a conversation or a case."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hark.kernel.errors import HarkError
from hark.understanding.outgoing import Finding

if TYPE_CHECKING:
    from hark.conversations.models import Message


class NewerMessage(HarkError):
    """Something was written here after you last looked. Read it, then send all the same or change your reply."""

    def __init__(self, messages: "Sequence[Message]") -> None:
        """`messages`: what is new, oldest first, with channel, identity and agent at hand."""
        self.messages = tuple(messages)
        super().__init__()


class LookAgain(HarkError):
    """Look at this once more before everybody can read it, then change it or send it all the same."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        """`findings`: what was found and not overruled."""
        self.findings = tuple(findings)
        super().__init__(", ".join(dict.fromkeys(finding.name.lower() for finding in findings)))


class NeedsApproval(HarkError):
    """A colleague has to approve this reply before it leaves."""


class DecidedAlready(HarkError):
    """This reply waits no more: it has left, or somebody was quicker. Look again."""


class NotYourOwn(HarkError):
    """Somebody else has to approve what you wrote."""


class WrongTime(HarkError):
    """A reply can leave at a time between now and a year from now."""


class CannotReply(HarkError):
    """This reply cannot be sent."""

    def __init__(self, human: str) -> None:
        """`human`: words an agent can act on."""
        self.human = human
        super().__init__(human)


class CannotForward(HarkError):
    """This cannot be forwarded."""

    def __init__(self, human: str) -> None:
        """`human`: words an agent can act on."""
        self.human = human
        super().__init__(human)


class CannotChange(HarkError):
    """This reply cannot be changed any more."""

    def __init__(self, human: str) -> None:
        """`human`: words an agent can act on."""
        self.human = human
        super().__init__(human)


class CannotCopyIn(HarkError):
    """This person cannot be copied in."""

    def __init__(self, human: str) -> None:
        """`human`: words an agent can act on."""
        self.human = human
        super().__init__(human)


class TooLateToTakeBack(HarkError):
    """This reply is on its way already and can no longer be taken back."""


class ChangedMeanwhile(HarkError):
    """Somebody else has changed this case since you last saw it. Look again."""


class CannotAssign(HarkError):
    """This person cannot be given this case."""


class NotAnAddress(HarkError):
    """Please enter an e-mail address such as name@example.org."""


class NoAddress(HarkError):
    """There is no address to which this could be sent."""


class NoTranscript(HarkError):
    """There is nothing to send: the talk is not over yet, or it was sent already."""


class NotAReading(HarkError):
    """There is nothing here to correct."""


class WrongValue(HarkError):
    """This is not a value that this reading can have."""


class NothingWritten(HarkError):
    """Nothing was written."""


class TooLong(HarkError):
    """This text is too long."""


class TooManyFiles(HarkError):
    """That is more files than one reply or note can carry. Remove one first."""


class FilesPerHour(HarkError):
    """You have added a great many files within the hour. Please wait a little."""


class CannotTakeFile(HarkError):
    """This file cannot be taken."""

    def __init__(self, human: str) -> None:
        """`human`: words an agent can act on."""
        self.human = human
        super().__init__(human)


class CaseMerged(HarkError):
    """This case was merged into another one. Go on there."""


class CannotMerge(HarkError):
    """These two cases cannot be merged."""


class CannotSplit(HarkError):
    """There is nothing here that can be split off."""


class NothingToMove(HarkError):
    """Nothing can be moved there: it is all that the customer wrote in this case. Merge the two instead."""


class CannotSnooze(HarkError):
    """A case can be snoozed until a time between now and a year from now, and only before it is resolved."""


class NeedsPersonalWord(HarkError):
    """This customer comes about it for the third time and has only had a saved reply. Add a word of your own first."""


class NameInUse(HarkError):
    """There is already one of that name."""


class NameMissing(HarkError):
    """Give it a name of at most 80 characters."""


class TooManyViews(HarkError):
    """There are 30 views already. Remove one that nobody needs."""


class AlreadyReadingAgain(HarkError):
    """Old messages are being read again already. Let that end, or cancel it first."""


class NothingToReadAgain(HarkError):
    """No message fits: none has come from a customer of that brand since then."""


class NotReadingAgain(HarkError):
    """No old messages are being read again at the moment."""
