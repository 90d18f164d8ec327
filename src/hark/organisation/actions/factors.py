"""The second factor of the people who work here: an app with codes, passkeys, recovery codes.

The rows are django-allauth's; what is secret in them is sealed to its person, so that it opens nowhere else.
"""

import base64
import hashlib
import hmac

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.db import transaction

from hark.kernel import ids, secrets
from hark.kernel.errors import HarkError, NotFound
from hark.kernel.time import now
from hark.kernel.types import Json
from hark.organisation.actions.audit import audit
from hark.organisation.actions.deciding import check_decides
from hark.organisation.actions.sessions import end_sessions
from hark.organisation.models import Agent
from hark.organisation.queries import factors_of, has_second_factor, must_have_second_factor

STEP_SECONDS = 30
DRIFT_STEPS = 1  # a telephone's clock may be half a minute off
CODES = 10
Kind = Authenticator.Type


class WrongCode(HarkError):
    """This code is not right, or was used before. Wait for the next one and try again."""


class FactorNeeded(HarkError):
    """You must keep one way of proving that it is you. Set up another one first."""


def new_app_secret() -> str:
    """A secret for an app, as the app takes it."""
    return base64.b32encode(ids.random_bytes(20)).decode()


def add_app(*, agent: Agent, secret: str, code: str, session_key: str = "") -> list[str]:
    """Take the app into use that shows `code` for `secret`; it replaces an earlier one. Raises WrongCode.

    Gives recovery codes when the person had none. One transaction; all other sessions end than the one with
    `session_key`.
    """
    step = _step_of(secret, code)
    if step is None:
        raise WrongCode
    with transaction.atomic():
        _lock(agent)
        factors_of(agent).filter(type=Kind.TOTP).delete()
        Authenticator.objects.create(
            user=agent, type=Kind.TOTP, data={"sealed": _sealed(secret, agent), "last": step}, created_at=now()
        )
        return _added(agent, "app", session_key)


def add_passkey(*, agent: Agent, name: str, credential: Json, session_key: str = "") -> list[str]:
    """Take a passkey into use whose `credential` was checked against its challenge; else like `add_app`."""
    with transaction.atomic():
        _lock(agent)
        data = {"name": name, "credential": credential}
        Authenticator.objects.create(user=agent, type=Kind.WEBAUTHN, data=data, created_at=now())
        return _added(agent, "passkey", session_key)


def renew_codes(*, agent: Agent) -> list[str]:
    """Fresh recovery codes, shown once; the earlier ones are void. One transaction."""
    with transaction.atomic():
        _lock(agent)
        codes = _new_codes(agent)
        audit("agent.codes_renewed", agent.key)
    return codes


def remove_factor(*, agent: Agent, factor_id: int, session_key: str) -> None:
    """Take one factor out of use; all other sessions end. Raises NotFound, FactorNeeded for the last one of those who
    must have one. One transaction.
    """
    with transaction.atomic():
        _lock(agent)
        row = factors_of(agent).exclude(type=Kind.RECOVERY_CODES).filter(pk=factor_id).first()
        if row is None:
            raise NotFound
        row.delete()
        if not has_second_factor(agent):
            if must_have_second_factor(agent):
                raise FactorNeeded
            factors_of(agent).delete()
        end_sessions(agent_id=agent.pk, but=session_key)
        audit("agent.factor_removed", agent.key, kind=row.type)


def forget_factors(*, agent: Agent, actor: Agent | None) -> None:
    """Take all factors of somebody out of use who has lost them; all his sessions end, the next sign-in sets up anew.

    `actor` is None on the command line. Raises NotAllowed (see `check_decides`).
    """
    if actor:
        check_decides(actor=actor, agent=agent)
    with transaction.atomic():
        _lock(agent)
        factors_of(agent).delete()
        end_sessions(agent_id=agent.pk)
        audit("agent.factors_forgotten", agent.key)


def use_code(*, agent: Agent, code: str) -> None:
    """Take a code of the app, or a recovery code; each works once, however many try it together. Raises WrongCode."""
    with transaction.atomic():
        rows = factors_of(agent).filter(type__in=[Kind.TOTP, Kind.RECOVERY_CODES]).select_for_update()
        digits = "".join(code.split()).replace("-", "").lower()
        used = [row for row in rows if (_used_app if row.type == Kind.TOTP else _used_recovery)(agent, row, digits)]
        for row in used:
            row.last_used_at = now()
            row.save(update_fields=["data", "last_used_at"])
            if row.type == Kind.RECOVERY_CODES:
                audit("agent.code_used", agent.key, actor=agent.key, left=len(row.data["hashes"]))
    if not used:
        raise WrongCode


def passkey_used(*, factor_id: int) -> None:
    """Remember when a passkey was used."""
    Authenticator.objects.filter(pk=factor_id).update(last_used_at=now())


def _added(agent: Agent, kind: str, session_key: str) -> list[str]:
    end_sessions(agent_id=agent.pk, but=session_key)
    codes = [] if factors_of(agent).filter(type=Kind.RECOVERY_CODES).exists() else _new_codes(agent)
    audit("agent.factor_added", agent.key, actor=agent.key, kind=kind)
    return codes


def _new_codes(agent: Agent) -> list[str]:
    codes = [ids.public_key("")[1:13] for _ in range(CODES)]  # 60 bits each
    data = {"hashes": [_digest(agent, code) for code in codes]}
    factors_of(agent).filter(type=Kind.RECOVERY_CODES).delete()
    Authenticator.objects.create(user=agent, type=Kind.RECOVERY_CODES, data=data, created_at=now())
    return [f"{code[:4]}-{code[4:8]}-{code[8:]}" for code in codes]


def _used_recovery(agent: Agent, row: Authenticator, code: str) -> bool:
    left = [kept for kept in row.data["hashes"] if not hmac.compare_digest(kept, _digest(agent, code))]
    found = len(left) < len(row.data["hashes"])
    row.data["hashes"] = left
    return found


def _used_app(agent: Agent, row: Authenticator, code: str) -> bool:
    """Only a step later than the last one that was used counts: the same code never works twice."""
    secret = secrets.open_sealed(base64.b64decode(row.data["sealed"]), aad=sealing_place(agent)).decode()
    step = _step_of(secret, code, after=row.data["last"])
    if step is not None:
        row.data["last"] = step
    return step is not None


def _step_of(secret: str, code: str, *, after: int = 0) -> int | None:
    """The half minute whose code this is; None for one that is wrong, too old or too early."""
    here = int(now().timestamp()) // STEP_SECONDS
    given = "".join(code.split()).encode("utf-8", "replace")
    for step in range(max(after + 1, here - DRIFT_STEPS), here + DRIFT_STEPS + 1):
        if hmac.compare_digest(format_hotp_value(hotp_value(secret, step)).encode(), given):
            return step
    return None


def _digest(agent: Agent, code: str) -> str:
    return hashlib.sha256(f"{agent.key}|{code}".encode("utf-8", "replace")).hexdigest()


def _sealed(secret: str, agent: Agent) -> str:
    return base64.b64encode(secrets.seal(secret.encode(), aad=sealing_place(agent))).decode()


def sealing_place(agent: Agent) -> str:
    """Where an app's secret stands, bound into the seal."""
    return f"mfa_authenticator|data|{agent.key}"


def _lock(agent: Agent) -> None:
    Agent.objects.select_for_update(of=("self",), no_key=True).get(pk=agent.pk)
