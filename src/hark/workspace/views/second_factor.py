"""The second factor: asked for at every way in, set up at the first one where it is due, or on one's own page."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import qrcode
from allauth.account.internal.decorators import login_stage_required
from allauth.account.stages import LoginStage
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.webauthn.internal import auth as passkeys
from django.core.exceptions import ValidationError
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from hark.kernel.acting import acting
from hark.kernel.errors import HarkError
from hark.kernel.limits import take
from hark.kernel.types import Json
from hark.organisation.actions.factors import WrongCode, add_app, add_passkey, new_app_secret, passkey_used, use_code
from hark.organisation.models import Agent
from hark.organisation.queries import factors_of, has_second_factor, must_have_second_factor
from hark.workspace.views.watch import caller, new_session_key

TRIES, MINUTES = 10, 15
NOT_A_PASSKEY = (ValidationError, ValueError, TypeError, KeyError, AttributeError)  # what strangers' JSON raises


class SetUpStage(LoginStage):  # type: ignore[misc]
    """Whoever must have a second factor and has none sets one up before he is in."""

    key = "hark_set_up"
    urlname = "second_factor_first"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        """Go on, or go to the page."""
        agent = self.login.user
        due = must_have_second_factor(agent) and not has_second_factor(agent)
        return (redirect(reverse(self.urlname)) if due else None), True


@login_stage_required(stage=AuthenticateStage.key, redirect_urlname="account_login")  # type: ignore[untyped-decorator]
def challenge(request: HttpRequest) -> HttpResponse:
    """After the password: a code of the app, a passkey, or a recovery code."""
    stage = request._login_stage  # type: ignore[attr-defined]
    agent: Agent = stage.login.user
    trouble = ""
    if not agent.is_active:
        return stage.abort()  # type: ignore[no-any-return]
    if request.method == "POST":
        try:
            prove(request, agent)
        except HarkError as problem:
            trouble = problem.message
        else:
            return stage.exit()  # type: ignore[no-any-return]
    kinds = set(factors_of(agent).values_list("type", flat=True))
    options = passkeys.begin_authentication(agent) if "webauthn" in kinds else None
    context = {"trouble": trouble, "kinds": kinds, "options": json.dumps(options)}
    return render(request, "workspace/second_factor.html", context, status=422 if trouble else 200)


def prove(request: HttpRequest, agent: Agent) -> None:
    """Take what was typed or touched. Raises WrongCode, TooManyRequests."""
    take(f"second factor|{agent.key}", burst=TRIES, per_minute=TRIES / MINUTES)
    take(f"second factor|{caller(request)}", burst=TRIES * 10, per_minute=TRIES * 10 / MINUTES)
    with acting(agent.key, caller(request)):
        if "credential" not in request.POST:
            return use_code(agent=agent, code=request.POST.get("code", "")[:40])
        try:
            used = passkeys.complete_authentication(agent, posted_credential(request))
        except NOT_A_PASSKEY:
            raise WrongCode from None
        return passkey_used(factor_id=used.pk)


@login_stage_required(stage=SetUpStage.key, redirect_urlname="account_login")  # type: ignore[untyped-decorator]
def first(request: HttpRequest) -> HttpResponse:
    """The page before the first sign-in of those who must have a second factor."""
    stage = request._login_stage  # type: ignore[attr-defined]
    agent: Agent = stage.login.user
    if not agent.is_active or has_second_factor(agent):
        return stage.abort()  # type: ignore[no-any-return]
    return set_up(request, agent, stage.exit, first=True)


def set_up(request: HttpRequest, agent: Agent, finish: Callable[[], HttpResponse], **more: Any) -> HttpResponse:
    """An app by its picture and a code, or a passkey; then the recovery codes, shown once."""
    trouble, secret = more.pop("trouble", ""), secret_in(request, agent) or new_app_secret()
    if request.method == "POST" and not trouble:
        try:
            with acting(agent.key, caller(request)):
                codes = taken_into_use(request, agent, secret)
        except HarkError as problem:
            trouble = problem.message
        else:
            done = finish()
            return codes_page(request, codes, done["Location"]) if codes else done
    context = {
        "trouble": trouble,
        "secret": Signer(salt=agent.key).sign(secret),
        "typed": " ".join(secret[place : place + 4] for place in range(0, len(secret), 4)),
        "picture": drawn(f"otpauth://totp/{quote('Hark:' + agent.email)}?secret={secret}&issuer=Hark"),
        "options": json.dumps(passkeys.begin_registration(agent, passwordless=False)),
        **more,
    }
    return render(request, "workspace/second_factor_set_up.html", context, status=422 if trouble else 200)


def taken_into_use(request: HttpRequest, agent: Agent, secret: str) -> list[str]:
    """Keep the app or the passkey; gives fresh recovery codes. All other sessions of the person end."""
    take(f"second factor|{agent.key}", burst=TRIES, per_minute=TRIES / MINUTES)
    if request.user.is_authenticated:
        new_session_key(request)
    here = request.session.session_key or ""
    if "credential" not in request.POST:
        return add_app(agent=agent, secret=secret, code=request.POST.get("code", "")[:40], session_key=here)
    credential = posted_credential(request)
    try:
        passkeys.parse_registration_response(credential)
        passkeys.complete_registration(credential)
    except NOT_A_PASSKEY:
        raise WrongCode from None
    name = request.POST.get("name", "").strip()[:80] or "Passkey"
    return add_passkey(agent=agent, name=name, credential=credential, session_key=here)


def posted_credential(request: HttpRequest) -> Json:
    """What the browser says the passkey said. Raises WrongCode."""
    try:
        return json.loads(request.POST["credential"])
    except (ValueError, RecursionError):
        raise WrongCode from None


def secret_in(request: HttpRequest, agent: Agent) -> str:
    """The app's secret that the page was shown with; empty for one that is not ours or is another person's."""
    try:
        return Signer(salt=agent.key).unsign(request.POST.get("secret", ""))
    except BadSignature:
        return ""


def codes_page(request: HttpRequest, codes: list[str], onward: str) -> HttpResponse:
    """The recovery codes, shown once."""
    return render(request, "workspace/recovery_codes.html", {"codes": codes, "onward": onward})


def drawn(text: str) -> dict[str, Any]:
    """A QR code as the path of a drawing, one square of 1 × 1 for each dark field."""
    code = qrcode.QRCode(border=3)
    code.add_data(text)
    rows = code.get_matrix()
    path = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
    return {"size": len(rows), "path": path}
