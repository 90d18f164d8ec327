"""A Plum of its own for every test of the desk, and clients that are signed in."""

from collections.abc import Callable

import pytest
from django.test import Client

from hark.organisation.models import Agent
from tests.workspace.makers import World, make_world


@pytest.fixture
def world(db: None) -> World:
    """The made-up operator."""
    return make_world()


@pytest.fixture
def signed_in() -> Callable[[Agent], Client]:
    """A client with the session of a person."""

    def client_of(agent: Agent) -> Client:
        client = Client(enforce_csrf_checks=False)
        client.force_login(agent, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return client_of
