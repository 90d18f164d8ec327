"""The organisation's nightly work."""

from hark.kernel.tasks import periodic
from hark.organisation.actions.audit import keep_head
from hark.organisation.actions.sessions import forget_ended_sign_ins


@periodic("organisation.keep_audit_head", "50 2 * * *", tries=3)
def keep_audit_head() -> None:
    """Write the newest hash of the audit to the file outside the database."""
    keep_head()


@periodic("organisation.forget_ended_sign_ins", "55 * * * *", tries=3)
def forget_sign_ins() -> None:
    """Forget devices and addresses of sessions that are over."""
    forget_ended_sign_ins()
