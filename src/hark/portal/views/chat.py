"""The chat: the script for the company's site, the page in the frame, a visitor's token, his lines."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from hark.channels.accounts import account_of
from hark.channels.kit.address import prefix_of
from hark.channels.kit.careful_json import Unreadable, loads
from hark.channels.types import Account
from hark.channels.webchat import mint
from hark.channels.webchat.identity import NotProved, site_person
from hark.channels.webchat.lines import MAX_TEXT
from hark.conversations.actions.going_on import note_visit
from hark.conversations.queries.visitor import messages_for_visitor
from hark.kernel.errors import TooManyRequests
from hark.kernel.limits import take
from hark.kernel.time import now
from hark.portal.colours import brand_colours
from hark.portal.queries import OWN_VENUES, file_shown, get_channel, takes_files, talk_shown
from hark.portal.views.pages import caller, for_other_sites, page, said, script, too_many, visitor_in

STARTS_PER_MINUTE, STARTS_PER_HOUR = 5, 30
MAX_START = 8_192


@require_safe
def widget_script(request: HttpRequest, key: str) -> HttpResponse:
    """One script tag puts the chat on a page. It sets no cookie; it stores a mark once the visitor has written."""
    channel = get_channel(key, "webchat")
    colours = brand_colours(channel.inbox.brand.colour)
    return script(
        "widget.js",
        {
            "key": channel.key,
            "brand": channel.inbox.brand.name,
            "colours": [colours.light, colours.on_light, colours.dark, colours.on_dark],
        },
    )


@require_safe
def chat_page(request: HttpRequest, key: str) -> HttpResponse:
    """The page in the frame; it also stands alone."""
    channel = get_channel(key, "webchat")
    greeting = channel.settings.get("greeting", "")
    context = {
        "key": channel.key,
        "brand": channel.inbox.brand,
        "greeting": greeting,
        "longest": MAX_TEXT,
        "files": takes_files(channel),
    }
    response = page("portal/chat.html", context, account_of(channel))
    response.image_sources = " blob:"  # type: ignore[attr-defined]  # files are fetched with the visitor's token
    return response


@require_safe
def brand_style(request: HttpRequest, key: str) -> HttpResponse:
    """The brand's colour as a stylesheet of its own, since no page of ours may carry a style in its HTML."""
    colours = brand_colours(get_channel(key, *OWN_VENUES).inbox.brand.colour)
    style = (
        f":root {{ --brand: light-dark({colours.light}, {colours.dark}); "
        f"--on-brand: light-dark({colours.on_light}, {colours.on_dark}); }}\n"
    )
    return for_other_sites(HttpResponse(style, content_type="text/css; charset=utf-8"))


@csrf_exempt  # it reads no cookie: who calls proves nothing by it and gets a token for himself
@require_POST
def start(request: HttpRequest, key: str) -> HttpResponse:
    """A token for a new visitor, or for the person whom the company's site vouches for. Nothing is stored."""
    account = account_of(get_channel(key, "webchat"))
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        return said(403, "only our own page starts a chat")
    try:
        _take_start(account, request)
        told = loads(request.body or b"{}", max_bytes=MAX_START)
        identity = told.get("identity") if isinstance(told, dict) else None
        person = site_person(account, identity, at=now()) if isinstance(identity, str) and identity else None
    except TooManyRequests as error:
        return too_many(error, "try again later")
    except Unreadable as error:
        return said(422, str(error))
    except NotProved as error:
        return said(403, error.message)
    token, visitor = mint(account, at=now(), person=person)
    return JsonResponse({"token": token, "visitor": visitor.id, "proved": person is not None})


@require_safe
def messages(request: HttpRequest, key: str) -> HttpResponse:
    """The lines of the visitor whose token this is, and who is here; nobody else's. `open`: they are looked at now."""
    channel = get_channel(key, "webchat")
    visitor = visitor_in(request, channel)
    if visitor is None:
        return said(401, "start again")
    thread = visitor.conversation_thread
    lines = messages_for_visitor(channel.pk, thread)
    if request.GET.get("open"):
        note_visit(chat=channel, thread=thread, seen=max((line.number for line in lines), default=0), at=now())
    return JsonResponse(talk_shown(channel, thread, lines, proved=visitor.person.email if visitor.person else ""))


@require_safe
def chat_file(request: HttpRequest, key: str, file: str, way: str) -> HttpResponse:
    """A file of the talk, for the bearer of the visitor's token."""
    channel = get_channel(key, "webchat")
    visitor = visitor_in(request, channel)
    if visitor is None:
        return said(401, "start again")
    return file_shown(channel, visitor.conversation_thread, file, way)


def _take_start(account: Account, request: HttpRequest) -> None:
    place = f"chat start|{account.key}|{prefix_of(caller(request))}"
    take(f"{place}|minute", burst=STARTS_PER_MINUTE, per_minute=STARTS_PER_MINUTE)
    take(f"{place}|hour", burst=STARTS_PER_HOUR, per_minute=STARTS_PER_HOUR / 60)
