"""A channel's own page: connected with a check, changed without showing a secret, tested each way."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import pytest

from hark.channels.accounts import account_of
from hark.channels.base import Venue
from hark.channels.email.venue import Email
from hark.channels.kit.setting import setting
from hark.channels.registry import register_for_tests
from hark.channels.types import Account, Caps, Health
from hark.conversations.models import Message
from hark.intake.jobs import check_channels
from hark.kernel.models import Event
from hark.organisation.actions.channels import pause_channel, pause_sending
from hark.organisation.models import Channel, ChannelHealth
from hark.site.commands.doctor import channels as doctors_channels
from tests.workspace.fixtures import SignedIn
from tests.workspace.makers import World, known, say

PASSWORD = "a-password-of-the-mailbox"


@dataclass(frozen=True)
class Settings:
    """What the made-up mailbox asks for."""

    host: str = setting("", label="Server", required=True)
    port: int = setting(993, label="Port", low=1, high=65_535)
    password: str = setting("", label="Password", secret=True, required=True, part="Who you are")
    folder: str = "INBOX"


class Mailbox(Venue):
    """A venue with an account elsewhere, whose check knows which step fails."""

    key: ClassVar[str] = "mailbox"
    name: ClassVar[str] = "Made-up mailbox"
    proof: ClassVar[str] = "specification"
    caps: ClassVar[Caps] = Caps(private=True, poll=True)
    Settings = Settings
    identified_by: ClassVar[str] = "host"

    def check(self, account: Account) -> Health:
        """The server's name, then the password."""
        if account.settings["host"] != "imap.plum.example":
            return Health((f"The name {account.settings['host']} is not known. Is it written rightly?",))
        good = account.secrets.get("password") == PASSWORD
        return Health((), ("help@plum.example",)) if good else Health(("The server refused the password.",))


@pytest.fixture(autouse=True)
def mailbox() -> Iterator[None]:
    with register_for_tests(Mailbox()):
        yield


def filled(world: World, **changed: object) -> dict[str, object]:
    """The form as an administrator fills it in."""
    given = {"set_host": "imap.plum.example", "set_port": 993, "set_password": PASSWORD, "set_folder": "INBOX"}
    return {"name": "help@plum.example", "inbox": world.care.key, **given, **changed}


def test_account_is_connected_checked_and_switched_on(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.owner)
    answer = client.post("/settings/channels/new/mailbox/", filled(world), follow=True)
    assert "Connected and switched on" in answer.content.decode()
    channel = Channel.objects.get(venue="mailbox")
    assert (channel.state, channel.external_id) == ("active", "imap.plum.example")
    assert channel.settings == {
        "host": "imap.plum.example", "port": 993, "folder": "INBOX", "self_ids": ["help@plum.example"],
    }  # fmt: skip
    assert account_of(channel).secrets["password"] == PASSWORD
    page = client.get(f"/settings/channels/{channel.key}/").content.decode()
    assert PASSWORD not in page
    assert PASSWORD not in json.dumps(channel.settings)
    again = client.post("/settings/channels/new/mailbox/", filled(world))
    assert again.status_code == 422
    assert "connected already" in again.content.decode()


def test_check_that_fails_names_the_step_and_keeps_what_was_typed(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.owner)
    page = client.post("/settings/channels/new/mailbox/", filled(world, set_host="imap.plm.example"), follow=True)
    assert "The name imap.plm.example is not known" in page.content.decode()
    channel = Channel.objects.get(venue="mailbox")
    assert (channel.state, channel.external_id) == ("paused", "imap.plm.example")
    mended = filled(world, set_password="")
    page = client.post(f"/settings/channels/{channel.key}/", mended, follow=True).content.decode()
    assert "Kept, and checked" in page
    channel.refresh_from_db()
    assert (channel.state, channel.external_id) == ("active", "imap.plum.example")
    assert account_of(channel).secrets["password"] == PASSWORD
    client.post(f"/settings/channels/{channel.key}/", filled(world, set_port=143))
    told = (
        Event.objects.filter(subject=channel.key, kind="channel.changed").order_by("id").values_list("data", flat=True)
    )
    assert list(told) == [{"fields": ["host"]}, {"fields": ["password", "port"]}]


