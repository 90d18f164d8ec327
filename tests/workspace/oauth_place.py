"""A mailbox for which somebody signs in: its servers and its provider, all stand-ins over real lines."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client, override_settings

from hark.kernel.time import database_now
from hark.organisation.models import Channel, ChannelSignIn
from tests.channels.mail_stand_in import WHO, MailServers, mail_servers
from tests.channels.provider_stand_in import SECRET, Provider, provider_stand_in
from tests.workspace.fixtures import SignedIn
from tests.workspace.makers import World, an_oauth_mailbox


@dataclass
class Place:
    """A mailbox that waits for somebody to sign in, its servers, its provider, and the owner's browser."""

    channel: Channel
    servers: MailServers
    provider: Provider
    client: Client

    @property
    def path(self) -> str:
        return f"/settings/channels/{self.channel.key}/"

    def address(self) -> str:
        """Press the button: where the browser is led."""
        page = self.client.post(f"{self.path}sign-in/").content.decode()
        led = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', page)
        assert led
        return unescape(led.group(1))

    def sign_in(self, **changed: str) -> str:
        """There and back; the mail servers take what the provider gave. Gives the page on which it ends."""
        there = self.provider.agree(self.address(), **changed)
        return self.come_back(there)

    def come_back(self, there: str) -> str:
        self.servers.tokens = Followed(self.provider)
        return self.client.get(there.removeprefix("http://testserver"), follow=True).content.decode()

    def state(self) -> str:
        return Channel.objects.get(pk=self.channel.pk).state

    def row(self) -> ChannelSignIn:
        return ChannelSignIn.objects.get(channel=self.channel)


class Followed(set[str]):
    """The access tokens that live at the provider just now."""

    def __init__(self, provider: Provider) -> None:
        super().__init__()
        self.provider = provider

    def __iter__(self) -> Iterator[str]:
        return iter(set(self.provider.access))


@pytest.fixture
def place(world: World, signed_in: SignedIn) -> Iterator[Place]:
    with mail_servers() as servers, provider_stand_in() as provider:
        allowed = [*servers.allowed, provider.place]
        with override_settings(HARK_ALLOWED_NETWORKS=allowed, HARK_BASE_URL="http://testserver"):
            settings = servers.settings(user="")
            channel = an_oauth_mailbox(world.care, WHO, client=SECRET, **settings)
            yield Place(channel, servers, provider, signed_in(world.owner))


def expire(place: Place, *, left: timedelta = timedelta(0)) -> None:
    """The access token ends so soon."""
    ChannelSignIn.objects.filter(channel=place.channel).update(access_ends_at=database_now() + left)
    place.servers.tokens = Followed(place.provider)
