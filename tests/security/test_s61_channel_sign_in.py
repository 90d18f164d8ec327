"""Row 61: the sign-in for a channel is hijacked. State, session, time, proof key, redirect: each mutated, refused."""

import pytest
from django.test import Client, override_settings

from hark.organisation.models import ChannelSignIn
from hark.organisation.types import Role
from tests.workspace.fixtures import SignedIn, signed_in, world
from tests.workspace.makers import World
from tests.workspace.oauth_place import Place, place

__all__ = ["place", "signed_in", "world"]


@pytest.mark.parametrize("wrong", ["state", "session", "late", "twice", "challenge", "redirect"])
def test_an_answer_that_was_not_begun_here_changes_nothing(
    place: Place, world: World, signed_in: SignedIn, wrong: str
) -> None:
    there = place.provider.agree(place.address())
    if wrong == "state":
        there = there.replace("state=", "state=x")
    if wrong == "session":  # somebody else's browser is led to our address: login CSRF
        place.client = signed_in(world.owner)
    if wrong == "late":
        session = place.client.session
        session["channel_sign_in"] = {**session["channel_sign_in"], "until": "2026-01-01T00:00:00+00:00"}
        session.save()
    if wrong == "challenge":  # a code that was stolen elsewhere
        session = place.client.session
        session["channel_sign_in"] = {**session["channel_sign_in"], "verifier": "x" * 64}
        session.save()
    if wrong == "twice":
        place.come_back(there)
        ChannelSignIn.objects.all().delete()
    with override_settings(HARK_BASE_URL="http://other.example" if wrong == "redirect" else "http://testserver"):
        page = place.come_back(there)
    assert "not begun here" in page or "no longer accepts the sign-in" in page
    assert not ChannelSignIn.objects.exists()
    if wrong not in {"twice", "challenge", "redirect"}:
        assert place.provider.asked == []


def test_whoever_may_no_longer_change_channels_does_not_finish_what_he_began(place: Place, world: World) -> None:
    there = place.provider.agree(place.address())
    type(world.owner).objects.filter(pk=world.owner.pk).update(role=Role.AGENT)
    assert place.client.get(there.removeprefix("http://testserver")).status_code == 404
    assert Client().post(f"{place.path}sign-in/").status_code in {302, 403}
    assert not ChannelSignIn.objects.exists()
    assert place.provider.asked == []
