"""When the visitor leaves: the address at which the talk goes on, and the talk as a mail once it was closed."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from hark.channels.kit.address import prefix_of
from hark.channels.kit.careful_json import Unreadable, loads
from hark.channels.webchat import Visitor
from hark.conversations.actions.going_on import leave_address, send_transcript
from hark.conversations.errors import NoAddress, NotAnAddress, NoTranscript
from hark.conversations.queries.going_on import mailbox_of
from hark.kernel.errors import NotFound, TooManyRequests
from hark.kernel.limits import take
from hark.organisation.models import Channel
from hark.portal.queries import get_channel
from hark.portal.views.pages import caller, said, too_many, visitor_in

MAX_BODY = 2_048
AN_HOUR = {"chat address": 10, "chat transcript": 5}
MINUTES = 60


@csrf_exempt  # it reads no cookie: the visitor's token is the proof
@require_POST
def address(request: HttpRequest, key: str) -> HttpResponse:
    """Keep where the visitor wants to be answered when he has gone; an empty address: nowhere any more."""
    return _done(request, key, "chat address", lambda channel, visitor: _keep(request, channel, visitor))


@csrf_exempt
@require_POST
def transcript(request: HttpRequest, key: str) -> HttpResponse:
    """Send the closed talk to the address that the visitor has left."""
    return _done(request, key, "chat transcript", _send)


def _done(request: HttpRequest, key: str, what: str, act: Callable[[Channel, Visitor], str]) -> HttpResponse:
    """Let the bearer of a token do this, so often an hour from one place; the address, or why not."""
    an_hour = AN_HOUR[what]
    channel = get_channel(key, "webchat")
    visitor = visitor_in(request, channel)
    if visitor is None:
        return said(401, "start again")
    try:
        take(f"{what}|{channel.key}|{prefix_of(caller(request))}", burst=an_hour, per_minute=an_hour / MINUTES)
        return JsonResponse({"address": act(channel, visitor)})
    except TooManyRequests as error:
        return too_many(error, "Please try again later.")
    except (NotAnAddress, Unreadable) as error:
        return said(422, str(error))
    except (NotFound, NoAddress, NoTranscript) as error:
        return said(409, error.message)


def _send(channel: Channel, visitor: Visitor) -> str:
    return send_transcript(chat=channel, thread=visitor.conversation_thread)


def _keep(request: HttpRequest, channel: Channel, visitor: Visitor) -> str:
    if mailbox_of(channel) is None:
        raise NoAddress
    told = loads(request.body or b"{}", max_bytes=MAX_BODY)
    typed = told.get("address") if isinstance(told, dict) else None
    if not isinstance(typed, str):
        raise NotAnAddress
    return leave_address(chat=channel, thread=visitor.conversation_thread, typed=typed)
