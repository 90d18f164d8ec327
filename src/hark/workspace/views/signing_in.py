"""Signing in for a channel by OAuth 2: to the provider, and back from there.

State and proof key live in the session of whoever began, for ten minutes and one answer. What the provider puts into
the address is taken out of the request before anything else sees it: a sign-in page, a log, an error.
"""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.crypto import constant_time_compare

from hark.channels.accounts import account_of
from hark.channels.errors import AuthLost, Retry
from hark.channels.kit.oauth import exchanged, proof_key, refused_sign_in, sign_in_address
from hark.channels.types import OAuth
from hark.intake.actions.polling import forget_pause
from hark.kernel.errors import NotFound
from hark.kernel.ids import new_token
from hark.kernel.time import now
from hark.organisation.actions.channel_sign_in import keep_sign_in
from hark.organisation.models import Channel
from hark.organisation.queries import get_channel
from hark.organisation.types import Right
from hark.workspace.queries.signing_in import RETURN_PATH
from hark.workspace.views.channels import look, venue_called
from hark.workspace.views.desk import agent_of, desk
from hark.workspace.views.settings import settings_page

BEGUN = "channel_sign_in"
WITHIN = timedelta(minutes=10)
NOT_BEGUN = "This sign-in was not begun here, or more than ten minutes ago. Begin it again on the channel’s page."


class Answer(NamedTuple):
    """What the provider put into the address."""

    state: str
    code: str
    error: str
    description: str


@desk("POST", right=Right.CHANNELS)
def sign_in_there(request: HttpRequest, key: str) -> HttpResponse:
    """Lead on to the provider: by a page of ours, since no form of ours may lead to another site."""
    row = get_channel(agent_of(request), key)
    oauth, state = _oauth(row), new_token()
    verifier, challenge = proof_key()
    until = (now() + WITHIN).isoformat()
    request.session[BEGUN] = {"state": state, "verifier": verifier, "channel": key, "of": oauth.of, "until": until}
    address = sign_in_address(oauth, redirect=return_address(), state=state, challenge=challenge)
    return settings_page(request, "channel_sign_in", channel=row, provider=oauth.provider, address=address)


def back_from_there(request: HttpRequest) -> HttpResponse:
    """The provider sends the person back with a code, or with a reason why not."""
    answer = Answer(*(request.GET.get(name, "") for name in ("state", "code", "error", "error_description")))
    request.GET, request.META["QUERY_STRING"] = QueryDict(), ""
    return _back(request, answer)


@desk("GET", right=Right.CHANNELS)
def _back(request: HttpRequest, answer: Answer) -> HttpResponse:
    begun = _begun(request, answer.state)
    if begun is None:
        messages.error(request, NOT_BEGUN)
        return redirect("/settings/channels/")
    row = get_channel(agent_of(request), begun["channel"])
    problem = _signed_in(request, row, begun, answer)
    if problem:
        messages.error(request, problem)
    else:
        forget_pause(channel_id=row.pk)
        look(request, row, "Signed in, and checked: all is well.")
    return redirect(f"/settings/channels/{row.key}/")


def _begun(request: HttpRequest, state: str) -> dict[str, Any] | None:
    """What this session began and has not used yet, when the answer belongs to it."""
    begun: dict[str, Any] | None = request.session.get(BEGUN)
    if not begun or not constant_time_compare(begun["state"], state):
        return None
    del request.session[BEGUN]
    return begun if datetime.fromisoformat(begun["until"]) > now() else None


def _signed_in(request: HttpRequest, row: Channel, begun: dict[str, Any], answer: Answer) -> str:
    """Keep what the code is worth; why not, in a sentence."""
    oauth = _oauth(row)
    if oauth.of != begun["of"]:
        return "The settings were changed meanwhile. Sign in again."
    if not answer.code:
        return refused_sign_in(oauth, answer.error, answer.description)
    try:
        grant = exchanged(oauth, code=answer.code, verifier=begun["verifier"], redirect=return_address())
    except (AuthLost, Retry) as error:
        return error.detail or error.message
    keep_sign_in(channel_id=row.pk, of=oauth.of, grant=grant, actor=agent_of(request).key)
    return ""


def return_address() -> str:
    """Where every provider sends people back: one address, written exactly so there."""
    return f"{settings.HARK_BASE_URL}{RETURN_PATH}"


def _oauth(row: Channel) -> OAuth:
    oauth = venue_called(row.venue).oauth(account_of(row))
    if oauth is None:
        raise NotFound
    return oauth
