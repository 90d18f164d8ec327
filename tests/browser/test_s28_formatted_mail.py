"""Threats 28 and 33: mail that nobody has cleaned, in the page and the frame that show it: nothing runs or loads."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
from playwright.sync_api import Browser

from hark.kernel.framed import POLICY, framed_page
from tests.paths import shared

A_PAGE, FRAMES = 40, 10
CHROMIUMS_OWN = {"content-autofill.googleapis.com:443"}
HOST = "<!doctype html><title>host</title><p id=ours>ours</p>"
OWN = [
    "<style>*{position:fixed;inset:0;background:url(/loaded)}</style><form action=/loaded><input autofocus></form>",
    "<meta http-equiv=refresh content='0;url=/loaded'>",
    "<base href='http://127.0.0.1:9/'><img src=x><link rel=stylesheet href=/loaded><link rel=prefetch href=/loaded>",
    "<video src=/loaded poster=/loaded></video><iframe src=/loaded></iframe><object data=/loaded></object>",
    "<embed src=/loaded><audio src=/loaded autoplay></audio><picture><source srcset=/loaded></picture>",
    "<svg><image href=/loaded /><use href='/loaded#x'/></svg><input type=image src=/loaded>",
    "<script>parent.document.title='ran';top.location='/loaded'</script><img src=/loaded onerror=alert(1)>",
    "<a href=/loaded target=_top id=x>x</a><script>x.click()</script>",
]


class Server(BaseHTTPRequestHandler):
    """`/N` is page N as the desk gives it, `/host/N` ten of them in frames; all else that is asked for is kept.

    It is the browser's proxy, too, so that a request to anywhere comes here.
    """

    pages: ClassVar[list[str]] = []
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        """One page."""
        path = self.path.removeprefix(f"http://127.0.0.1:{self.server.server_address[1]}")
        number = path.rpartition("/")[2]
        known = path in {f"/{number}", f"/host/{number}"} and number.isdigit()
        if not known and path != "/favicon.ico":
            self.asked.append(path)
        body = (self.host(int(number)) if "host" in path else self.page(int(number))) if known else b""
        self.send_response(200)
        self.send_header("content-type", "text/html; charset=utf-8")
        if not path.startswith("/host/"):
            self.send_header("content-security-policy", POLICY)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_CONNECT(self) -> None:
        """Somebody wants to go out."""
        self.asked.append(self.path)
        self.send_error(403)

    def page(self, number: int) -> bytes:
        """As the desk gives it, but that nobody has cleaned what is in it."""
        fragment = self.pages[number] if number < len(self.pages) else ""
        return framed_page(fragment, lambda name: None).encode("utf-8", "replace")

    def host(self, number: int) -> bytes:
        """Ten pages in frames."""
        places = range(number * FRAMES, (number + 1) * FRAMES)
        return (HOST + "".join(f'<iframe sandbox="" src="/{place}"></iframe>' for place in places)).encode()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Silence."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server with every payload of the shared lists, many a page, and a page each for our own."""
    folder = shared("data", "hostile", "payload-lists", "xss")
    lines = [line for path in sorted(folder.glob("*.txt")) for line in path.read_text(errors="replace").splitlines()]
    lines = list(dict.fromkeys(filter(str.strip, lines)))
    Server.pages = [*OWN, *("\n".join(lines[at : at + A_PAGE]) for at in range(0, len(lines), A_PAGE))]
    Server.protocol_version = "HTTP/1.1"
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("framed", [True, False], ids=["in frames", "opened alone"])
def test_no_payload_runs_or_loads_without_the_cleaner(browser: Browser, address: str, *, framed: bool) -> None:
    context = browser.new_context(base_url=address, proxy={"server": address})
    page = context.new_page()
    ran: list[str] = []
    page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    context.on("page", lambda other: ran.append(other.url) if other != page else None)
    Server.asked.clear()
    count = len(Server.pages)
    places = [f"/host/{n}" for n in range(count // FRAMES + 1)] if framed else [f"/{n}" for n in range(0, count, 4)]
    for place in places:
        page.goto(place, wait_until="load")
        assert page.url.endswith(place)
        if framed:
            assert page.title() == "host"
            assert page.locator("#ours").inner_text() == "ours"
    page.goto("/0")
    context.close()
    assert ran == []
    assert set(Server.asked) - CHROMIUMS_OWN == set()
