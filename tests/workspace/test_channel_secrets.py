"""The secrets that a channel shares: made and shown once, two valid while one is replaced, sealed."""

import re
from dataclasses import asdict

import jwt
from django.db import connection
from django.test import Client

from hark.channels.accounts import account_of
from hark.channels.webchat.identity import NotProved, site_person
from hark.kernel.models import Event
from hark.kernel.time import now
from hark.organisation.actions.channels import connect_channel
from hark.organisation.models import Channel
from tests.workspace.fixtures import SignedIn
from tests.workspace.makers import World


def made_on(client: Client, path: str) -> str:
    """The secret that the page shows in its answer."""
    page = client.post(path, {"name": "identity", "act": "make"}).content.decode()
    found = re.search(r'class="secret" tabindex="0">([\w-]{43})<', page)
    assert found, page
    return found[1]


def word(channel: Channel, secret: str) -> str:
    """A token as the site would sign it."""
    at = int(now().timestamp())
    return jwt.encode({"aud": channel.key, "sub": "4711", "iat": at, "exp": at + 600}, secret, algorithm="HS256")


def proves(channel: Channel, secret: str) -> bool:
    """Does a token signed with this secret prove somebody to the chat?"""
    account = account_of(Channel.objects.get(pk=channel.pk))
    try:
        return site_person(account, word(channel, secret), at=now()).key == "4711"
    except NotProved:
        return False


def test_secret_is_shown_once_and_replaced_without_a_gap(world: World, signed_in: SignedIn) -> None:
    client, path = signed_in(world.owner), f"/settings/channels/{world.chat.key}/secrets/"
    assert "There is no secret yet" in client.get(path).content.decode()
    first = made_on(client, path)
    assert proves(world.chat, first)
    assert not proves(world.night_chat, first)
    second = made_on(client, path)
    assert [proves(world.chat, each) for each in (first, second)] == [True, True]
    refused = client.post(path, {"name": "identity", "act": "make"}, follow=True).content.decode()
    assert "Two secrets are valid already" in refused
    page = client.get(path).content.decode()
    assert first not in page
    assert second not in page
    client.post(path, {"name": "identity", "act": "drop"})
    assert [proves(world.chat, each) for each in (first, second)] == [False, True]
    assert "There is no older secret" in client.post(path, {"act": "drop"}, follow=True).content.decode()


def test_secret_is_sealed_and_every_change_is_told_without_it(world: World, signed_in: SignedIn) -> None:
    client, path = signed_in(world.owner), f"/settings/channels/{world.chat.key}/secrets/"
    first, _ = made_on(client, path), client.post(path, {"act": "make"})
    client.post(path, {"act": "drop"})
    told = Event.objects.filter(subject=world.chat.key, kind__startswith="channel.secret").order_by("id")
    assert [(each.kind, each.actor, each.data) for each in told] == [
        ("channel.secret_made", world.owner.key, {"secret": "identity"}),
        ("channel.secret_made", world.owner.key, {"secret": "identity"}),
        ("channel.secret_dropped", world.owner.key, {"secret": "identity"}),
    ]
    with connection.cursor() as cursor:
        cursor.execute("SELECT c::text FROM organisation_channel c UNION ALL SELECT e::text FROM kernel_event e")
        assert first not in str(cursor.fetchall())
    account = account_of(Channel.objects.get(pk=world.chat.pk))
    assert first not in f"{account!r} {asdict(account)['settings']}"


def test_pasted_token_says_what_hark_reads(world: World, signed_in: SignedIn) -> None:
    client, path = signed_in(world.owner), f"/settings/channels/{world.chat.key}/secrets/"
    secret = made_on(client, path)
    good = client.post(path, {"act": "check", "token": word(world.chat, secret)}).content.decode()
    assert "The chat believes it" in good
    assert "<dd>4711</dd>" in good
    bad = client.post(path, {"act": "check", "token": word(world.night_chat, secret)}).content.decode()
    assert "The chat does not believe it" in bad
    assert f"aud must be {world.chat.key}" in bad
    assert secret not in good + bad


def test_pasted_call_of_a_program_says_why_it_is_not_believed(world: World, signed_in: SignedIn) -> None:
    channel = connect_channel(
        actor="test", venue="api", external_id="x", name="Bridge", inbox=world.care, settings={}, secrets={},
    )  # fmt: skip
    client, path = signed_in(world.owner), f"/settings/channels/{channel.key}/secrets/"
    call = {"act": "check", "stamp": "1", "signature": "abc", "body": '{"id": "1", "author": {"id": "m"}}'}
    page = client.post(path, call).content.decode()
    assert "It would not be taken" in page
    assert "the signature does not fit" in page
    assert "Events[0]: text is missing." in page
    assert f"/in/{channel.key}" in page


def test_venue_that_shares_no_secret_has_no_such_page(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.owner)
    assert client.get(f"/settings/channels/{world.square.key}/secrets/").status_code == 404
    path = f"/settings/channels/{world.chat.key}/secrets/"
    assert client.post(path, {"name": "signing", "act": "make"}).status_code == 404


def test_planted_secrets_are_on_no_page_that_an_owner_can_reach(world: World, signed_in: SignedIn) -> None:
    canary = "canary-0123456789-abcdefghijklmnopqrstuvw"
    names = {"api": ("incoming", "outgoing"), "simulated": ("token", "webhook"), "webchat": ("identity",)}
    for venue, secrets in names.items():
        connect_channel(
            actor="test", venue=venue, external_id="canary", name=f"Canary {venue}", inbox=world.care, settings={},
            secrets=dict.fromkeys(("signing", *secrets, *(f"{each}.previous" for each in secrets)), canary),
        )  # fmt: skip
    client = signed_in(world.owner)
    seen: set[str] = set()
    waiting = ["/", "/settings/", "/stream/", "/parked/"]
    while waiting and len(seen) < 140:
        path = waiting.pop(0)
        seen.add(path)
        page = client.get(path, follow=True).content.decode()
        assert canary not in page, path
        links = re.findall(r'href="(/(?!static)[^"#]*)"', page)
        waiting += [link for link in dict.fromkeys(links) if link not in (*seen, *waiting, "/sign-out/")]
    assert {"/settings/channels/", f"/settings/channels/{world.chat.key}/secrets/"} <= seen
    assert not waiting
