"""A new key takes over from the old one."""

import pytest
from pytest_django import Settings

from hark.kernel import secrets
from hark.organisation.actions.channels import connect_channel, opened
from hark.organisation.actions.sealing import reseal
from hark.organisation.actions.set_up import set_up
from hark.organisation.models import Channel


@pytest.mark.django_db
def test_channels_secrets_are_sealed_again_and_the_old_key_may_go(settings: Settings) -> None:
    inbox = set_up(
        organisation="Plum", owner_name="Ada", owner_email="a@x.example", password="long enough to keep"
    ).inbox
    for number in range(5):
        kept = {"token": f"t{number}"}
        new = {"venue": "simulated", "external_id": str(number), "name": "S", "inbox": inbox, "settings": {}}
        connect_channel(**new, secrets=kept, actor="system")
    Channel.objects.filter(external_id="4").update(sealed_secrets=b"")
    fresh = secrets.new_key()
    settings.HARK_KEYS = f"{fresh.line()} {settings.HARK_KEYS}"
    assert reseal(batch=2) == 4
    assert reseal() == 0
    settings.HARK_KEYS = fresh.line()
    tokens = [opened(channel).get("token") for channel in Channel.objects.order_by("external_id")]
    assert tokens == ["t0", "t1", "t2", "t3", None]
