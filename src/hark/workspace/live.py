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
from hark.kernel.live import LiveHub, Rights
from hark.kernel.raw_asgi import Receive, Scope, Send, answer, header, last_event
from hark.kernel.time import now
from hark.kernel.types import JournalEvent
from hark.organisation.models import Agent
from hark.organisation.queries import inboxes_visible_to, sees_everything

PATH = "/live"
ACROSS_SITES = frozenset({b"cross-site", b"same-site"})
Inboxes = tuple[frozenset[int], frozenset[int]]


class AgentGate:
    """What agents may hear: their inboxes as the gate of every page gives them, for many sessions at once."""

    def __init__(self) -> None:
        """Remembers what it has unpacked of a session, until the session's bytes change."""
        self._sessions: dict[str, tuple[str, int, str]] = {}
        self._passwords: dict[tuple[int, str], str] = {}

    def rights(self, tickets: Collection[str]) -> Mapping[str, Rights]:
        """Tickets are session keys; a session that has ended or whose password was changed since gives none."""
        sessions = self._signed_in(tickets)
        agents = {agent.pk: agent for agent in _active({number for number, _ in sessions.values()})}
        found = _rights_of(agents.values())
        return {
            key: found[number]
            for key, (number, code) in sessions.items()
            if number in agents and self._still_fits(agents[number], code)
        }

    def holders(self, subjects: Collection[str]) -> Mapping[str, int]:
        """Who a case is assigned to."""
        rows = Case.objects.filter(key__in=subjects, assignee__isnull=False).values_list("key", "assignee_id")
        return {key: int(number or 0) for key, number in rows}

    def shown(self, event: JournalEvent) -> dict[str, Any]:
        """Ids and short words, never what somebody wrote."""
        return {"kind": event.kind, "subject": event.subject, "data": event.data, "at": event.at.isoformat()}

    def _signed_in(self, keys: Collection[str]) -> dict[str, tuple[int, str]]:
        """Agent and password code of each session that still runs."""
        running = Session.objects.filter(session_key__in=keys, expire_date__gt=now())
        packed = dict(running.values_list("session_key", "session_data"))
        for gone in set(keys) - packed.keys():
            self._sessions.pop(gone, None)
        found = {}
        for key, data in packed.items():
            known = self._sessions.get(key)
            if known is None or known[0] != data:
                known = self._sessions[key] = (data, *_unpacked(data))
            if known[1]:
                found[key] = known[1:]
        if len(self._sessions) > 4 * len(packed) + 1_000:
            self._sessions.clear()
        return found

    def _still_fits(self, agent: Agent, code: str) -> bool:
        """Was the session begun with the password the agent has now?"""
        place = (agent.pk, agent.password)
        expected = self._passwords.get(place)
        if expected is None:
            if len(self._passwords) > 50_000:
                self._passwords.clear()
            expected = self._passwords[place] = agent.get_session_auth_hash()
        return constant_time_compare(expected, code)


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
        key = session_key(scope)
        after = last_event(scope)
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
    return wanted.only("id", "key", "role", "is_active", "password").prefetch_related("teams")


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
