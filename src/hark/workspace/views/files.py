"""Files: taken in by pieces, shown, given out under a signed address that is good for five minutes and one person."""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render

from hark.conversations.actions.due import have_fetched
from hark.conversations.actions.fetching import fetch_again
from hark.conversations.actions.files import add_piece, begin_file, put_away
from hark.conversations.errors import CannotTakeFile, FilesPerHour, TooManyFiles
from hark.conversations.models import Case
from hark.conversations.queries.access import get_case
from hark.conversations.queries.files import files_beside, get_file
from hark.conversations.types import TRAY_KINDS, FileState
from hark.kernel import storage
from hark.kernel.errors import HarkError
from hark.kernel.giving import sealed, stored_file
from hark.organisation.models import Agent
from hark.organisation.types import Right
from hark.workspace.actions.acts import author_of
from hark.workspace.queries.addresses import file_token, is_file_token
from hark.workspace.views.answers import case_of, changed
from hark.workspace.views.desk import agent_of, desk

WAYS = ("download", "preview")
STATUS: dict[type[HarkError], int] = {
    storage.StorageAway: 507,
    FilesPerHour: 429,
    TooManyFiles: 422,
    CannotTakeFile: 422,
}
HOUR = 3600


@desk("GET", "POST", right=Right.NOTE)
def files_of_draft(request: HttpRequest, key: str) -> HttpResponse:
    """The files beside what is being written (GET); announce another one (POST)."""
    agent = agent_of(request)
    case, kind = get_case(agent, key), _kind(request)
    if request.method == "GET":
        return _tray(request, agent, case, kind)
    size = request.POST.get("size", "")
    number = int(size) if size.isascii() and size.isdigit() and len(size) < 16 else 0
    name = request.POST.get("name", "")[:1000]
    try:
        file = begin_file(case_id=case.pk, kind=kind, name=name, size=number, author=author_of(agent))
    except storage.FileTooLarge as error:
        return _said(413, error)
    except (FilesPerHour, TooManyFiles) as error:
        return _said(STATUS[type(error)], error)
    return JsonResponse({"key": file.key, "at": 0})


@desk("POST", right=Right.NOTE)
def piece_of_file(request: HttpRequest, key: str) -> HttpResponse:
    """One piece, beginning at byte `at`; the answer says where the next one begins, or that the file is here."""
    at = request.GET.get("at", "")
    if not (at.isascii() and at.isdigit() and len(at) < 16):
        raise Http404
    try:
        file = add_piece(key=key, piece=request.body, at=int(at), author=author_of(agent_of(request)))
    except storage.OutOfStep as error:
        return JsonResponse({"at": error.size}, status=409)
    except (CannotTakeFile, storage.StorageAway, storage.FileGone) as error:
        return _said(STATUS.get(type(error), 422), error)
    return JsonResponse({"at": int(at) + len(request.body), "here": file.state == FileState.STORED})


@desk("POST", right=Right.NOTE)
def remove_file(request: HttpRequest, key: str) -> HttpResponse:
    """Put a file away before it is sent."""
    agent = agent_of(request)
    file = put_away(key=key, author=author_of(agent))
    case = Case.objects.get(pk=file.draft_case_id or 0)
    if not request.headers.get("HX-Request"):
        return redirect(f"/case/{case.key}/")
    return _tray(request, agent, case, file.draft_kind)


@desk("POST", right=Right.NOTE)
def fetch_file_again(request: HttpRequest, key: str) -> HttpResponse:
    """Have a file fetched that was given up."""
    agent = agent_of(request)
    file = fetch_again(key=key, author=author_of(agent))
    have_fetched()
    if file.message is None:
        raise Http404
    return changed(request, case_of(agent, file.message))


@desk("GET")
def open_file(request: HttpRequest, key: str, way: str) -> HttpResponse:
    """To the signed address of a file: what a page links to, however long it has been open."""
    agent = agent_of(request)
    if way not in WAYS:
        raise Http404
    file = get_file(agent, key)
    return redirect(f"/file/{file.key}/{way}/{file_token(agent, file.key, way)}/")


@desk("GET")
def give_file(request: HttpRequest, key: str, way: str, token: str) -> HttpResponse:
    """The bytes, for the one who was given this address, within five minutes, as long as he may see them."""
    agent = agent_of(request)
    if way not in WAYS or not is_file_token(agent, key, way, token):
        return sealed(HttpResponse("This address is over, or was given to somebody else.", status=403))
    file = get_file(agent, key)
    name = file.sha256 if way == "download" else file.preview
    if file.state != FileState.STORED or not name:
        raise Http404
    return stored_file(name, file.name if way == "download" else "", file.mime)


def _kind(request: HttpRequest) -> str:
    kind = request.POST.get("kind") or request.GET.get("kind") or ""
    if kind not in TRAY_KINDS:
        raise Http404
    return kind


def _tray(request: HttpRequest, agent: Agent, case: Case, kind: str) -> HttpResponse:
    context = {"kind_of_tray": kind, "files": files_beside(agent, case)[kind]}
    return render(request, "workspace/parts/tray.html", context)


def _said(status: int, error: HarkError) -> HttpResponse:
    """Why not, for the page's script."""
    response = JsonResponse({"words": error.message}, status=status)
    if status == 429:
        response.headers["Retry-After"] = str(HOUR)
    return response
