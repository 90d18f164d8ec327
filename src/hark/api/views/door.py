"""What every call has in common: the key, the limit, the right, errors as JSON."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from hark.channels.kit.address import prefix_of
from hark.channels.kit.careful_json import Unreadable, loads
from hark.conversations.errors import (
    CannotReply,
    ChangedMeanwhile,
    LookAgain,
    NeedsApproval,
    NewerMessage,
    NothingWritten,
    TooLong,
)
from hark.kernel.acting import acting
from hark.kernel.errors import HarkError, NotAllowed, NotFound, TooManyRequests
from hark.kernel.limits import take
from hark.organisation.actions.api_keys import use_api_key
from hark.organisation.models import Agent, ApiKey
from hark.organisation.types import Right

PER_MINUTE, BURST = 600, 100
WRONG_KEYS, WRONG_KEYS_PER_MINUTE = 100, 7  # of one address
MAX_BODY = 131_072
STATUS: dict[type[HarkError], tuple[int, str]] = {
    NotFound: (404, "not_found"),
    NotAllowed: (403, "not_allowed"),
    NewerMessage: (409, "newer_message"),
    ChangedMeanwhile: (409, "changed"),
    LookAgain: (409, "look_again"),
    NeedsApproval: (409, "needs_approval"),
    NothingWritten: (422, "nothing_written"),
    TooLong: (422, "too_long"),
    CannotReply: (422, "cannot_reply"),
}
P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: a key, and its person with the rights of both."""

    key: ApiKey
    agent: Agent


class BadCall(HarkError):
    """This call cannot be understood."""


def api(*methods: str, right: Right | None = None) -> Callable[..., Callable[..., HttpResponse]]:
    """An address of the API: a valid key, `right` among its rights, not too often; JSON, whatever happens.

    It reads no cookie, so that a page of somebody else can do nothing with a session.
    """

    def around(
        view: Callable[Concatenate[HttpRequest, Caller, P], HttpResponse],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        @csrf_exempt
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            try:
                caller = _caller(request)
                take(f"api-key|{caller.key.key}", burst=BURST, per_minute=PER_MINUTE)
                if request.method not in methods:
                    return _wrong_method(methods)
                if right and not caller.agent.may(right):
                    raise NotAllowed(f"the key lacks the right “{right.value}”")
                with acting(caller.agent.key, _address(request)):
                    return view(request, caller, *args, **kwargs)
            except HarkError as error:
                return _refusal(error)

        return guarded

    return around


class NoKey(HarkError):
    """Send a valid key: Authorization: Bearer hk_…"""


@csrf_exempt
def nothing_here(request: HttpRequest) -> HttpResponse:
    """Every other address below /api/."""
    return _refusal(NotFound())


def said(request: HttpRequest, **fields: type) -> dict[str, Any]:
    """The JSON object of the body, with its fields of these types; those not given are empty. Raises BadCall."""
    try:
        body = loads(request.body, max_bytes=MAX_BODY, unique_keys=True)
    except Unreadable as error:
        raise BadCall(f"the body is {error}") from None
    except RequestDataTooBig:
        raise BadCall("the body is too long") from None
    if not isinstance(body, dict):
        raise BadCall("the body is not a JSON object")
    if unknown := sorted(set(body) - set(fields)):
        raise BadCall(f"unknown field {unknown[0][:40]!r}; known are {', '.join(fields)}")
    for name, kind in fields.items():
        if name in body and type(body[name]) is not kind:
            raise BadCall(f"{name} must be a {NAMES[kind]}")
    return {name: body.get(name, kind()) for name, kind in fields.items()}


NAMES: dict[type, str] = {str: "text", bool: "true or false"}


def _caller(request: HttpRequest) -> Caller:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    try:
        if scheme.lower() != "bearer":
            raise NotFound
        key = use_api_key(token=token.strip(), address=_address(request))
    except NotFound:
        take(f"api-door|{prefix_of(_address(request))}", burst=WRONG_KEYS, per_minute=WRONG_KEYS_PER_MINUTE)
        raise NoKey from None
    return Caller(key, key.agent)


def _address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


def _refusal(error: HarkError) -> HttpResponse:
    status, code = STATUS.get(type(error), (422, "refused"))
    if isinstance(error, NoKey):
        status, code = 401, "no_key"
    elif isinstance(error, BadCall):
        status, code = 400, "bad_call"
    elif isinstance(error, TooManyRequests):
        status, code = 429, "too_many"
    response = JsonResponse({"error": {"code": code, "message": error.message}}, status=status)
    if isinstance(error, TooManyRequests):
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    if isinstance(error, NoKey):
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _wrong_method(methods: tuple[str, ...]) -> HttpResponse:
    allowed = ", ".join(methods)
    said = {"code": "wrong_method", "message": f"This address takes {allowed}."}
    response = JsonResponse({"error": said}, status=405)
    response.headers["Allow"] = allowed
    return response
