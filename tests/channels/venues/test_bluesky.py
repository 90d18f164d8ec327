"""Bluesky passes the suite against a stand-in; what is special about threads, facets, deletions and its session.

The real network is asked in tests/venues/test_real_bluesky.py.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar
from uuid import UUID, uuid5

import pytest
from django.test import override_settings

from hark.channels.accounts import account_at_work
from hark.channels.bluesky import Bluesky
from hark.channels.errors import AuthLost, Refused
from hark.channels.kit.oauth import ACCESS
from hark.channels.testing.conformance import ChannelConformance
from hark.channels.testing.conformance.bench import MOMENT, Visibility
from hark.channels.types import Account, Inbound, Outbound, OutboundFile, Raw, Request, Standing, Target
from hark.kernel.storage import store
from hark.organisation.actions.channels import connect_channel
from hark.organisation.models import ChannelSignIn
from tests.channels.bluesky_network import BLOB, CARE, FIRST, HANDLES, MAUD, POST, Network
from tests.journey.makers import make_inbox

SAMPLES = Path(__file__).parents[1] / "samples" / "bluesky"
ACCOUNT = Account(
    "chan_bluesky",
    HANDLES[CARE],
    {"handle": HANDLES[CARE], "read_back_days": 3},
    {ACCESS: "an-access-token-of-the-suite", "password": "abcd-efgh-ijkl-mnop", "signing": "a-signing-secret-of-it"},
    frozenset({HANDLES[CARE], CARE}),
)


def post(text: str, at: datetime = MOMENT, **record: Any) -> dict[str, Any]:
    """A post of Maud's, as the network shows it."""
    return {
        "uri": f"at://{MAUD}/{POST}/{uuid5(UUID(int=9), text).hex[:13]}",
        "cid": "bafyreicid",
        "author": {"did": MAUD, "handle": HANDLES[MAUD]},
        "record": {"$type": POST, "text": text, "createdAt": at.isoformat(), **record},
        "indexedAt": at.isoformat(),
    }


class TestBluesky(ChannelConformance):
    venue = Bluesky()
    samples = SAMPLES
    seen: ClassVar[Visibility] = "public"
    echo_carries_ref = False
    permission_ends = False  # an app password has neither scopes nor an end
    target = Target(external_id=FIRST, thread=FIRST, root=FIRST, parent=FIRST, person=MAUD)

    def account(self) -> Account:
        return ACCOUNT

    def genuine(self, body: bytes) -> Request:
        return Request("POST", "/", "", {}, body, MOMENT)

    def says(self, text: str, visibility: Visibility = "public", *, thread: str = "t1", at: datetime = MOMENT) -> Raw:
        root = {"uri": f"at://{MAUD}/{POST}/{thread}", "cid": "bafyreicid"}
        said = post(text, at, reply={"root": root, "parent": root})
        return Raw(json.dumps({"posts": [said]}, ensure_ascii=False).encode(), {}, "1", at)

    def batch(self, count: int) -> tuple[Raw, list[str]]:
        posts = [post(f"line {number}") for number in range(count)]
        return Raw(json.dumps({"posts": posts}).encode()), [each["uri"] for each in posts]

    def forbidden(self) -> tuple[Outbound, ...]:
        unasked = self.reply(author_kind="bot", standing=Standing(targets_us="keyword"))
        paper = self.reply(attachments=(OutboundFile("0" * 64, "bill.pdf", "application/pdf", 4),))
        picture = OutboundFile("0" * 64, "it.png", "image/png", 4)
        return unasked, paper, self.reply(attachments=(picture,) * 5), self.reply(visibility="private")

    @contextmanager
    def counterpart(self) -> Iterator[Network]:
        with Network(ACCOUNT) as network:
            yield network


@pytest.fixture
def network() -> Iterator[Network]:
    with Network(replace(ACCOUNT, settings={"handle": HANDLES[CARE]})) as server:
        yield server


def polled(network: Network, cursor: str) -> tuple[list[Inbound], str]:
    """Everything that is there, in Hark's words."""
    events, more = [], True
    while more:
        page = Bluesky().poll(network.account, cursor)
        events += [one for raw in page.raws for one in Bluesky().parse(network.account, raw)]
        cursor, more = page.next_cursor, page.more
    return events, cursor


