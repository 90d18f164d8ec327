"""Sessions of the people who work here: watched, listed, ended."""

from datetime import datetime

from django.contrib.sessions.models import Session

from hark.kernel.db import execute
from hark.kernel.errors import NotFound
from hark.kernel.ids import public_key
from hark.kernel.time import now
from hark.organisation.models import Agent, PushSubscription, SignIn

FORGET = "DELETE FROM organisation_signin WHERE session_key NOT IN (SELECT session_key FROM django_session)"


def note_sign_in(*, agent: Agent, session_key: str, device: str, address: str, at: datetime) -> None:
    """Remember from where a session is used; the same session again moves its last use on."""
    SignIn.objects.update_or_create(
        session_key=session_key,
        defaults={"agent": agent, "device": device, "address": address, "seen_at": at},
        create_defaults={
            "key": public_key("session"), "agent": agent, "device": device, "address": address, "since_at": at,
            "seen_at": at,
        },
    )  # fmt: skip


def note_hand(*, session_key: str, at: datetime) -> None:
    """Somebody sits at a page of this session just now."""
    SignIn.objects.filter(session_key=session_key).update(active_at=at)


def move_sign_in(*, before: str, after: str) -> None:
    """The session has a new key."""
    SignIn.objects.filter(session_key=before).update(session_key=after)
    PushSubscription.objects.filter(session_key=before).update(session_key=after)


def end_pushes(*, session_key: str) -> None:
    """The browsers of this session are told nothing any more."""
    PushSubscription.objects.filter(session_key=session_key).delete()


def end_session(*, agent: Agent, key: str) -> None:
    """End one of a person's own sessions by the public key of its line. Raises NotFound."""
    row = SignIn.objects.filter(agent=agent, key=key).first()
    if row is None:
        raise NotFound
    Session.objects.filter(pk=row.session_key).delete()
    end_pushes(session_key=row.session_key)
    row.delete()


def end_sessions(*, agent_id: int, but: str = "") -> int:
    """End every session of one person and what it let be told, but for the session key `but`; returns how many.

    Sessions are signed blobs without an owner's column, so all live ones are read; a change of rights is rare.
    """
    live = Session.objects.filter(expire_date__gt=now()).exclude(pk=but)
    theirs = [row.pk for row in live.iterator() if row.get_decoded().get("_auth_user_id") == str(agent_id)]
    SignIn.objects.filter(agent_id=agent_id).exclude(session_key=but).delete()
    PushSubscription.objects.filter(agent_id=agent_id).exclude(session_key=but).delete()
    return Session.objects.filter(pk__in=theirs).delete()[0]


def forget_ended_sign_ins() -> int:
    """Forget the devices and addresses of sessions that are over."""
    return execute(FORGET)
