"""Chat, form and simulated venue behind the real front door: copies, strangers, patience."""

import json
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest
from pytest_django import DjangoDbBlocker

from hark.channels.testing.postman import signed
from hark.conversations.models import Clock, Conversation, Message
from hark.intake.models import Arrival
from hark.kernel.time import now
from hark.organisation.actions.channels import connect_channel
from tests.intake.running import RunningFront, running_front
from tests.portal.makers import Plum, a_visitor, make_plum, read_everything

pytestmark = pytest.mark.django_db(transaction=True)
COPIES = 50
URLENCODED = {"content-type": "application/x-www-form-urlencoded"}
Call = tuple[str, bytes, dict[str, str]]


@pytest.fixture(scope="module")
def front(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[RunningFront]:
    """One front door for the file."""
    with django_db_blocker.unblock(), running_front() as running:
        yield running


@pytest.fixture
def town(front: RunningFront, transactional_db: None) -> Plum:
    """Plum, known to the front door."""
    made = make_plum()
    front.knows(made.chat)
    front.knows(made.form)
    return made


def a_line(front: RunningFront, town: Plum) -> Call:
    token, _ = a_visitor(town.chat)
    said = {"id": "0b5c1f7e-6d1a-4c57-9a31-0d8f6f2b7c01", "text": "Hello"}
    return town.chat.key, json.dumps(said).encode(), {"authorization": f"Bearer {token}"}


def a_form(front: RunningFront, town: Plum) -> Call:
    stamp = stamp_in(front.call("GET", f"/form/{town.form.key}/")[2])
    time.sleep(2.1)
    return town.form.key, urlencode({"hark_stamp": stamp, "message": "Hello"}).encode(), URLENCODED


def a_webhook(front: RunningFront, town: Plum) -> Call:
    channel = connect_channel(
        actor="test", venue="simulated", external_id="plum", name="Square (simulated)", inbox=town.inbox, settings={},
        secrets={"webhook": "w" * 40},
    )  # fmt: skip
    front.knows(channel)
    event = {
        "type": "direct",
        "id": "1",
        "thread": "t",
        "author": {"id": "u"},
        "text": "Hello",
        "at": now().isoformat(),
    }
    body = json.dumps({"events": [event]}).encode()
    return channel.key, body, signed("w" * 40, body, "d1", int(now().timestamp()))


def stamp_in(page: bytes) -> str:
    match = re.search(rb'name="hark_stamp" value="([^"]+)"', page)
    assert match
    return match.group(1).decode()


@pytest.mark.parametrize("make", [a_line, a_form, a_webhook])
def test_fifty_copies_at_once_are_one_message(
    front: RunningFront, town: Plum, make: Callable[[RunningFront, Plum], Call]
) -> None:
    key, body, headers = make(front, town)
    with ThreadPoolExecutor(16) as hands:
        statuses = list(hands.map(lambda _: front.post(key, body, headers), range(COPIES)))
    taken = {200, 303}
    assert statuses[0] in taken | {429}
    assert [status for status in statuses if status not in taken | {429}] == []
    assert Arrival.objects.count() == 1
    read_everything()
    assert (Message.objects.count(), Conversation.objects.count()) == (1, 1)
    assert Clock.objects.filter(kind="first_response").count() == 1


def test_stranger_learns_nothing_from_the_answer(front: RunningFront, town: Plum) -> None:
    line = json.dumps({"id": "0b5c1f7e-6d1a-4c57-9a31-0d8f6f2b7c01", "text": "Hello"}).encode()
    answers = {
        front.call("POST", f"/in/{key}", line, {"authorization": "Bearer x.y"})[::2]
        for key in (town.chat.key, "chan_00000000000000000000000000")
    }
    assert len(answers) == 1


def test_sixth_form_from_one_address_gets_its_page_back_as_it_was_typed(front: RunningFront, town: Plum) -> None:
    stamps = [stamp_in(front.call("GET", f"/form/{town.form.key}/")[2]) for _ in range(6)]
    time.sleep(2.1)
    bodies = [urlencode({"hark_stamp": stamp, "message": f"Hi & <bye> {stamp}"}).encode() for stamp in stamps]
    answers = [front.call("POST", f"/in/{town.form.key}", body, URLENCODED) for body in bodies]
    assert [status for status, _, _ in answers] == [303] * 5 + [429]
    _, headers, page = answers[-1]
    assert int(headers["retry-after"]) > 0
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["content-security-policy"].count("frame-ancestors") == 1
    assert f"Hi &amp; &lt;bye&gt; {stamps[-1]}".encode() in page
    assert b"What you wrote is still here" in page
