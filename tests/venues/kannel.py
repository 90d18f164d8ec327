"""A real Kannel with its fake operator (fakesmsc) in a folder of its own, and a place that it calls."""

import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes, urlsplit

import pytest

from hark.channels.types import Request
from hark.kernel.time import monotonic, now, sleep
from tests.venues.dovecot_postfix import free_ports, wait_for
from tests.venues.wordpress_site import end

BEARERBOX, SMSBOX, OPERATOR = "/usr/sbin/bearerbox", "/usr/sbin/smsbox", "/usr/lib/kannel/test/fakesmsc"
PASSWORD = "a-password-of-the-suite"
GOT = re.compile(r"Got message \d+: <(\S+) (\S+) (.*)>")
CORE = """
group = core
admin-port = {admin}
admin-password = {password}
admin-interface = 127.0.0.1
smsbox-port = {box}
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1
dlr-storage = internal
sms-combine-concatenated-mo-timeout = 60

group = smsc
smsc = fake
smsc-id = fake
host = 127.0.0.1
port = {operator}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = {box}
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1

"""


@dataclass
class RealKannel:
    """Where sendsms listens; `calls` are those that Kannel made to `address`."""

    folder: Path
    sendsms: int
    hook: int
    operator: "subprocess.Popen[str] | None" = None
    calls: list[Request] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def base_url(self) -> str:
        """sendsms."""
        return f"http://127.0.0.1:{self.sendsms}/cgi-bin/sendsms"

    @property
    def address(self) -> str:
        """The channel's own address, as Kannel knows it."""
        return f"http://127.0.0.1:{self.hook}/in/chan"

    @property
    def allowed(self) -> list[str]:
        """For HARK_ALLOWED_NETWORKS."""
        return [f"127.0.0.1:{self.sendsms}"]

    def comes(self, sender: str, words: str) -> None:
        """A phone texts our number; more than 70 characters as two joined messages."""
        if len(words) <= 70:
            self._says(f"{sender} 4477 text {words}")
            return
        for number, part in enumerate((words[:66], words[66:]), start=1):
            self._says(f"{sender} 4477 udh %05%00%03%07%02%0{number} {quote(part)}")

    def received(self) -> list[tuple[str, str, str]]:
        """What phones got: (sender, receiver, words), a joined text as one."""
        found: dict[tuple[str, str, str], list[str]] = {}  # by the reference of a joined text
        for line in self._shown().splitlines():
            if (match := GOT.search(line)) is None:
                continue
            sender, receiver, rest = match.groups()
            words = rest.split(" ")
            udh = words[1] if words[0] == "udh" else ""
            said = unquote_to_bytes(words[-1].replace("+", " "))
            text = said.decode("utf-16-be" if b"\0" in said else "utf-8")
            found.setdefault((sender, receiver, udh[:12]), []).append(text)
        return [(sender, receiver, "".join(parts)) for (sender, receiver, _), parts in found.items()]

    def _says(self, line: str) -> None:
        """One line at a time: fakesmsc looks no further than the first of those that wait."""
        assert self.operator
        assert self.operator.stdin
        before = self._shown().count("sent message")
        self.operator.stdin.write(f"{line}\n")
        self.operator.stdin.flush()
        until = monotonic() + 30
        while self._shown().count("sent message") == before:
            assert monotonic() < until, "fakesmsc did not take it"
            sleep(0.05)

    def _shown(self) -> str:
        return (self.folder / "fakesmsc.log").read_text(errors="replace")


def why_not() -> str:
    """Why Kannel cannot run here; empty where it can."""
    missing = [program for program in (BEARERBOX, SMSBOX, OPERATOR) if not Path(program).exists()]
    return f"not installed: {', '.join(missing)} (`make venues` installs kannel and kannel-extras)" if missing else ""


@contextmanager
def real_kannel(services: str) -> Iterator[RealKannel]:
    """Gateway and operator, started and stopped; `services` are the lines of kannel.conf that the channel's page gives.

    In them ADDRESS is the place that Kannel calls. Skips the test with the reason where it cannot run.
    """
    reason = why_not()
    if reason:
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="hark-kannel-", dir="/var/tmp"))
    admin, box, operator, sendsms = free_ports(4)
    place = RealKannel(folder, sendsms, 0)
    server = _listening(place)
    ports = {"admin": admin, "box": box, "operator": operator, "sendsms": sendsms, "password": PASSWORD}
    config = folder / "kannel.conf"
    config.write_text(CORE.format(**ports) + services.replace("ADDRESS", place.address.removeprefix("http://")))
    config.chmod(0o600)
    processes: list[subprocess.Popen[str]] = []
    begun = monotonic()
    try:
        processes.append(_started(folder, [BEARERBOX, str(config)]))
        wait_for(box)
        processes.append(_started(folder, [SMSBOX, str(config)]))
        wait_for(sendsms)
        place.operator = _started(folder, [OPERATOR, "-i", "0.1", "-r", str(operator)], stdin=subprocess.PIPE)
        processes.append(place.operator)
        place.seconds = monotonic() - begun
        yield place
    finally:
        if place.operator and place.operator.stdin:
            place.operator.stdin.close()
        for process in processes[::-1]:
            end(process)
        server.shutdown()
        server.server_close()
        shutil.rmtree(folder, ignore_errors=True)


def _started(folder: Path, command: list[str], stdin: int | None = None) -> "subprocess.Popen[str]":
    with (folder / f"{Path(command[0]).name}.log").open("w") as log:
        return subprocess.Popen(command, stdin=stdin, stdout=log, stderr=log, cwd=folder, text=True)


def _listening(place: RealKannel) -> ThreadingHTTPServer:
    """What stands where Hark's front door would: it keeps each call, and answers as the venue says."""

    class Handler(BaseHTTPRequestHandler):
        def any_method(self) -> None:
            where = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            place.calls.append(Request(self.command, where.path, where.query, headers, body, now(), "127.0.0.1"))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        do_GET = do_POST = any_method  # noqa: N815 - the library's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    place.hook = server.server_address[1]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return server
