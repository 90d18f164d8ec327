"""`hark keys rotate`: killed in its middle nothing is lost, both keys open, and the next run finishes."""

import base64
import signal
from collections import Counter

import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from hark.kernel import secrets
from hark.kernel.ids import public_key
from hark.kernel.time import now
from hark.organisation.actions import factors
from hark.organisation.actions.channels import opened, sealed
from hark.organisation.actions.people import add_agent
from hark.organisation.actions.sealing import rotate
from hark.organisation.models import Agent, AuditEntry, Channel
from hark.organisation.queries import factors_of
from tests.intake.running import make_inbox
from tests.organisation.commands import begun
from tests.security.test_second_factor import code_of, with_app

COUNT = 300


def make_channels(count: int) -> None:
    """Channels with a secret each."""
    inbox, _ = make_inbox()
    keys = [public_key("chan") for _ in range(count)]
    Channel.objects.bulk_create(
        Channel(
            key=key, venue="simulated", external_id=key, name="S", inbox=inbox, connected_at=now(),
            sealed_secrets=sealed({"token": f"secret of {key}"}, key),
        )
        for key in keys
    )  # fmt: skip


def sealing_keys() -> Counter[str]:
    """Which key has sealed how many."""
    return Counter(secrets.sealed_with(bytes(row.sealed_secrets)) for row in Channel.objects.all())


@pytest.mark.django_db(transaction=True)
def test_rotation_killed_in_its_middle_is_finished_by_the_next_one(settings: Settings) -> None:
    old = django_settings.HARK_KEYS
    make_channels(COUNT)
    secrets.check_database()
    fresh = secrets.new_key()
    settings.HARK_KEYS = f"{fresh.line()} {old}"
    with begun("keys", "rotate", "--batch", "2") as process:
        assert process.stderr
        for _ in range(5):
            assert "sealed again" in process.stderr.readline()
        process.kill()
    assert process.returncode == -signal.SIGKILL
    half = sealing_keys()
    assert 0 < half[fresh.id] < COUNT
    assert all(opened(row)["token"] == f"secret of {row.key}" for row in Channel.objects.all())
    assert secrets.open_sealed(secrets.seal(b"x", aad="y"), aad="y") == b"x"
    with begun("keys", "rotate", "--batch", "2") as again:
        said, _ = again.communicate(timeout=60)
    assert again.returncode == 0
    assert f"{COUNT - half[fresh.id]} values sealed again" in said
    settings.HARK_KEYS = fresh.line()
    assert sealing_keys() == {fresh.id: COUNT}
    assert all(opened(row)["token"] == f"secret of {row.key}" for row in Channel.objects.all())
    secrets.check_database()
    secrets.execute("DELETE FROM kernel_keycheck")


@pytest.mark.django_db
def test_secrets_of_peoples_apps_are_sealed_again_too_and_it_is_written_down(settings: Settings) -> None:
    old = django_settings.HARK_KEYS
    agent = add_agent(name="Tom", email="tom@x.example")
    secret, _ = with_app(agent)
    fresh = secrets.new_key()
    settings.HARK_KEYS = f"{fresh.line()} {old}"
    assert rotate(batch=1) == 1
    assert rotate() == 0
    settings.HARK_KEYS = fresh.line()
    blob = base64.b64decode(factors_of(agent).get(type="totp").data["sealed"])
    assert secrets.sealed_with(blob) == fresh.id
    factors.use_code(agent=Agent.objects.get(pk=agent.pk), code=code_of(secret))
    row = AuditEntry.objects.filter(verb="keys.rotated").order_by("-number").first()
    assert row is not None
    assert row.subject == fresh.id
    assert secret not in str(row.details)
