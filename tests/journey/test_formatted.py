"""A formatted message with files, from the venue's bytes to what the desk keeps: cleaned on the way, nothing loaded."""

import json
from typing import Any

import pytest

from hark.conversations.models import Attachment, Message, MessageHtml
from hark.intake.actions import accept
from hark.intake.types import NewArrival
from hark.journey.jobs import drain_step
from hark.kernel.time import now
from tests.workspace.makers import World, make_world

HTML = (
    "<p onclick='alert(1)'>Your <b>bill</b></p><script>alert(1)</script><img src='https://t.example/p.png'>"
    "<img src='cid:logo'><div style='display:none'>pay nobody else</div><form><input></form>"
)


@pytest.fixture
def world(db: None) -> World:
    """The made-up operator."""
    return make_world()


def arrives(world: World, **more: Any) -> Message:
    """A letter of the simulated venue, taken through the stages."""
    event = {
        "type": "email", "id": "m1", "thread": "t1", "author": {"id": "ann"}, "at": now().isoformat(), **more,
    }  # fmt: skip
    body = json.dumps({"events": [event]}).encode()
    accept(channel_id=world.square.pk, arrivals=[NewArrival("d1", "t1", {}, body, now())])
    while drain_step(0, 1):
        pass
    return Message.objects.get(external_id="m1")


def test_html_is_kept_clean_and_its_words_are_the_text(world: World) -> None:
    message = arrives(world, html=HTML)
    kept = MessageHtml.objects.get(message=message)
    assert "<b>bill</b>" in kept.html
    assert not [word for word in ("script", "onclick", "<form", "<input", ' src="http') if word in kept.html]
    assert 'data-remote-src="https://t.example/p.png"' in kept.html
    assert kept.remote == 1
    assert "pay nobody else" in kept.hidden_text
    assert "Your bill" in message.text
    assert "pay nobody else" not in message.text


def test_files_are_noted_with_what_the_venue_says_of_them(world: World) -> None:
    files = [
        {"ref": "https://v.example/1", "name": "logo.png", "content_id": "logo", "inline": True},
        {"ref": "https://v.example/2", "name": "a/../bill.pdf", "size": 12},
    ]
    message = arrives(world, text="Here", attachments=files)
    found = list(Attachment.objects.filter(message=message).order_by("id").values_list("name", "content_id", "state"))
    assert found == [("logo.png", "logo", "waiting"), ("bill.pdf", "", "waiting")]
