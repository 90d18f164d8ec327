"""The pages on which an administrator connects a social venue: its own words, and a check that names what lacks."""

import pytest

from hark.organisation.models import Channel
from tests.channels.venues.mastodon_place import TOKEN, MastodonPlace
from tests.channels.venues.telegram_place import TOKEN as BOT_TOKEN
from tests.channels.venues.telegram_place import TelegramPlace
from tests.channels.venues.test_mastodon import ACCOUNT
from tests.channels.venues.test_telegram import ACCOUNT as BOT
from tests.workspace.fixtures import SignedIn
from tests.workspace.makers import World

WORDS = {
    "mastodon": ("Access token", "Private mentions are not encrypted"),
    "telegram": ("BotFather", "Hark asks Telegram"),
    "discourse": ("Address of the forum", "The forum is ours"),
    "reddit": ("Your subreddits", "That approval is", "redirect uri"),
    "tumblr": ("OAuth consumer key", "OAuth2 redirect URL"),
}


@pytest.mark.parametrize("key", sorted(WORDS))
def test_form_asks_in_the_venue_s_own_words(key: str, world: World, signed_in: SignedIn) -> None:
    page = signed_in(world.owner).get(f"/settings/channels/new/{key}/").content.decode()
    assert [words for words in WORDS[key] if words not in page] == []


def test_mastodon_is_connected_checked_and_knows_who_it_is(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.owner)
    given = {"name": "Mastodon", "inbox": world.care.key, "set_max_length": 500, "set_max_parts": 1}
    given |= {"set_handle": "care@plum.example", "set_read_back_days": 0, "set_token": TOKEN}
    with MastodonPlace(ACCOUNT) as place:
        place.weaken()
        page = client.post("/settings/channels/new/mastodon/", {**given, "set_base_url": place.base_url}, follow=True)
        assert "The permission write:statuses is missing" in page.content.decode()
        place.scopes = ["read", "write"]
        channel = Channel.objects.get(venue="mastodon")
        again = {**given, "set_base_url": place.base_url, "set_token": ""}
        page = client.post(f"/settings/channels/{channel.key}/", again, follow=True)
        assert "Kept, and checked" in page.content.decode()
    channel.refresh_from_db()
    assert (channel.state, channel.external_id) == ("active", "care@plum.example")
    assert "101" in channel.settings["self_ids"]
    assert TOKEN not in client.get(f"/settings/channels/{channel.key}/").content.decode()


def test_telegram_s_page_shows_how_its_webhook_is_set(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.owner)
    given = {"name": "Bot", "inbox": world.care.key, "set_bot": "@plum_care_bot", "set_incoming": "webhook"}
    with TelegramPlace(BOT):
        client.post(
            "/settings/channels/new/telegram/", {**given, "set_max_parts": 1, "set_token": BOT_TOKEN}, follow=True
        )
    channel = Channel.objects.get(venue="telegram")
    page = client.get(f"/settings/channels/{channel.key}/secrets/").content.decode()
    assert f"/in/{channel.key}" in page
    assert "setWebhook" in page
