"""Threats 28 and 33: mail that nobody has cleaned, in the page and the frame that show it: nothing runs or loads."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
from playwright.sync_api import Browser

from hark.kernel.framed import POLICY, framed_page
from tests.paths import shared

A_PAGE = 40
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
    """`/N` is page N as the desk gives it, `/host/N` a page of ours with it in a frame; what else is asked is kept."""

    pages: ClassVar[list[str]] = []
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        """One page."""
        number = self.path.rpartition("/")[2]
        known = number.isdigit() and int(number) < len(self.pages)
        if not known and self.path != "/favicon.ico":
            self.asked.append(self.path)
        inside = framed_page(self.pages[int(number)], lambda name: None) if known else ""
        frame = f'{HOST}<iframe sandbox="" src="/{number}"></iframe>'
        body = (frame if self.path.startswith("/host/") else inside).encode("utf-8", "replace")
        self.send_response(200)
        self.send_header("content-type", "text/html; charset=utf-8")
        if not self.path.startswith("/host/"):
            self.send_header("content-security-policy", POLICY)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Silence."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server with every payload of the shared lists, many a page, and a page each for our own."""
    folder = shared("data", "hostile", "payload-lists", "xss")
    lines = [line for path in sorted(folder.glob("*.txt")) for line in path.read_text(errors="replace").splitlines()]
    lines = list(dict.fromkeys(filter(str.strip, lines)))
    Server.pages = [*OWN, *("\n".join(lines[at : at + A_PAGE]) for at in range(0, len(lines), A_PAGE))]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("place", ["host/", ""], ids=["in the frame", "opened alone"])
def test_no_payload_runs_or_loads_without_the_cleaner(browser: Browser, address: str, place: str) -> None:
    context = browser.new_context(base_url=address)
    page = context.new_page()
    ran: list[str] = []
    page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    context.on("page", lambda other: ran.append(other.url) if other != page else None)
    elsewhere: list[str] = []
    page.on("request", lambda one: elsewhere.append(one.url) if not one.url.startswith((address, "data:")) else None)
    Server.asked.clear()
    for number in range(len(Server.pages)):
        page.goto(f"/{place}{number}", wait_until="load")
        if place:
            assert page.title() == "host"
            assert page.locator("#ours").inner_text() == "ours"
        else:
            assert page.url.endswith(f"/{number}")
    page.goto(f"/{place}0")
    context.close()
    assert ran == []
    assert Server.asked == []
    assert elsewhere == []
