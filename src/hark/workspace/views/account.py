"""One's own page: the password, the second factor, where one is signed in."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from hark.kernel.limits import take
from hark.organisation.actions.factors import remove_factor, renew_codes
from hark.organisation.actions.people import change_password
from hark.organisation.actions.sessions import end_session, end_sessions
from hark.organisation.models import Agent
from hark.organisation.queries import factors_of, has_second_factor, must_have_second_factor, sign_ins_of
from hark.workspace.views.desk import agent_of, desk, show
from hark.workspace.views.first_run import tried
from hark.workspace.views.forms import ChangePasswordForm
from hark.workspace.views.second_factor import MINUTES, TRIES, codes_page, set_up
from hark.workspace.views.watch import new_session_key

NOT_YOURS = "This is not your password."


@desk("GET", "POST")
def account(request: HttpRequest) -> HttpResponse:
    """Everything about one's own way in; another password."""
    agent = agent_of(request)
    form = ChangePasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if not knows_password(agent, form.cleaned_data["old"]):
            form.add_error("old", NOT_YOURS)
        elif tried(form, lambda: renew_password(request, agent, form.cleaned_data["password"])):
            messages.success(request, "Your password is changed. All other sessions have ended.")
            return redirect("/account/")
    response = show(
        request, "account.html", "account", form=form, sign_ins=sign_ins_of(agent), this=request.session.session_key,
        factors=factors_of(agent).exclude(type="recovery_codes"), codes_left=codes_left(agent),
        must=must_have_second_factor(agent),
    )  # fmt: skip
    response.status_code = 422 if form.errors else 200
    return response


@desk("GET", "POST")
def second_factor(request: HttpRequest) -> HttpResponse:
    """One more way of proving that it is you; the password is asked for once more."""
    agent = agent_of(request)
    wrong = request.method == "POST" and not knows_password(agent, request.POST.get("old", ""))
    return set_up(request, agent, lambda: redirect("/account/"), first=False, trouble=NOT_YOURS if wrong else "")


@desk("POST")
def factor_removed(request: HttpRequest) -> HttpResponse:
    """Take an app or a passkey out of use."""
    agent, number = agent_of(request), request.POST.get("factor", "")
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        raise Http404
    if not knows_password(agent, request.POST.get("old", "")):
        messages.error(request, NOT_YOURS)
        return redirect("/account/")
    new_session_key(request)
    remove_factor(agent=agent, factor_id=int(number), session_key=request.session.session_key or "")
    messages.success(request, "It is out of use. All other sessions have ended.")
    return redirect("/account/")


@desk("POST")
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Fresh recovery codes, shown once."""
    agent = agent_of(request)
    if not has_second_factor(agent):
        raise Http404
    if not knows_password(agent, request.POST.get("old", "")):
        messages.error(request, NOT_YOURS)
        return redirect("/account/")
    return codes_page(request, renew_codes(agent=agent), "/account/")


@desk("POST")
def session_ended(request: HttpRequest) -> HttpResponse:
    """End one of one's sessions, or all but this one."""
    agent, asked = agent_of(request), request.POST.get("session", "")
    if asked:
        end_session(agent=agent, key=asked)
    else:
        end_sessions(agent_id=agent.pk, but=request.session.session_key or "")
    messages.success(request, "Ended. Its open pages close within five seconds.")
    return redirect("/account/")


def knows_password(agent: Agent, given: str) -> bool:
    """Is it this person's password? Ten tries in fifteen minutes; raises TooManyRequests."""
    take(f"own password|{agent.key}", burst=TRIES, per_minute=TRIES / MINUTES)
    return agent.check_password(given)


def renew_password(request: HttpRequest, agent: Agent, new: str) -> None:
    """Set the password; this session goes on under another key, all others end."""
    changed = change_password(agent=agent, new=new, session_key=request.session.session_key or "")
    new_session_key(request, lambda: update_session_auth_hash(request, changed))


def codes_left(agent: Agent) -> int:
    """How many recovery codes still work."""
    row = factors_of(agent).filter(type="recovery_codes").first()
    return len(row.data["hashes"]) if row else 0
