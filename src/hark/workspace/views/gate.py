"""Until the organisation is set up there is one page: the first run."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from hark.organisation.queries import is_set_up

OPEN_BEFORE = ("/first-run/", "/static/", "/livez", "/readyz")


class FirstRunGate:
    """Sends every page to the first run until it is done."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Django's contract for middleware."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Redirect, or go on."""
        if not request.path.startswith(OPEN_BEFORE) and not is_set_up():
            return redirect("/first-run/")
        return self.get_response(request)
