"""What a venue's page says that has to be done there, before an account can be connected and after."""

from html import unescape

import pytest

from hark.channels.base import Venue
from hark.channels.facebook import guide as facebook
from hark.channels.instagram import guide as instagram
from hark.channels.mastodon import guide as mastodon
from hark.channels.registry import venue, venues
from hark.channels.whatsapp import guide as whatsapp
from hark.organisation.actions.channels import connect_channel
from hark.workspace.queries.channel_page import channel_page
from tests.workspace.fixtures import SignedIn
from tests.workspace.makers import World

pytestmark = pytest.mark.django_db

OWN_PAGES = {"webchat", "form", "api", "encounter"}
ELSEWHERE = sorted(key for key, one in venues().items() if one.proof != "simulated" and key not in OWN_PAGES)
SIGN_IN = "Where a sign-in is needed, it comes first."


@pytest.mark.parametrize("key", ELSEWHERE)
def test_venue_with_an_account_elsewhere_says_what_to_do_there(key: str, world: World, signed_in: SignedIn) -> None:
    guide, *more = venue(key).guides("http://localhost:8000/settings/sign-in/")
    assert 3 <= len(guide.steps) <= 6
    assert [step for one in (guide, *more) for step in one.steps if len(step) > 200] == []
    assert all(one.link.startswith("https://") for one in (guide, *more) if one.link)
    page = unescape(signed_in(world.owner).get(f"/settings/channels/new/{key}/").content.decode())
    assert [step for step in guide.steps if step not in page] == []
    assert [name for name, _ in guide.values if name not in page] == []
    assert (SIGN_IN in page) == (type(venue(key)).oauth is not Venue.oauth)


@pytest.mark.parametrize(
    ("key", "asked"),
    [
        ("whatsapp", whatsapp.SCOPES),
        ("facebook", facebook.SCOPES),
        ("instagram", instagram.SCOPES),
        ("mastodon", mastodon.SCOPES),
    ],
)
def test_guide_names_each_permission_that_the_check_asks_for(key: str, asked: tuple[str, ...]) -> None:
    (guide,) = venue(key).guides("")
    assert guide.values[0][1].splitlines() == list(asked)


def test_pages_of_our_own_have_no_guide(world: World, signed_in: SignedIn) -> None:
    for key in sorted(OWN_PAGES - {"encounter"}):
        assert (
            'class="guide__steps"' not in signed_in(world.owner).get(f"/settings/channels/new/{key}/").content.decode()
        )


@pytest.mark.parametrize(
    ("key", "title", "has"),
    [
        ("whatsapp", "Callback URL for Meta", "override_callback_uri"),
        ("facebook", "Callback URL for Meta", "subscribed_fields="),
        ("instagram", "Callback URL for Meta", "me/subscribed_apps"),
        ("sms-twilio", "This channel's address", ""),
        ("sms-kannel", "This channel's address", ""),
    ],
)
def test_kept_channel_s_page_shows_where_the_venue_calls(
    key: str, title: str, has: str, world: World, signed_in: SignedIn
) -> None:
    channel = connect_channel(
        actor=world.owner.key, venue=key, external_id="102290129340398", name="Plum", inbox=world.care,
        settings={}, secrets={"token": "s3cret-words"}, waits_for="Not yet.",
    )  # fmt: skip
    page = unescape(signed_in(world.owner).get(f"/settings/channels/{channel.key}/").content.decode())
    assert title in page
    assert f"/in/{channel.key}" in page
    assert has in page
    assert "s3cret-words" not in page


def test_channel_that_is_asked_shows_no_address(world: World) -> None:
    channel = connect_channel(
        actor=world.owner.key, venue="mastodon", external_id="care@plum.example", name="Plum", inbox=world.care,
        settings={"handle": "care@plum.example"}, secrets={}, waits_for="Not yet.",
    )  # fmt: skip
    assert channel_page(channel).calls == ()
