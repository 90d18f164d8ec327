"""`hark demo`: the whole product with made-up people, from a cold start to a clean end."""

import itertools
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from hark.site.demo.cast import BY_ACCOUNT
from hark.site.demo.traffic import Traffic
from tests.browser.product import free_port
from tests.site.running import environment

pytestmark = pytest.mark.slow
SECONDS = 20


class Running:
    """A demo in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        """Start it; it ends by itself."""
        self.folder, self.port = folder, free_port()
        self.log = (folder / "log").open("wb")
        command = [sys.executable, "-W", "ignore", "-m", "hark.site.cli", "demo", "--no-browser", "--rate", "120"]
        more = ["--port", str(self.port), "--seconds", str(SECONDS), "--data", str(folder / "data")]
        self.process = subprocess.Popen([*command, *more], env=environment(), stdout=self.log, stderr=self.log)
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=10)
        self.wait()

    def wait(self) -> None:
        """Until the welcome page is there."""
        end = time.monotonic() + 120
        while time.monotonic() < end:
            assert self.process.poll() is None, (self.folder / "log").read_text()[-2000:]
            try:
                if self.client.get("/demo/").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        self.process.kill()
        self.process.wait()
        pytest.fail((self.folder / "log").read_text()[-2000:])

    def enter(self, **headers: str) -> httpx.Response:
        """Sit down as Tessa."""
        token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', self.client.get("/demo/").text)
        assert token
        said = {"csrfmiddlewaretoken": token[1], "email": "tessa@plum.example"}
        return self.client.post("/demo/enter/", data=said, headers=headers)

    def words(self) -> str:
        """What it said."""
        return (self.folder / "log").read_text()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One demo for all of these."""
    running = Running(tmp_path_factory.mktemp("demo"))
    yield running
    running.client.close()
    if running.process.poll() is None:
        running.process.terminate()
        running.process.wait(60)
    running.log.close()


def test_one_click_signs_in_and_shows_people_who_wait(demo: Running) -> None:
    assert demo.enter(**{"X-Forwarded-For": "203.0.113.9"}).status_code == 404
    assert demo.enter(Host="desk.example.com").status_code in {400, 404}
    assert demo.enter().status_code == 302
    end = time.monotonic() + 20
    while "row__who" not in (page := demo.client.get("/?view=all").text):
        assert time.monotonic() < end, page[-500:]
        time.sleep(0.3)


def test_shop_carries_the_real_chat_and_the_form_is_there(demo: Running) -> None:
    shop = demo.client.get("/demo/shop/").text
    script = re.search(r'src="(/chat/\w+/widget\.js)"', shop)
    assert script
    assert demo.client.get(script[1]).status_code == 200
    form = re.search(r'href="(/form/\w+/)"', demo.client.get("/demo/").text)
    assert form
    assert "<textarea" in demo.client.get(form[1]).text


def test_demo_ends_by_itself_with_everything_accounted_for(demo: Running) -> None:
    assert demo.process.wait(90) == 0, demo.words()[-2000:]
    assert "Traceback" not in demo.words()
    offered = [json.loads(line) for line in (demo.folder / "data" / "simulated-venue.jsonl").read_text().splitlines()]
    assert sum(line["what"] == "acknowledged" for line in offered) > 20


def test_same_seed_tells_the_same_stories_with_noise_copies_and_anger() -> None:
    told = list(itertools.islice(Traffic(3), 300))
    assert told == list(itertools.islice(Traffic(3), 300))
    assert told != list(itertools.islice(Traffic(4), 300))
    texts = [post.text for post in told]
    assert any("plum jam" in text for text in texts), "no noise"
    assert any(texts.count(text) >= 3 for text in texts if "old street" in text), "no complaint on several sites"
    angry = [post for post in told if "Third time I ask" in post.text]
    assert any(post.author == earlier.author for post in angry for earlier in told[: told.index(post)]), "no series"
    assert {post.account for post in told} == set(BY_ACCOUNT)
    assert any(post.action == "edit" for post in told)
