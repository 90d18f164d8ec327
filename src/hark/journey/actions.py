"""Writers of what became of reactions that failed."""

from datetime import timedelta

from hark.journey.models import FailedReaction
from hark.kernel.actions import record
from hark.kernel.time import database_now
from hark.kernel.types import JournalEvent, NewEvent

BACK_OFF_SECONDS = (2, 10, 60, 300)  # five tries within seven minutes


def remember_failure(*, event: JournalEvent, reaction: str, error: str) -> None:
    """Keep a reaction that failed, to be tried again, in the transaction that moves the reader past its event."""
    FailedReaction.objects.get_or_create(
        event_xid=event.position.xid,
        event_id=event.position.id,
        reaction=reaction,
        defaults={
            "kind": event.kind,
            "subject": event.subject,
            "not_before": database_now() + timedelta(seconds=BACK_OFF_SECONDS[0]),
            "error": error,
        },
    )


def due_failure() -> FailedReaction | None:
    """The next failed reaction whose time has come, locked to the end of the transaction; None when there is none."""
    due = FailedReaction.objects.filter(set_aside_at=None, not_before__lte=database_now()).order_by("not_before")
    return due.select_for_update(skip_locked=True).first()


def forget_failure(failure: FailedReaction) -> None:
    """It has succeeded after all; in the same transaction."""
    FailedReaction.objects.filter(pk=failure.pk).delete()


def fail_again(failure: FailedReaction, *, error: str) -> bool:
    """Try it once more later, or set it aside with the event `reaction.set_aside`; True when it was set aside."""
    now = database_now()
    failure.tries, failure.error = failure.tries + 1, error
    if failure.tries > len(BACK_OFF_SECONDS):
        failure.set_aside_at = now
        what = {"kind": failure.kind, "reaction": failure.reaction}
        record([NewEvent("reaction.set_aside", failure.subject, data=what)])
    else:
        failure.not_before = now + timedelta(seconds=BACK_OFF_SECONDS[failure.tries - 1])
    failure.save(update_fields=["tries", "error", "not_before", "set_aside_at"])
    return failure.set_aside_at is not None
