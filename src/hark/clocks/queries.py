"""Which promises an inbox makes."""

from collections.abc import Collection

from hark.clocks.types import Targets
from hark.organisation.models import Inbox


def targets_of(inbox_ids: Collection[int]) -> dict[int, Targets]:
    """The targets of these inboxes, one query. An unknown inbox is left out."""
    rows = Inbox.objects.filter(pk__in=inbox_ids).values_list("pk", "first_response_seconds", "next_response_seconds")
    return {number: Targets(*seconds) for number, *seconds in rows}
