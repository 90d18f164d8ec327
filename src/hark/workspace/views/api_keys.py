"""Settings: keys of the API."""

from datetime import UTC, date, datetime, time, timedelta

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from hark.kernel.errors import HarkError
from hark.kernel.time import now
from hark.organisation.actions.api_keys import make_api_key, revoke_api_key
from hark.organisation.models import Agent
from hark.organisation.queries import api_keys, inboxes_visible_to
from hark.organisation.types import OF_THE_API, Right
from hark.workspace.queries.api_keys import key_shown
from hark.workspace.views.desk import agent_of, desk
from hark.workspace.views.role_forms import ApiKeyForm
from hark.workspace.views.settings import settings_page


@desk("GET", "POST", right=Right.KEYS)
def keys(request: HttpRequest) -> HttpResponse:
    """All keys with their last use; make one, whose secret stands on the page that answers and nowhere else."""
    agent, made = agent_of(request), None
    form = key_form(request, agent)
    if form.is_valid() and (made := made_of(agent, form)):
        form = key_form(None, agent)
    rows = [key_shown(row, at=now()) for row in api_keys()]
    return settings_page(request, "keys", form=form, keys=rows, made=made, base_url=settings.HARK_BASE_URL)


@desk("POST", right=Right.KEYS)
def revoke(request: HttpRequest, key: str) -> HttpResponse:
    """From now on it opens nothing."""
    revoke_api_key(key=key)
    messages.success(request, "The key is revoked. It opens nothing any more.")
    return redirect("/settings/keys/")


def key_form(request: HttpRequest | None, agent: Agent) -> ApiKeyForm:
    """The form, with what this person may do and see."""
    offered = [(right.value, right.label) for right in Right if right in OF_THE_API & agent.rights]
    inboxes = inboxes_visible_to(agent).order_by("name")
    posted = request.POST if request and request.method == "POST" else None
    return ApiKeyForm(posted, offered=offered, inboxes=inboxes, today=timezone.localdate())


def made_of(agent: Agent, form: ApiKeyForm) -> str | None:
    """The secret of the new key; None where it could not be made, with the reason on the form."""
    given = form.cleaned_data
    try:
        _, secret = make_api_key(
            agent=agent,
            name=given["name"],
            rights=given["rights"],
            inbox=given["inbox"],
            ends_at=end_of(given["ends_on"]),
        )
    except HarkError as trouble:
        form.add_error(None, trouble.message)
        return None
    return secret


def end_of(day: date) -> datetime:
    """When a day is over where the person is."""
    return datetime.combine(day + timedelta(days=1), time(), timezone.get_current_timezone()).astimezone(UTC)
