"""A Plum of its own for every test of the desk, and clients that are signed in."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from hark.organisation.models import Agent
from tests.workspace.makers import World, make_world

SignedIn = Callable[[Agent], Client]


def page_of(response: Any) -> str:
    """What came back on one line: how its source is broken into lines is nobody's business."""
    return " ".join(response.content.decode().split())


@pytest.fixture
def world(db: None) -> World:
    """The made-up operator."""
    return make_world()


@pytest.fixture
def signed_in() -> SignedIn:
    """A client with the session of a person."""

    def client_of(agent: Agent) -> Client:
        client = Client(enforce_csrf_checks=False)
        client.force_login(agent, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return client_of
