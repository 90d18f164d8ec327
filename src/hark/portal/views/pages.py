"""How a customer's page is answered: framed by the sites that its channel names, without the agents' session."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from hark.channels.accounts import account_of
from hark.channels.kit.sites import frame_ancestors
from hark.channels.types import Account
from hark.channels.webchat import Visitor, visitor_of
from hark.kernel.errors import TooManyRequests
from hark.organisation.models import Channel

SCRIPTS = Path(__file__).resolve().parent.parent / "static" / "portal"
SHORT_WHILE = "public, max-age=300"
CONFIG = "__CONFIG__"


def page(template: str, context: dict[str, Any], account: Account, *, status: int = 200) -> HttpResponse:
    """A page that the channel's sites may show in a frame. Rendered without the request: no session, no cookie."""
    response = HttpResponse(render_to_string(template, context), status=status)
    response.headers["Referrer-Policy"] = "no-referrer"  # private links must not travel
    return framed(response, account)


def framed(response: HttpResponse, account: Account) -> HttpResponse:
    """Let the channel's sites show this in a frame (read by the security headers)."""
    response.frame_ancestors = frame_ancestors(account)  # type: ignore[attr-defined]
    return response


def script(name: str, config: dict[str, Any]) -> HttpResponse:
    """A script for other people's pages, with its settings written into it as JSON."""
    body = _source(name).replace(CONFIG, json.dumps(config).replace("<", "\\u003c"), 1)
    return for_other_sites(HttpResponse(body, content_type="text/javascript; charset=utf-8"))


def for_other_sites(response: HttpResponse) -> HttpResponse:
    """May be loaded from other sites' pages and kept for five minutes."""
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Cache-Control"] = SHORT_WHILE
    return response


def caller(request: HttpRequest) -> str:
    """The caller's address; the front door has put it there, past the proxies that may be believed."""
    return str(request.META.get("REMOTE_ADDR", ""))


def said(status: int, words: str) -> JsonResponse:
    """Why not, for the page's script."""
    return JsonResponse({"error": words}, status=status)


def too_many(error: TooManyRequests, words: str) -> JsonResponse:
    """Later, and when."""
    refusal = said(429, words)
    refusal.headers["Retry-After"] = str(error.retry_after_seconds)
    return refusal


def visitor_in(request: HttpRequest, channel: Channel) -> Visitor | None:
    """The visitor whose token the request bears; None without one that is good for this channel."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return visitor_of(account_of(channel), token.strip()) if scheme.lower() == "bearer" else None


@cache
def _source(name: str) -> str:
    return (SCRIPTS / name).read_text(encoding="utf-8")
