"""What a venue's rules forbid is told from its abilities and from how things stand, without a network."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from hark.channels.kit.rules import objection
from hark.channels.types import Caps, Outbound, Standing, Target

AT = datetime(2026, 10, 12, 11, 22, 33, tzinfo=UTC)
OPEN = Caps(public=True, private=True, max_length=20, can_move_private="reply_once")
MOVED = {"visibility": "private", "private_of": "p1"}


def a_reply(standing: Standing, **more: Any) -> Outbound:
    return Outbound(
        **{"id": UUID(int=1), "target": Target("p1"), "visibility": "public", "text": "Yes.", **more}, standing=standing
    )


@pytest.mark.parametrize(
    ("caps", "standing", "reply", "code"),
    [
        (OPEN, Standing(), {}, ""),
        (OPEN, Standing(), MOVED, ""),
        (OPEN, Standing(stopped=True), {}, "stopped"),
        (Caps(public=True), Standing(), {"visibility": "private"}, "no_private"),
        (Caps(private=True), Standing(), {}, "no_public"),
        (OPEN, Standing(private_replies=1), MOVED, "one_message"),
        (OPEN, Standing(private_replies=1), {}, ""),
        (Caps(public=True, private=True), Standing(), MOVED, "no_move"),
        (Caps(public=True, unsolicited_reply=False), Standing(targets_us="keyword"), {}, "unasked"),
        (Caps(public=True, unsolicited_reply=False), Standing(targets_us="reply"), {}, ""),
        (Caps(public=True, one_reply=True), Standing(replies=1), {}, "one_reply"),
        (OPEN, Standing(replies=3), {}, ""),
        (OPEN, Standing(at=AT, window_ends=AT), {}, "window_closed"),
        (OPEN, Standing(at=AT, window_ends=AT + timedelta(seconds=1)), {}, ""),
        (OPEN, Standing(window_ends=AT), {}, ""),
        (Caps(public=True, bot_reply="approval"), Standing(), {"author_kind": "bot"}, "no_robots"),
        (Caps(public=True, bot_reply="disclose"), Standing(), {"author_kind": "bot"}, ""),
        (OPEN, Standing(), {"text": "x" * 21}, "too_long"),
    ],
)
def test_the_first_broken_rule_is_named(caps: Caps, standing: Standing, reply: dict[str, Any], code: str) -> None:
    found = objection(caps, a_reply(standing, **reply))
    assert (found.code if found else "") == code
    assert found is None or found.human.endswith(".")
