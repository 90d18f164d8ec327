"""The forms by which the networks are connected."""

import pytest

from hark.channels.registry import venue
from tests.workspace.fixtures import SignedIn
from tests.workspace.makers import World

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("key", "field", "wrong", "words"),
    [
        ("whatsapp", "phone_number_id", "+31 20 123 45 67", "all digits"),
        ("facebook", "page_id", "plumprams", "not the Page’s name"),
        ("instagram", "account_id", "@plumprams", "it is not the name"),
        ("x", "user_id", "@plumprams", "not the @name"),
    ],
)
def test_network_asks_for_ids_and_names_no_secret(
    world: World, signed_in: SignedIn, key: str, field: str, wrong: str, words: str
) -> None:
    client = signed_in(world.owner)
    page = client.get(f"/settings/channels/new/{key}/").content.decode()
    assert f"set_{field}" in page
    assert venue(key).intro in client.get("/settings/channels/").content.decode()
    given = {"name": f"Plum on {key}", "inbox": world.care.key, f"set_{field}": wrong, "set_app_secret": "s3cret-words"}
    answer = client.post(f"/settings/channels/new/{key}/", given)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert "s3cret-words" not in answer.content.decode()
