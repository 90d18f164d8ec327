"""What the customers' pages ask for."""

from collections.abc import Iterable
from typing import Any

from django.http import Http404, HttpResponse

from hark.conversations.queries.files import FileShown
from hark.conversations.queries.going_on import left_address, mailbox_of, may_have_transcript
from hark.conversations.queries.visitor import (
    VisitorLine,
    file_for_visitor,
    first_name,
    messages_for_visitor,
    who_answers,
)
from hark.kernel.files import size_words
from hark.kernel.giving import stored_file
from hark.organisation.models import Channel
from hark.routing.queries import load_of

OWN_VENUES = ("webchat", "form")


def get_channel(key: str, *venues: str) -> Channel:
    """The connected channel of one of these venues, with inbox and brand; Http404 where there is none."""
    channel = Channel.objects.filter(key=key, venue__in=venues).select_related("inbox__brand").first()
    if channel is None:
        raise Http404
    return channel


def takes_files(channel: Channel) -> bool:
    """May visitors send files by this channel?"""
    return channel.settings.get("files") is not False


def who_is_here(channel: Channel, thread: str) -> str:
    """The first name of the agent who holds this talk, if the agent is at work this moment; empty otherwise.

    Nothing is said that is not so: no name of somebody who has left, no waiting time that nobody has measured.
    """
    agent = who_answers(channel.pk, thread)
    return first_name(agent) if agent and load_of(agent).reachable else ""


def talk_shown(channel: Channel, thread: str, lines: Iterable[VisitorLine], *, proved: str) -> dict[str, Any]:
    """A talk as its page shows it: the lines, who is here, and where it goes on by mail (None: nowhere).

    `proved` is the address that the site knows of its visitor, as a suggestion.
    """
    return {
        "lines": [_shown(line) for line in lines],
        "here": who_is_here(channel, thread),
        "mail": _by_mail(channel, thread, proved) if mailbox_of(channel) else None,
    }


def _by_mail(channel: Channel, thread: str, proved: str) -> dict[str, Any]:
    left = left_address(channel.pk, thread)
    if left is None:
        return {"address": "", "suggested": proved, "transcript": False}
    return {"address": left.address, "suggested": "", "transcript": may_have_transcript(left.conversation)}


def mailed_to(channel: Channel, thread: str) -> str:
    """The address to which the answers of a form go too; empty where there is none, or no mailbox."""
    left = left_address(channel.pk, thread) if mailbox_of(channel) else None
    return left.address if left else ""


def lines_shown(channel: Channel, thread: str) -> list[dict[str, Any]]:
    """The lines of a talk as JSON values; the visitor's own ones under the id that his page gave them."""
    return [_shown(line) for line in messages_for_visitor(channel.pk, thread)]


def file_shown(channel: Channel, thread: str, key: str, way: str) -> HttpResponse:
    """A file of the talk: `download` it, or the `preview` of a picture. Http404 where there is no such file."""
    file = file_for_visitor(channel.pk, thread, key)
    if file is None or way not in {"download", "preview"} or not (file.preview or way == "download"):
        raise Http404
    if way == "preview":
        return stored_file(file.preview, "", "")
    return stored_file(file.sha256, file.name, file.mime)


def _shown(line: VisitorLine) -> dict[str, Any]:
    return {
        "id": line.id.rpartition(":")[2],
        "ours": line.ours,
        "who": line.who,
        "text": line.text,
        "at": line.at.isoformat(),
        "edited": line.edited,
        "deleted": line.deleted,
        "mail": line.by_mail,
        "files": [_file(file) for file in line.files],
    }


def _file(file: FileShown) -> dict[str, Any]:
    return {
        "id": file.key,
        "name": file.name,
        "size": size_words(file.size or 0),
        "picture": file.picture,
        "width": file.width,
        "height": file.height,
    }
