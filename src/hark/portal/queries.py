"""What the customers' pages ask for."""

from typing import Any

from django.http import Http404

from hark.conversations.queries.visitor import VisitorLine, first_name, messages_for_visitor, who_answers
from hark.organisation.models import Channel
from hark.routing.queries import load_of

OWN_VENUES = ("webchat", "form")


def get_channel(key: str, *venues: str) -> Channel:
    """The connected channel of one of these venues, with inbox and brand; Http404 where there is none."""
    channel = Channel.objects.filter(key=key, venue__in=venues).select_related("inbox__brand").first()
    if channel is None:
        raise Http404
    return channel


def who_is_here(channel: Channel, thread: str) -> str:
    """The first name of the agent who holds this talk, if the agent is at work this moment; empty otherwise.

    Nothing is said that is not so: no name of somebody who has left, no waiting time that nobody has measured.
    """
    agent = who_answers(channel.pk, thread)
    return first_name(agent) if agent and load_of(agent).reachable else ""


def lines_shown(channel: Channel, thread: str) -> list[dict[str, Any]]:
    """The lines of a talk as JSON values; the visitor's own ones under the id that his page gave them."""
    return [_shown(line) for line in messages_for_visitor(channel.pk, thread)]


def _shown(line: VisitorLine) -> dict[str, Any]:
    return {
        "id": line.id if line.ours else line.id.rpartition(":")[2],
        "ours": line.ours,
        "who": line.who,
        "text": line.text,
        "at": line.at.isoformat(),
        "edited": line.edited,
        "deleted": line.deleted,
    }
