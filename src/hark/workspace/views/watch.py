"""Sessions under watch: from which device, since when; over after 12 hours, sooner for administrators' pages."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from django.contrib.auth import logout
from django.http import HttpRequest

from hark.kernel.time import now
from hark.organisation.actions.sessions import move_sign_in, note_sign_in
from hark.organisation.models import Agent

ABSOLUTE = timedelta(hours=12)
IDLE = timedelta(minutes=60)
NOTED_EVERY = timedelta(minutes=1)
SINCE, SEEN = "hark_since", "hark_seen"
GUARDED = ("/settings/", "/audit/", "/first-run/")
# An open page asks for these, nobody's hand.
BY_ITSELF = ("/presence/heartbeat/", "/inbox/pulse/", "/inbox/rows/", "/offers/", "/notices/bell/")
BROWSERS = (("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrom", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("Android", "Android"), ("iPhone|iPad", "iOS"), ("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux"),
)  # fmt: skip


def watch(request: HttpRequest, agent: Agent) -> None:
    """Note that the session is used. Its end is fixed when it is first seen, whatever happens in it later."""
    at, session = now(), request.session
    if SINCE not in session:
        session[SINCE] = at.isoformat()
        session.set_expiry(at + ABSOLUTE)
    elif request.path in BY_ITSELF or at - last_seen(request) < NOTED_EVERY:
        return
    session[SEEN] = at.isoformat()
    note_sign_in(
        agent=agent, session_key=session.session_key or "", device=device_of(request), address=caller(request), at=at
    )


def sent_out(request: HttpRequest) -> bool:
    """End a session that nobody has touched for an hour when it asks for an administrators' page; True when it did."""
    idle = request.path.startswith(GUARDED) and SEEN in request.session and now() - last_seen(request) > IDLE
    if idle:
        logout(request)
    return idle


def last_seen(request: HttpRequest) -> datetime:
    """When the session was last used by hand."""
    return datetime.fromisoformat(request.session[SEEN])


def new_session_key(request: HttpRequest, cycle: Callable[[], None] | None = None) -> None:
    """The session goes on under another key: whoever knew the old one knows nothing any more. `cycle` may do it."""
    before = request.session.session_key or ""
    (cycle or request.session.cycle_key)()
    move_sign_in(before=before, after=request.session.session_key or "")


def caller(request: HttpRequest) -> str:
    """The caller's address; the front has put it there, past the proxies that may be believed."""
    return str(request.META.get("REMOTE_ADDR", ""))


def device_of(request: HttpRequest) -> str:
    """The browser in two words. It is what the browser says of itself: for recognising, not for proving."""
    said = request.headers.get("User-Agent", "")
    browser = next((name for mark, name in BROWSERS if mark in said), "A program")
    system = next((name for mark, name in SYSTEMS if re.search(mark, said)), "")
    return f"{browser} on {system}" if system else browser
