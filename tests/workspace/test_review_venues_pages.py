"""The pages on which venues of reviews are connected."""

import pytest

from tests.workspace.fixtures import SignedIn
from tests.workspace.makers import World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("venue", "asked", "told"),
    [
        ("google-business", "set_place", "Application for Basic API Access"),
        ("youtube", "set_channel", "YouTube Data API v3"),
        ("play", "set_package", "Reply to reviews"),
        ("appstore", "set_issuer", "Customer Support"),
        ("yelp", "set_imap_host", "What to do at Google"),
        ("tripadvisor", "set_forwarders", "Who hands alerts on"),
    ],
)
def test_form_asks_for_what_the_venue_needs_and_says_what_to_do_there(
    world: World, signed_in: SignedIn, venue: str, asked: str, told: str
) -> None:
    page = signed_in(world.owner).get(f"/settings/channels/new/{venue}/")
    assert page.status_code == 200
    text = page.content.decode()
    assert f'name="{asked}"' in text
    assert told in text
    assert 'name="set_smtp' not in text
