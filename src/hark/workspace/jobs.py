"""Notices leave the house: pushes within ten seconds, mails within a minute of their time."""

from hark.kernel.tasks import periodic
from hark.kernel.time import database_now
from hark.workspace.actions.telling import mail_notices, push_notices


@periodic("workspace.push_notices", "* * * * * */10")
def push() -> None:
    """Tell browsers whose people are not at the desk."""
    push_notices(at=database_now())


@periodic("workspace.mail_notices", "* * * * *")
def mail() -> None:
    """Gather what waits for a mail."""
    mail_notices(at=database_now())
