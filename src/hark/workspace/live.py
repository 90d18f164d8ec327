"""`GET /live`: what an agent's open pages hear. The session says who it is; nothing in the request chooses a stream."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils.crypto import constant_time_compare

from hark.conversations.models import Case
from hark.conversations.types import Status
from hark.kernel.db import fetch_all
from hark.kernel.live import LiveHub, Rights
from hark.kernel.raw_asgi import Receive, Scope, Send, answer, header, last_event
from hark.kernel.time import now
from hark.kernel.types import JournalEvent
from hark.organisation.models import Agent
from hark.organisation.queries import inboxes_visible_to, rights_fingerprint, sees_everything

PATH = "/live"
ACROSS_SITES = frozenset({b"cross-site", b"same-site"})
ENDED = """
    SELECT key FROM unnest(%s::text[]) key WHERE NOT EXISTS (
        SELECT FROM django_session s WHERE s.session_key = key AND s.expire_date > clock_timestamp())
"""
Inboxes = tuple[frozenset[int], frozenset[int]]


class AgentGate:
    """What agents may hear: their inboxes as the gate of every page gives them, for many sessions at once."""

    def __init__(self) -> None:
        """Remembers for each session the state of the house in which its rights were given."""
        self._given: dict[str, str] = {}

    def rights(self, tickets: Collection[str]) -> Mapping[str, Rights]:
        """Tickets are session keys; a session that has ended or whose password was changed since gives none."""
        house = rights_fingerprint()  # before anything is read: a change from here on makes these rights doubtful
        running = Session.objects.filter(session_key__in=tickets, expire_date__gt=now())
        sessions = {key: _unpacked(data) for key, data in running.values_list("session_key", "session_data")}
        agents = {agent.pk: agent for agent in _active({number for number, _ in sessions.values()})}
        codes = {number: agent.get_session_auth_hash() for number, agent in agents.items()}
        found = _rights_of(agents.values())
        self._given.update(dict.fromkeys(sessions, house))
        return {
            key: found[number]
            for key, (number, code) in sessions.items()
            if number in agents and constant_time_compare(codes[number], code)
        }

    def doubtful(self, tickets: Collection[str]) -> Collection[str]:
        """Sessions that have ended, and all whose rights were given before anybody's rights changed."""
        for gone in set(self._given) - set(tickets):
            self._given.pop(gone, None)
        house = rights_fingerprint()
        ended = {key for (key,) in fetch_all(ENDED, [list(tickets)])}
        return [key for key in tickets if key in ended or self._given.get(key) != house]

    def holders(self, subjects: Collection[str]) -> Mapping[str, int]:
        """Who a case is assigned to."""
        rows = Case.objects.filter(key__in=subjects, assignee__isnull=False).values_list("key", "assignee_id")
        return {key: int(number or 0) for key, number in rows}

    def shown(self, event: JournalEvent) -> dict[str, Any]:
        """Ids and short words, never what somebody wrote."""
        return {"kind": event.kind, "subject": event.subject, "data": event.data, "at": event.at.isoformat()}


class AgentLive:
    """The ASGI end of it."""

    def __init__(self, hub: LiveHub) -> None:
        """One gate for all agents of this process."""
        self._hub = hub
        self._gate = AgentGate()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A stream for whoever is signed in; 401 for everybody else."""
        if scope["method"] != "GET" or header(scope, b"sec-fetch-site") in ACROSS_SITES:
            return await answer(send, 403, b'{"error":"not allowed"}')
        key, after = session_key(scope), last_event(scope)
        scope["headers"].clear()  # a stream lasts for hours, and a browser's headers are a tenth of its memory
        if key and await self._hub.serve(receive, send, gate=self._gate, ticket=key, after=after):
            return None
        return await answer(send, 401, b'{"error":"sign in first"}')


def session_key(scope: Scope) -> str:
    """The session named by the cookies; empty when there is none."""
    try:
        cookies = SimpleCookie((header(scope, b"cookie") or b"").decode("latin-1"))
    except CookieError:
        return ""
    found = cookies.get(settings.SESSION_COOKIE_NAME)
    return found.value if found and found.value.isalnum() and found.value.isascii() else ""


def _unpacked(data: str) -> tuple[int, str]:
    """Agent and password code in a session; (0, "") when nobody is signed in by a way that is still open."""
    values = SessionStore().decode(data)
    number = str(values.get(SESSION_KEY, ""))
    if not number.isdigit() or values.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return 0, ""
    return int(number), str(values.get(HASH_SESSION_KEY, ""))


def _active(numbers: set[int]) -> Iterable[Agent]:
    wanted = Agent.objects.filter(pk__in=numbers, is_active=True)
    return wanted.only("id", "key", "role", "is_active", "password", "own_role__rights").prefetch_related("teams")


def _rights_of(agents: Iterable[Agent]) -> dict[int, Rights]:
    """The inboxes come from the one gate, asked once for each combination of role and teams."""
    seen: dict[tuple[bool, frozenset[int]], Inboxes] = {}
    found: dict[int, Rights] = {}
    for agent in agents:
        whole = sees_everything(agent)
        place = (whole, frozenset(team.pk for team in agent.teams.all()))
        if place not in seen:
            seen[place] = _inboxes(agent, whole=whole)
        found[agent.pk] = Rights(agent.pk, *seen[place])
    return _with_held(found)


def _inboxes(agent: Agent, *, whole: bool) -> Inboxes:
    rows = inboxes_visible_to(agent).values_list("pk", "only_assigned")
    held = frozenset(number for number, only_assigned in rows if only_assigned and not whole)
    return frozenset(number for number, _ in rows) - held, held


def _with_held(found: dict[int, Rights]) -> dict[int, Rights]:
    """Where an agent sees only what is assigned to him: what that is now."""
    narrow = [number for number, rights in found.items() if rights.held_inboxes]
    if not narrow:
        return found
    held: defaultdict[int, set[str]] = defaultdict(set)
    open_cases = Case.objects.filter(assignee__in=narrow).exclude(status=Status.RESOLVED)
    for key, number in open_cases.values_list("key", "assignee_id"):
        held[int(number or 0)].add(key)
    for number in narrow:
        rights = found[number]
        found[number] = Rights(number, rights.inboxes, rights.held_inboxes, frozenset(held[number]))
    return found
