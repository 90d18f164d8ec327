"""Security headers of every page (security reference, section 5)."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "media-src 'self'; form-action 'self'; frame-src 'self'; base-uri 'none'; manifest-src 'self'"
)
TRUSTED_TYPES = "; require-trusted-types-for 'script'; trusted-types hark default"
NO_FRAMES = "; frame-ancestors 'none'"
PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


class SecurityHeaders:
    """Sets what a view has not set itself. A view that may be framed sets `response.frame_ancestors`.

    `response.image_sources` are places besides ours from which it shows pictures.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Django's contract for middleware."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add the headers."""
        response = self.get_response(request)
        ancestors = getattr(response, "frame_ancestors", None)
        frames = NO_FRAMES if ancestors is None else f"; frame-ancestors {ancestors}"
        policy = POLICY.replace("img-src 'self'", "img-src 'self'" + getattr(response, "image_sources", ""))
        response.headers.setdefault("Content-Security-Policy", policy + frames + TRUSTED_TYPES)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        response.headers.setdefault("Referrer-Policy", "same-origin")
        if ancestors is None:
            response.headers.setdefault("X-Frame-Options", "DENY")
            response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if not request.path.startswith(settings.STATIC_URL):
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response
