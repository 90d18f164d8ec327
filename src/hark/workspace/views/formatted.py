"""A message as it was formatted, in a frame that can do nothing; its pictures from elsewhere; the bytes it came in."""

from django.http import HttpRequest, HttpResponse

from hark.conversations.actions.due import have_fetched
from hark.conversations.actions.originals import open_original
from hark.conversations.actions.remote_pictures import want_pictures
from hark.conversations.queries.formatted import formatted_message
from hark.kernel.files import OCTETS
from hark.kernel.framed import POLICY, framed_page
from hark.kernel.giving import sealed
from hark.organisation.types import Right
from hark.workspace.actions.acts import author_of
from hark.workspace.views.answers import case_of, changed, message_of
from hark.workspace.views.desk import agent_of, desk


@desk("GET")
def formatted(request: HttpRequest, key: str) -> HttpResponse:
    """A page of its own: no script, no form, no address of anybody, not even ours; pictures are in it as data."""
    message = formatted_message(agent_of(request), key)
    response = HttpResponse(framed_page(message.html, message.picture))
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    response.frame_ancestors = "'self'"  # type: ignore[attr-defined]
    return response


@desk("POST", right=Right.NOTE)
def pictures(request: HttpRequest, key: str) -> HttpResponse:
    """Have the pictures fetched that lie elsewhere; whoever put them there can know then that the mail was read."""
    agent = agent_of(request)
    message = message_of(agent, key)
    want_pictures(message_id=message.pk, author=author_of(agent))
    have_fetched()
    return changed(request, case_of(agent, message))


@desk("GET", right=Right.ORIGINALS)
def original(request: HttpRequest, key: str) -> HttpResponse:
    """The bytes a message came in, to be saved. It is written down in the audit."""
    name, body = open_original(agent=agent_of(request), key=key)
    return sealed(HttpResponse(body, content_type=OCTETS), name)
