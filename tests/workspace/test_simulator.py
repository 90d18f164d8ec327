"""An account for trying: it behaves like a real venue, somebody made up writes, nothing leaves the machine."""

import pytest

from hark.channels.registry import venue
from hark.channels.simulated import Simulated
from hark.channels.simulated.likeness import LIKE, names
from hark.channels.types import Account
from hark.conversations.models import Case, Message
from hark.delivery.jobs import send_due
from hark.delivery.models import OutboxItem
from hark.organisation.models import Channel, Inbox
from tests.journey.venue import drain
from tests.workspace.fixtures import SignedIn, page_of
from tests.workspace.makers import World

PLAYED = [key for key in LIKE if key != "none"]


def likeness(key: str) -> Account:
    return Account("chan_sim", "plum", {"like": key})


@pytest.mark.parametrize("key", PLAYED)
def test_account_has_the_rules_of_the_venue_that_it_plays(key: str) -> None:
    played, real = Simulated().caps_for(likeness(key)), venue(key).caps
    for name in (
        *("public", "private", "threaded", "max_length", "unit", "one_reply", "unsolicited_reply", "bot_reply"),
        *("can_move_private", "receipts", "must_purge_on_delete", "idempotent_send"),
    ):
        assert getattr(played, name) == getattr(real, name), name
    assert names()[key] == real_name(key)


def real_name(key: str) -> str:
    return venue(key).name


def test_somebody_made_up_writes_and_is_answered_without_a_network(world: World, signed_in: SignedIn) -> None:
    owner = signed_in(world.owner)
    inbox = Inbox.objects.get(pk=world.square.inbox_id)
    form = {"name": "Trying", "inbox": inbox.key, "set_like": "none", "set_unit": "chars", "set_moves": "none"}
    numbers = {"set_max_length": "400", "set_max_parts": "1"}
    made = owner.post("/settings/channels/new/simulated/", {**form, **numbers})
    assert made.status_code == 302, page_of(made)
    channel = Channel.objects.get(name="Trying")
    page = page_of(owner.get(f"/settings/channels/{channel.key}/"))
    assert "Nobody real is asked" in page
    said = {"act": "write", "way": "direct", "name": "Joost Peeters", "text": "Where is my parcel?", "hours": "24"}
    assert owner.post(f"/settings/channels/{channel.key}/act/", said).status_code == 302
    drain()
    message = Message.objects.get(channel=channel)
    assert (message.text, message.identity.name if message.identity else "") == ("Where is my parcel?", "Joost Peeters")
    assert message.reply_until
    case = Case.objects.get(conversations__messages=message)
    sent = {"act": "test", "message": message.key}
    assert owner.post(f"/settings/channels/{channel.key}/act/", sent).status_code == 302, case
    OutboxItem.objects.update(not_before=message.received_at)
    while send_due():
        pass
    item = OutboxItem.objects.get()
    assert (item.state, item.receipt_state) == ("sent", "delivered")


def test_only_a_simulated_account_is_written_to(world: World, signed_in: SignedIn) -> None:
    said = {"act": "write", "way": "direct", "name": "Joost", "text": "Hello"}
    owner = signed_in(world.owner)
    assert owner.post(f"/settings/channels/{world.chat.key}/act/", said).status_code == 404
    assert owner.post(f"/settings/channels/{world.square.key}/act/", {**said, "text": ""}).status_code == 404
    assert not Message.objects.exists()


def test_what_a_venue_was_proved_against_is_said_where_it_is_chosen_and_where_it_is_kept(
    world: World, signed_in: SignedIn
) -> None:
    owner = signed_in(world.owner)
    assert "Made up." in page_of(owner.get("/settings/channels/"))
    for path in ("new/email/", f"{world.chat.key}/"):
        assert "proved against a real server of this kind" in page_of(owner.get(f"/settings/channels/{path}"))
    assert "made up, for trying out" in page_of(owner.get(f"/settings/channels/{world.square.key}/"))
