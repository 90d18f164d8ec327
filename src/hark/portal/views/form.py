"""The contact form: its page, its place in other sites, the acknowledgement, the private page with the answers."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from hark.channels.accounts import account_of
from hark.channels.form import form_headers, form_page, new_stamp, settings_of, talk_of
from hark.channels.form.fields import EMBED, FILES, LONGEST, STAMP, TALK, TRAP, message_field
from hark.channels.form.page import MOST_FILE_BYTES
from hark.channels.types import Account
from hark.conversations.queries.going_on import mailbox_of
from hark.kernel.time import now
from hark.organisation.models import Channel
from hark.portal.queries import file_shown, get_channel, lines_shown, mailed_to, who_is_here
from hark.portal.views.pages import framed, page, script


@require_safe
def form(request: HttpRequest, key: str) -> HttpResponse:
    """A fresh form. It posts to the front door and works without script."""
    account = account_of(get_channel(key, "form"))
    values = {EMBED: "1"} if request.GET.get("embed") else {}
    return _with_headers(HttpResponse(form_page(account, new_stamp(account, at=now()), values=values)), account)


@require_safe
def embed_script(request: HttpRequest, key: str) -> HttpResponse:
    """One script tag puts the form where it stands and keeps its height right."""
    channel = get_channel(key, "form")
    title = settings_of(account_of(channel)).title
    return script("embed.js", {"key": channel.key, "title": title})


@require_safe
def thanks(request: HttpRequest, key: str, token: str) -> HttpResponse:
    """The acknowledgement, with the private link to the answers."""
    channel = get_channel(key, "form")
    account, _ = _talk(channel, token)
    context = {
        "key": channel.key,
        "brand": channel.inbox.brand,
        "link": f"{settings.HARK_BASE_URL}/form/{channel.key}/talk/{token}/",
        "path": f"/form/{channel.key}/talk/{token}/",
        "embedded": bool(request.GET.get("embed")),
        "by_mail": mailbox_of(channel) is not None,
    }
    return _with_headers(page("portal/thanks.html", context, account), account)


@require_safe
def talk(request: HttpRequest, key: str, token: str) -> HttpResponse:
    """What was written and answered, under the private link, with room to write on."""
    channel = get_channel(key, "form")
    account, thread = _talk(channel, token)
    field = message_field(settings_of(account))
    context = {
        "key": channel.key,
        "brand": channel.inbox.brand,
        "lines": lines_shown(channel, thread),
        "here": who_is_here(channel, thread),
        "hidden": {STAMP: new_stamp(account, at=now()).text, TALK: token},
        "trap": TRAP,
        "field": field,
        "longest": LONGEST[field.type],
        "files": FILES if settings_of(account).files else "",
        "most_files": MOST_FILE_BYTES,
        "sent": bool(request.GET.get("sent")),
        "mailed_to": mailed_to(channel, thread),
    }
    return _with_headers(page("portal/talk.html", context, account), account)


@require_safe
def talk_lines(request: HttpRequest, key: str, token: str) -> HttpResponse:
    """The same lines for the page's script, which asks again now and then."""
    channel = get_channel(key, "form")
    _, thread = _talk(channel, token)
    return JsonResponse({"lines": lines_shown(channel, thread), "here": who_is_here(channel, thread)})


@require_safe
def talk_file(request: HttpRequest, key: str, token: str, file: str, way: str) -> HttpResponse:
    """A file of the talk, under the private link."""
    channel = get_channel(key, "form")
    _, thread = _talk(channel, token)
    return file_shown(channel, thread, file, way)


def _talk(channel: Channel, token: str) -> tuple[Account, str]:
    """The account and the thread behind a private link; Http404 for a link that is not ours."""
    account = account_of(channel)
    thread = talk_of(account, token)
    if thread is None:
        raise Http404
    return account, thread


def _with_headers(response: HttpResponse, account: Account) -> HttpResponse:
    """The headers that the front door gives the same page when it refuses a post."""
    for name, value in form_headers(account):
        response.headers[name] = value
    return framed(response, account)
