"""Connecting, stopping and resuming channels."""

import pytest
from django.db import connection

from hark.channels.accounts import account_of, caps_of
from hark.kernel.ids import public_key
from hark.kernel.models import Event
from hark.kernel.secrets import CannotOpen
from hark.organisation.actions.channels import AlreadyConnected, connect_channel, pause_sending, resume_sending
from hark.organisation.models import Brand, Channel, Inbox
from hark.organisation.types import ChannelState

pytestmark = pytest.mark.django_db


def a_channel(venue: str = "simulated", external_id: str = "plum", **settings: object) -> Channel:
    """A connected channel in an inbox of its own."""
    name = public_key("x")
    brand = Brand.objects.create(key=public_key("brand"), name=name)
    inbox = Inbox.objects.create(key=public_key("inbox"), name=name, brand=brand)
    return connect_channel(
        venue=venue, external_id=external_id, name=f"Plum {name}", inbox=inbox, settings=settings,
        secrets={"token": "a-very-secret-token"}, actor="agent_1",
    )  # fmt: skip


def test_secrets_are_sealed_and_open_only_in_their_own_row() -> None:
    one, other = a_channel(external_id="1"), a_channel(external_id="2")
    with connection.cursor() as cursor:
        cursor.execute("SELECT c::text FROM organisation_channel c")
        assert "a-very-secret-token" not in str(cursor.fetchall())
    account = account_of(Channel.objects.get(pk=one.pk))
    assert account.secrets["token"] == "a-very-secret-token"
    assert len(account.secrets["signing"]) == 43
    assert account.secrets["signing"] != account_of(other).secrets["signing"]
    assert "a-very-secret-token" not in repr(account)
    other.sealed_secrets = one.sealed_secrets
    with pytest.raises(CannotOpen):
        account_of(other)


def test_account_knows_itself_and_what_it_can_do() -> None:
    channel = a_channel(self_ids=["p2"], handles=["@plum"], base_url="http://127.0.0.1:9", idempotent=False)
    account = account_of(channel)
    assert account.self_ids == {"plum", "p2"}
    assert account.handles == {"@plum"}
    assert account.base_url == "http://127.0.0.1:9"
    assert caps_of(channel).idempotent_send == "none"


def test_same_account_is_connected_once() -> None:
    a_channel(external_id="1")
    with pytest.raises(AlreadyConnected):
        a_channel(external_id="1")
    a_channel("webchat", external_id="1")


def test_many_failing_sends_raise_one_alarm_and_resuming_keeps_the_new_secret() -> None:
    channel = a_channel()
    assert [pause_sending(channel_id=channel.pk, reason="401") for _ in range(5)] == [True] + [False] * 4
    channel.refresh_from_db()
    assert (channel.state, channel.state_reason) == (ChannelState.AUTH_LOST, "401")
    assert resume_sending(channel_id=channel.pk, actor="agent_1", new_secrets={"token": "fresh"})
    assert not resume_sending(channel_id=channel.pk, actor="agent_1")
    channel.refresh_from_db()
    assert channel.state == ChannelState.ACTIVE
    assert account_of(channel).secrets["token"] == "fresh"
    assert "signing" in account_of(channel).secrets
    kinds = list(Event.objects.filter(subject=channel.key).order_by("id").values_list("kind", flat=True))
    assert kinds == ["channel.connected", "channel.auth_lost", "channel.resumed"]
