"""A case whose conversations have changed: its line in the lists is drawn from them anew."""

from django.db.models import Max

from hark.conversations.actions import clocks
from hark.conversations.actions.cases import changed
from hark.conversations.actions.versions import redraw
from hark.conversations.models import Case, Conversation
from hark.conversations.types import Author


def changed_by_move(case: Case, kind: str, actor: Author, **what: str) -> None:
    """Write a locked case whose conversations have changed, with its event; its line is drawn from them anew."""
    changed(case, kind, actor, **what)
    draw(case)


def draw(case: Case) -> None:
    """Its soonest promise, and its newest line."""
    clocks.write_soonest(case_id=case.pk)
    newest = Conversation.objects.filter(case=case, outside=False).aggregate(at=Max("last_inbound_at"))["at"]
    if newest is not None:
        Case.objects.filter(pk=case.pk).update(last_inbound_at=newest)
        redraw(case.pk)
