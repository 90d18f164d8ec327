"""Threat 38: the address of a file is signed, good for five minutes and one person, and never instead of the gate."""

from typing import Any

import pytest

from hark.kernel import time as kernel_time
from hark.workspace.queries import addresses
from tests.security.stranger import came_with
from tests.workspace.files import whole
from tests.workspace.fixtures import SignedIn
from tests.workspace.makers import World


@pytest.fixture
def key(world: World) -> str:
    """A file of a message in Care."""
    found: str = came_with(world.square, {"bill.pdf": b"%PDF-1 bill"}).attachments.get().key
    return found


def test_address_works_for_whom_it_was_made(world: World, signed_in: SignedIn, key: str) -> None:
    client = signed_in(world.tessa)
    address = client.get(f"/file/{key}/download/")["Location"]
    assert whole(client.get(address)) == b"%PDF-1 bill"


def test_address_in_another_hand_is_refused(world: World, signed_in: SignedIn, key: str, client: Any) -> None:
    address = signed_in(world.tessa).get(f"/file/{key}/download/")["Location"]
    assert signed_in(world.ruben).get(address).status_code == 403  # may see the file, but this is not his address
    assert signed_in(world.stranger).get(address).status_code == 403
    assert client.get(address).status_code == 302  # signed out


def test_address_is_over_after_five_minutes(
    world: World, signed_in: SignedIn, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in(world.tessa)
    address = client.get(f"/file/{key}/download/")["Location"]
    at = kernel_time.now()
    monkeypatch.setattr(addresses, "now", lambda: at.__class__.fromtimestamp(at.timestamp() + 299, at.tzinfo))
    assert whole(client.get(address)) == b"%PDF-1 bill"
    monkeypatch.setattr(addresses, "now", lambda: at.__class__.fromtimestamp(at.timestamp() + 302, at.tzinfo))
    assert client.get(address).status_code == 403


def test_nothing_about_an_address_can_be_changed(world: World, signed_in: SignedIn, key: str) -> None:
    client = signed_in(world.tessa)
    address = client.get(f"/file/{key}/download/")["Location"]
    until, _, signature = address.rstrip("/").rpartition("/")[2].partition(".")
    other = came_with(world.square, {"other.pdf": b"%PDF-1"}).attachments.get().key
    for changed in (
        address.replace(key, other),
        address.replace("/download/", "/preview/"),
        address.replace(until, str(int(until) + 60)),
        address.replace(signature, signature[::-1]),
        address.replace(signature, ""),
        address.replace(f"{until}.{signature}", "x"),
    ):
        assert client.get(changed).status_code == 403, changed


def test_foreign_file_and_no_file_are_the_same_answer(world: World, signed_in: SignedIn, key: str) -> None:
    client = signed_in(world.stranger)
    foreign, unknown = (client.get(f"/file/{each}/download/") for each in (key, "file_nothere"))
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.content == unknown.content
