"""Files of visitors: they come in by pieces and are stored before the line that names them is written."""

import hashlib

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from hark.channels.accounts import account_of
from hark.channels.kit.address import prefix_of
from hark.channels.kit.words import storable
from hark.channels.webchat import Visitor
from hark.channels.webchat.files import LARGEST, VisitorFile, receipt_for
from hark.conversations.queries.files import largest_file
from hark.kernel import storage
from hark.kernel.errors import HarkError, TooManyRequests
from hark.kernel.files import plain_name, size_words
from hark.kernel.limits import take
from hark.kernel.time import now
from hark.organisation.models import Channel
from hark.portal.queries import get_channel, takes_files
from hark.portal.views.pages import caller, said, too_many, visitor_in

PIECE = 1 << 20
OF_A_PLACE, OF_A_PLACE_A_MINUTE = 60, 6.0  # pieces
OF_A_CHAT, OF_A_CHAT_A_MINUTE = 500, 20.0


class DoesNotFit(HarkError):
    """This file cannot be taken."""


@csrf_exempt  # it reads no cookie: the visitor's token is the proof
@require_POST
def add_piece(request: HttpRequest, key: str) -> HttpResponse:
    """One piece of a file, `at` its place in `size` bytes; the last one is answered with the file's receipt.

    What one place, and one chat, can bring to the disk is bounded; what no line names is swept away after a day.
    """
    channel = get_channel(key, "webchat")
    visitor = visitor_in(request, channel)
    if visitor is None:
        return said(401, "start again")
    try:
        have, stored = _added(channel, visitor, request)
    except TooManyRequests as error:
        return too_many(error, "That is much at once. It goes on in a moment.")
    except (storage.OutOfStep, storage.FileGone) as error:
        return JsonResponse({"at": getattr(error, "size", 0)}, status=409)
    except (DoesNotFit, storage.StorageAway) as error:
        return said(422 if isinstance(error, DoesNotFit) else 507, error.detail or error.message)
    return JsonResponse({"at": have, "receipt": _receipt(channel, visitor, request, stored) if stored else ""})


def _added(channel: Channel, visitor: Visitor, request: HttpRequest) -> tuple[int, storage.StoredFile | None]:
    """How many bytes are here now, and the file once it is whole."""
    largest = min(LARGEST, largest_file())
    place, size, piece = _number(request, "at"), _number(request, "size"), request.body
    if not 0 < size <= largest:
        raise DoesNotFit(f"A file can have {size_words(largest)} at most." if size else "This file is empty.")
    if not takes_files(channel) or not 0 < len(piece) <= min(PIECE, size - place):
        raise DoesNotFit
    _take(channel, request)
    name = _incoming(channel, visitor, request.GET.get("id", ""))
    have = storage.append(name, piece, at=place)
    return have, storage.adopt(name) if have == size else None


def _receipt(channel: Channel, visitor: Visitor, request: HttpRequest, stored: storage.StoredFile) -> str:
    name = plain_name(storable(request.GET.get("name", "")[:1000]))
    file = VisitorFile(stored.sha256, name, stored.size, int(now().timestamp()))
    return receipt_for(account_of(channel), visitor.id, file)


def _incoming(channel: Channel, visitor: Visitor, number: str) -> str:
    """Under which name it comes in: nobody else's page can add to it."""
    about = f"{channel.key}|{visitor.id}|{number}"
    return f"visitor_{hashlib.sha256(about.encode('utf-8', 'replace')).hexdigest()[:40]}"


def _take(channel: Channel, request: HttpRequest) -> None:
    chat = f"chat files|{channel.key}"
    take(f"{chat}|{prefix_of(caller(request))}", burst=OF_A_PLACE, per_minute=OF_A_PLACE_A_MINUTE)
    take(chat, burst=OF_A_CHAT, per_minute=OF_A_CHAT_A_MINUTE)


def _number(request: HttpRequest, name: str) -> int:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0
