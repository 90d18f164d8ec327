"""What was moved to private and still stands open before everybody."""

from django.db.models import OuterRef, Subquery

from hark.conversations.models import Case, Conversation, Message
from hark.conversations.queries.access import conversations_visible_to
from hark.conversations.queries.writing import answered_in, way_of
from hark.conversations.types import Direction, Visibility
from hark.organisation.models import Agent


def left_open_in_public(agent: Agent, case: Case) -> Conversation | None:
    """Where our last word took the case to private, and others than the customer could still read one of ours.

    The earliest such conversation. One query, and what `way_of` asks where there is one.
    """
    ours = Message.objects.filter(
        conversation=OuterRef("pk"), direction=Direction.OUTBOUND, deleted_at=None, automatic=False
    )
    talks = conversations_visible_to(agent).filter(case=case, outside=False).select_related("channel")
    moved = talks.annotate(moved=Subquery(ours.order_by("-id").values("moved")[:1])).filter(moved=True).order_by("id")
    return next((talk for talk in moved[:5] if _takes_a_line(talk)), None)


def _takes_a_line(conversation: Conversation) -> bool:
    way = way_of(conversation, answered_in(conversation), 0)
    return any(each != Visibility.PRIVATE for each in way.visibilities)