def reply(text: str = "Thank you.", **more: Any) -> Outbound:
    known: dict[str, Any] = {"visibility": "public", "target": TestBluesky.target, "id": UUID(int=7 << 70), **more}
    return Outbound(text=text, **known)


def test_reply_names_parent_and_root_by_address_and_content(network: Network) -> None:
    root = network.posts[FIRST]
    above = {name: {"uri": FIRST, "cid": root["cid"]} for name in ("root", "parent")}
    second = network.hear("And now?", "reply", reply=above)
    Bluesky().send(network.account, reply(target=Target(second["uri"], FIRST, FIRST, second["uri"], MAUD)))
    assert network.received()[-1]["record"]["reply"] == {
        "root": above["root"],
        "parent": {"uri": second["uri"], "cid": second["cid"]},
    }


def test_second_part_answers_our_first_before_the_network_knows_it(network: Network) -> None:
    [first] = Bluesky().send(network.account, reply("One")).external_ids
    network._getPosts = lambda _: pytest.fail("the network was asked")  # type: ignore[attr-defined]
    target = replace(TestBluesky.target, parent=first)
    Bluesky().send(network.account, reply("Two", id=UUID(int=8 << 70), target=target))
    assert [(one["parent"], one["root"]) for one in network.received()] == [(FIRST, FIRST), (first, FIRST)]


def test_addresses_become_links_counted_in_bytes(network: Network) -> None:
    Bluesky().send(network.account, reply("Grüße 🎉 https://plum.example/träck?a=1. Bye"))
    record = network.received()[-1]["record"]
    [facet] = record["facets"]
    raw = record["text"].encode()
    place = facet["index"]
    assert raw[place["byteStart"] : place["byteEnd"]].decode() == "https://plum.example/träck?a=1"
    assert facet["features"][0]["uri"] == "https://plum.example/träck?a=1"


def test_post_that_is_gone_or_closed_is_refused_in_words(network: Network) -> None:
    network.posts[FIRST]["viewer"] = {"replyDisabled": True}
    with pytest.raises(Refused, match="some people"):
        Bluesky().send(network.account, reply())
    del network.posts[FIRST]
    with pytest.raises(Refused, match="not there"):
        Bluesky().send(network.account, reply())
    assert not network.received()


def test_deletion_is_noticed_when_a_post_is_missing_twice(network: Network) -> None:
    _, cursor = polled(network, "")
    heard = network.hear("Help, please")
    events, cursor = polled(network, cursor)
    assert [one.targets_us for one in events] == ["mention"]
    del network.posts[heard["uri"]]
    network.notified.clear()
    events, cursor = polled(network, cursor)
    assert events == []
    events, cursor = polled(network, cursor)
    assert [(one.kind, one.external_id) for one in events] == [("delete", heard["uri"])]
    assert polled(network, cursor)[0] == []


def test_post_that_was_missing_once_only_is_not_deleted(network: Network) -> None:
    _, cursor = polled(network, "")
    heard = network.hear("Help, please")
    _, cursor = polled(network, cursor)
    away = network.posts.pop(heard["uri"])
    _, cursor = polled(network, cursor)
    network.posts[heard["uri"]] = away
    for _ in range(3):
        events, cursor = polled(network, cursor)
        assert events == []


def test_native_answer_comes_back_and_so_does_ours(network: Network) -> None:
    _, cursor = polled(network, "")
    [ours] = Bluesky().send(network.account, reply()).external_ids
    native = network.put(CARE, {"text": "Answered in the app"})["uri"]
    events, cursor = polled(network, cursor)
    assert [(one.kind, one.external_id) for one in events] == [("echo", ours), ("echo", native)]
    assert polled(network, cursor) == ([], cursor)


def test_post_with_a_slow_clock_is_found_below_newer_ones(network: Network) -> None:
    network.hear("first")
    _, cursor = polled(network, "")
    network.hear("second")
    events, cursor = polled(network, cursor)
    third = network.hear("third")
    network.notified.insert(0, network.notified.pop())  # sorted by its author's clock
    events, _ = polled(network, cursor)
    assert [one.external_id for one in events] == [third["uri"]]


