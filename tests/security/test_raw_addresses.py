"""The addresses before Django, over the running front: the in-box, live streams, health; for everybody."""

import json
from typing import Any

import pytest

from hark.channels.accounts import account_of
from hark.channels.webchat import mint
from hark.kernel.time import now
from hark.organisation.actions.people import deactivate_agent
from hark.organisation.models import Channel
from hark.organisation.types import RIGHTS_OF, Right, Role
from tests.intake.running import RunningFront, make_channel, make_inbox, until
from tests.live.conftest import Listen, front, listen
from tests.live.listening import happen, make_agent, sign_in

__all__ = ["front", "listen"]  # fixtures of the live streams' tests
pytestmark = pytest.mark.django_db(transaction=True)
LINE = json.dumps({"id": "0b5c1f7e-6d1a-4c57-9a31-0d8f6f2b7c01", "text": "Hello"}).encode()
NOWHERE = "chan_00000000000000000000000000"


def bearer(channel: Channel) -> dict[str, str]:
    """The headers of a visitor of this chat."""
    token, _ = mint(account_of(channel), at=now())
    return {"authorization": f"Bearer {token}"}


def test_live_stream_gives_each_role_its_inboxes_and_nothing_else(front: RunningFront, listen: Listen) -> None:
    own, team = make_inbox()
    other, _ = make_inbox("Other")
    streams = {role: listen(make_agent(role.value, team, role=role)) for role in Role}
    happen("case_other", other)
    happen("offer_else", own, agent_id=0)
    happen("case_own", own)
    for role, stream in streams.items():
        until(lambda stream=stream: "case_own" in stream.heard())
        assert stream.heard() == (["case_other", "case_own"] if Right.SEE_ALL in RIGHTS_OF[role] else ["case_own"]), (
            role
        )


def test_live_stream_refuses_strangers_visitors_other_sites_and_the_deactivated(front: RunningFront) -> None:
    inbox, team = make_inbox()
    chat = make_channel("webchat", inbox)
    owner, gone = make_agent("owner", role=Role.OWNER), make_agent("gone", team)
    headers = sign_in(gone)
    deactivate_agent(key=gone.key, actor=owner)
    answers = [front.call("GET", "/live", headers=each) for each in ({}, bearer(chat), headers, {"cookie": "x=y"})]
    assert {(status, body) for status, _, body in answers} == {(401, b'{"error":"sign in first"}')}
    across = {**sign_in(make_agent("ann", team)), "sec-fetch-site": "cross-site"}
    assert front.call("GET", "/live", headers=across)[0] == 403
    assert all("no-store" in said["cache-control"] for _, said, _ in answers)
    assert all("default-src 'none'" in said["content-security-policy"] for _, said, _ in answers)


def test_visitors_stream_refuses_everybody_but_its_own_visitor_with_one_answer(
    front: RunningFront, listen: Listen
) -> None:
    inbox, team = make_inbox()
    chat, other = make_channel("webchat", inbox), make_channel("webchat", inbox)
    agent = sign_in(make_agent("ann", team))
    tried: list[tuple[str, dict[str, Any]]] = [
        (chat.key, {}), (chat.key, bearer(other)), (chat.key, {"authorization": "Bearer x.y"}), (chat.key, agent),
        (NOWHERE, bearer(chat)), (NOWHERE, {}),
    ]  # fmt: skip
    answers = {front.call("GET", f"/chat/{key}/live", headers=headers)[::2] for key, headers in tried}
    assert answers == {(401, b'{"error":"not known here"}')}
    assert listen(path=f"/chat/{chat.key}/live", headers=bearer(chat)).status == 200


def test_front_door_tells_nobody_which_channels_there_are(front: RunningFront) -> None:
    inbox, team = make_inbox()
    chat, other = make_channel("webchat", inbox), make_channel("webchat", inbox)
    for channel in (chat, other):
        front.knows(channel)
    session = sign_in(make_agent("owner", team, role=Role.OWNER))
    tried = [(chat.key, {}), (chat.key, session), (chat.key, bearer(other)), (NOWHERE, {}), (NOWHERE, bearer(chat))]
    answers = {front.call("POST", f"/in/{key}", LINE, headers)[::2] for key, headers in tried}
    assert len(answers) == 1
    assert {status for status, _ in answers} == {404}
    assert front.post(chat, LINE, bearer(chat)) == 200


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_health_says_the_same_to_everybody(front: RunningFront, path: str) -> None:
    session = sign_in(make_agent("owner", role=Role.OWNER))
    strangers, owners = front.call("GET", path), front.call("GET", path, headers=session)
    assert strangers[::2] == owners[::2]
    assert strangers[::2] in {(200, b"ok"), (503, b"not ready")}
