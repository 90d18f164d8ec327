"""Settings, keys of the API: made, shown once, seen at work, revoked."""

import re
from datetime import timedelta

from django.test import Client
from django.utils import timezone

from hark.organisation.models import ApiKey
from hark.organisation.types import Right
from tests.workspace.fixtures import SignedIn, page_of
from tests.workspace.makers import World, an_own_role, make_role


def test_key_is_made_shown_once_used_and_revoked(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.owner)
    today = timezone.localdate()
    given = {"name": "Warehouse", "rights": ["see_all", "note"], "inbox": world.care.key}
    for late in (today - timedelta(days=1), today + timedelta(days=366)):
        assert client.post("/settings/keys/", {**given, "ends_on": str(late)}).status_code == 422
    page = page_of(client.post("/settings/keys/", {**given, "ends_on": str(today + timedelta(days=30))}))
    secret = re.search(r"hk_\w{8}_[\w-]{43}", page)
    assert secret
    key = ApiKey.objects.get()
    assert (key.rights, key.inbox, key.agent) == (["note", "see_all"], world.care, world.owner)
    page = page_of(client.get("/settings/keys/"))
    assert secret.group() not in page
    assert "never" in page
    assert Client(headers={"authorization": f"Bearer {secret.group()}"}).get("/api/v1/cases/").status_code == 200
    assert "from 127.0.0.1" in page_of(client.get("/settings/keys/"))
    client.post(f"/settings/keys/{key.key}/revoke/")
    assert "Revoked" in page_of(client.get("/settings/keys/"))
    assert Client(headers={"authorization": f"Bearer {secret.group()}"}).get("/api/v1/cases/").status_code == 401


def test_form_offers_only_what_the_person_may(world: World, signed_in: SignedIn) -> None:
    client = signed_in(make_role(world, an_own_role(world, Right.KEYS, Right.NOTE)))
    page = page_of(client.get("/settings/keys/"))
    assert 'value="note"' in page
    assert 'value="answer"' not in page
    assert world.night.key not in page
    given = {"name": "Robot", "ends_on": str(timezone.localdate())}
    for wrong in ({"rights": ["answer"]}, {"inbox": world.night.key}):
        assert client.post("/settings/keys/", {**given, **wrong}).status_code == 422
    assert not ApiKey.objects.exists()
