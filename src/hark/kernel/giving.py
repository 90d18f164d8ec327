"""How bytes that strangers made leave the house: never as a page of ours, with nothing in them that could run."""

from django.http import FileResponse, Http404, HttpResponse
from django.utils.http import content_disposition_header

from hark.kernel import storage
from hark.kernel.files import OCTETS, type_of

SEALED = "default-src 'none'; sandbox; frame-ancestors 'none'"


def stored_file(sha256: str, name: str, mime: str) -> HttpResponse:
    """A stored file as a download under `name`; without a name, a picture that Hark has drawn, to be shown."""
    place = storage.place_of(sha256)
    try:
        opened = place.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    if not name:
        mime = type_of(opened.read(32))
        opened.seek(0)
    response = FileResponse(opened, content_type=mime or OCTETS)
    response.stored_at = place  # type: ignore[attr-defined]  # read by the front, which needs no thread for it
    return sealed(response, name)


def sealed(response: HttpResponse | FileResponse, name: str = "") -> HttpResponse:
    """Close off an answer: no script, no frame, no guess at its type; with a name the browser saves it."""
    response.headers["Content-Security-Policy"] = SEALED
    response.headers["X-Content-Type-Options"] = "nosniff"
    saved = content_disposition_header(as_attachment=bool(name), filename=name)
    response.headers["Content-Disposition"] = saved or "inline"
    return response  # type: ignore[return-value]