def test_mailbox_form_stands_in_parts_and_never_shows_its_passwords(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.owner)
    assert Email.intro in client.get("/settings/channels/").content.decode()
    page = client.get("/settings/channels/new/email/").content.decode()
    parts = re.findall(r'<h3 class="settings__part">([^<]+)', page)
    assert parts == [
        "Sign-in", "Mail that comes in", "The mailbox", "Replies that leave", "Forged senders and automatic answers",
    ]  # fmt: skip
    assert "Off where your server does not deliver such addresses" in page
    form = {"set_address": "care@plum.example", "set_incoming": "pipe", "set_password": PASSWORD}
    more = {"set_imap_port": 993, "set_imap_security": "tls", "set_smtp_port": 465, "set_smtp_security": "tls"}
    given = {"name": "Mailbox", "inbox": world.care.key, "set_folder": "INBOX", "set_read_back_days": 0, **form, **more}
    answer = client.post("/settings/channels/new/email/", given, follow=True)
    channel = Channel.objects.get(venue="email")
    assert (channel.external_id, channel.state) == ("care@plum.example", "active")
    assert account_of(channel).secrets["password"] == PASSWORD
    assert PASSWORD not in answer.content.decode()
    assert PASSWORD not in client.get(f"/settings/channels/{channel.key}/").content.decode()
    again = client.post("/settings/channels/new/email/", {**given, "set_address": "Care@Plum.example"})
    assert "connected already" in again.content.decode()


def test_form_is_refused_where_a_field_cannot_be(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.owner)
    assert (
        '<h3 class="settings__part">Who you are</h3>' in client.get("/settings/channels/new/mailbox/").content.decode()
    )
    for bad in ({"set_host": ""}, {"set_port": 70_000}, {"set_password": ""}, {"inbox": "inbox_x"}):
        assert client.post("/settings/channels/new/mailbox/", filled(world, **bad)).status_code == 422
    assert not Channel.objects.filter(venue="mailbox").exists()
    assert client.get("/settings/channels/new/nowhere/").status_code == 404


def test_lost_permission_is_renewed_on_the_page_and_what_waited_leaves(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.owner)
    client.post("/settings/channels/new/mailbox/", filled(world, set_password="wrong"))
    channel = Channel.objects.get(venue="mailbox")
    client.post(f"/settings/channels/{channel.key}/act/", {"act": "resume"})
    pause_sending(channel_id=channel.pk, reason="The password was changed")
    page = client.get(f"/settings/channels/{channel.key}/").content.decode()
    assert "The password was changed" in page
    assert "The server refused the password" in page
    assert "channels need you" in client.get("/").content.decode()
    assert "channels need you" not in signed_in(world.tessa).get("/").content.decode()
    assert "its check fails" in doctors_channels().sentence or "cut off" in doctors_channels().sentence
    client.post(f"/settings/channels/{channel.key}/", filled(world))
    channel.refresh_from_db()
    assert channel.state == "active"
    assert doctors_channels().ok
    assert "channels need you" not in client.get("/").content.decode()


def test_every_hour_all_but_the_paused_are_checked_and_a_check_that_breaks_is_a_finding(world: World) -> None:
    pause_channel(channel_id=world.night_chat.pk, actor="test")
    Channel.objects.filter(pk=world.square.pk).update(venue="mailbox", settings={})  # its check looks for a host
    check_channels()
    found = dict(ChannelHealth.objects.values_list("channel", "problems"))
    assert found.keys() == {world.chat.pk, world.square.pk}
    assert found[world.chat.pk] == []
    assert "The check itself failed (KeyError)" in found[world.square.pk][0]


def test_pause_and_switch_on_are_one_click_each(world: World, signed_in: SignedIn) -> None:
    client, path = signed_in(world.owner), f"/settings/channels/{world.chat.key}/act/"
    client.post(path, {"act": "pause"})
    assert Channel.objects.get(pk=world.chat.pk).state == "paused"
    client.post(path, {"act": "resume"})
    assert Channel.objects.get(pk=world.chat.pk).state == "active"
    assert client.post(path, {"act": "explode"}).status_code == 404


def test_test_reply_goes_the_way_of_every_reply(world: World, signed_in: SignedIn) -> None:
    client, path = signed_in(world.owner), f"/settings/channels/{world.chat.key}/"
    assert "with a test" not in client.get(path).content.decode().replace("\n    a test", " a test")
    message = say(world.chat, known("dora", name="Dora"), "Does this work?")
    client.post(f"{path}act/", {"act": "test", "message": message.key})
    ours = Message.objects.get(channel=world.chat, direction="out")
    assert ours.text.startswith("This is a test from Hark")
    assert (ours.agent_id, ours.outbox_item.state) == (world.owner.pk, "queued")
    assert "Waiting to be sent" in client.get(f"{path}steps/").content.decode()
    assert client.post(f"{path}act/", {"act": "test", "message": "msg_other"}).status_code == 404


def test_page_says_what_the_venue_allows_and_how_it_is(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.owner)
    page = client.get(f"/settings/channels/{world.square.key}/").content.decode()
    assert "Replies publicly and privately, at most 500 characters each." in page
    assert "three weeks" in page
    ChannelHealth.objects.create(channel=world.square, usual_gaps=[600.0] * 168)
    page = client.get(f"/settings/channels/{world.square.key}/").content.decode()
    assert "a silence of 10 min is usual; after 30 min there is an alarm" in page
