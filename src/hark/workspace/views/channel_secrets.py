"""Settings: the secrets that a channel shares with the company's own programs."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect

from hark.channels.accounts import account_of
from hark.channels.api.trying import CallRead, read_call
from hark.channels.registry import venue
from hark.channels.types import Account
from hark.channels.webchat.vouching import TokenRead, read_token
from hark.kernel.errors import NotFound
from hark.kernel.time import now
from hark.organisation.actions.channel_secrets import drop_older_secret, make_secret
from hark.organisation.models import Channel
from hark.organisation.queries import get_channel
from hark.organisation.types import Right
from hark.workspace.queries.channel_secrets import secrets_shown
from hark.workspace.views.desk import agent_of, desk
from hark.workspace.views.settings import settings_page


@desk("GET", "POST", right=Right.CHANNELS)
def channel_secrets(request: HttpRequest, key: str) -> HttpResponse:
    """Make, show once, replace and drop a shared secret; try a token. A venue without any has no such page."""
    channel = get_channel(agent_of(request), key)
    names = [kind.name for kind in venue(channel.venue).shared_secrets]
    if not names:
        raise NotFound
    act, name = request.POST.get("act", ""), request.POST.get("name", names[0])
    if name not in names:
        raise NotFound
    if act == "drop":
        drop_older_secret(channel_id=channel.pk, name=name, actor=agent_of(request).key)
        messages.success(request, "The older secret is dropped. Only the newer one is valid.")
        return redirect(f"/settings/channels/{key}/secrets/")
    made = make_secret(channel_id=channel.pk, name=name, actor=agent_of(request).key) if act == "make" else ""
    channel.refresh_from_db(fields=["sealed_secrets"])
    return secrets_page(request, channel, made={name: made} if made else {})


def secrets_page(request: HttpRequest, channel: Channel, made: dict[str, str]) -> HttpResponse:
    """The page; `made` holds a secret by its name in the one answer in which it is shown."""
    account, tried = account_of(channel), TRIES.get(channel.venue)
    read = tried(account, request.POST) if tried and request.POST.get("act") == "check" else None
    return settings_page(
        request, "channel_secrets", channel=channel, read=read, given=request.POST,
        tries=f"workspace/parts/try_{channel.venue}.html" if tried else "",
        rows=[{"secret": shown, "made": made.get(shown.kind.name, "")} for shown in secrets_shown(channel)],
        snippets=venue(channel.venue).code(account, f"{settings.HARK_BASE_URL}/in/{channel.key}"),
    )  # fmt: skip


def try_token(account: Account, given: QueryDict) -> TokenRead:
    """What the chat reads in a pasted token."""
    return read_token(account, given.get("token", ""), at=now())


def try_call(account: Account, given: QueryDict) -> CallRead:
    """What the API channel reads in a pasted call."""
    return read_call(account, given.get("stamp", ""), given.get("signature", ""), given.get("body", ""), at=now())


TRIES: dict[str, Callable[[Account, QueryDict], Any]] = {"webchat": try_token, "api": try_call}