def test_long_stretch_is_read_in_several_polls(network: Network) -> None:
    _, cursor = polled(network, "")
    ids = network.offer(1_250)
    page = Bluesky().poll(network.account, cursor)
    assert page.more
    events, cursor = polled(network, cursor)
    assert {one.external_id for one in events} == set(ids)
    assert len(events) == len(ids)
    assert polled(network, cursor)[0] == []


def test_what_a_word_finds_is_an_answer_where_it_answers_us(network: Network) -> None:
    network.account = replace(network.account, terms=("plum",))
    _, cursor = polled(network, "")
    ours = network.put(CARE, {"text": "Plum news"})
    above = {name: {"uri": ours["uri"], "cid": ours["cid"]} for name in ("root", "parent")}
    network.put(MAUD, {"text": "plum is slow", "reply": above})
    network.put(MAUD, {"text": "plum cake"})
    events, _ = polled(network, cursor)
    assert [(one.kind, one.targets_us) for one in events] == [
        ("echo", "keyword"),
        ("message", "reply"),
        ("message", "keyword"),
    ]


def test_pictures_are_brought_first(network: Network) -> None:
    with TemporaryDirectory() as folder, override_settings(HARK_FILES=Path(folder)):
        kept = store([b"picture"], most=1_000)
        file = OutboundFile(kept.sha256, "Our shop", "image/png", 7)
        Bluesky().send(network.account, reply(attachments=(file,)))
    [image] = network.received()[-1]["record"]["embed"]["images"]
    assert (image["alt"], image["image"]["ref"]["$link"], image["image"]["mimeType"]) == ("Our shop", BLOB, "image/png")


@pytest.mark.parametrize("handle", ["plumcare", "@care.plum.example", "https://care.plum.example/x"])
def test_handle_is_written_in_full(handle: str) -> None:
    assert list(Bluesky().objections(replace(ACCOUNT, settings={"handle": handle}))) == ["handle"]


def test_handle_that_has_changed_is_a_warning_and_the_id_stays(network: Network) -> None:
    health = Bluesky().check(replace(network.account, external_id="old.plum.example"))
    assert (health.problems, health.self_ids) == ((), (CARE,))
    assert "care.plum.example" in health.warnings[0]


@pytest.mark.django_db
def test_session_is_opened_once_kept_prolonged_and_opened_again_when_it_has_ended(network: Network) -> None:
    channel = connect_channel(
        actor="system",
        venue="bluesky",
        external_id=HANDLES[CARE],
        name="@plum on Bluesky",
        inbox=make_inbox(),
        settings={"handle": HANDLES[CARE], "base_url": network.base_url},
        secrets={"password": network.password},
    )
    for _ in range(3):
        assert account_at_work(channel).secrets[ACCESS] == ACCOUNT.secrets[ACCESS]
    assert (network.created, network.refreshed) == (1, 0)
    ChannelSignIn.objects.update(access_ends_at="2020-01-01T00:00:00Z")
    account_at_work(channel)
    assert (network.created, network.refreshed) == (1, 1)
    ChannelSignIn.objects.update(access_ends_at="2020-01-01T00:00:00Z")
    network.refreshed += 5  # the refresh token is no longer known there
    account_at_work(channel)
    assert network.created == 2


@pytest.mark.django_db
def test_app_password_that_was_revoked_stops_sending_in_words(network: Network) -> None:
    network.password = "another"
    channel = connect_channel(
        actor="system",
        venue="bluesky",
        external_id=HANDLES[CARE],
        name="@plum on Bluesky",
        inbox=make_inbox(),
        settings={"handle": HANDLES[CARE], "base_url": network.base_url},
        secrets={"password": "abcd-efgh-ijkl-mnop"},
    )
    with pytest.raises(AuthLost, match="app password"):
        account_at_work(channel)
    channel.refresh_from_db()
    assert channel.state == "auth_lost"
    assert "app password" in channel.state_reason
