"""Files that come with messages: noted with them, fetched from the venue or out of the arrival, given up visibly."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import override_settings

from hark.channels.errors import Refused, Retry
from hark.channels.types import Account, Raw
from hark.conversations.actions import changes
from hark.conversations.actions.fetching import fetch_again, fetch_next_file
from hark.conversations.actions.thread import thread
from hark.conversations.models import Attachment, MessageHtml
from hark.conversations.queries.files import files_of_messages
from hark.conversations.types import Deletion, SeenFile
from hark.kernel import storage
from hark.kernel.models import Event
from hark.kernel.time import database_now
from hark.organisation.models import Agent, Channel
from tests.conversations.desk import a_post, acts, said
from tests.delivery.shelf import Shelf
from tests.kernel.picture_makers import photo


@pytest.fixture
def full(shelf: Shelf) -> Shelf:
    """A shelf with files on it: bytes, or the error that fetching meets."""
    shelf.files = {"pic": photo(size=(400, 300)), "doc": b"%PDF-1.7 x"}  # type: ignore[attr-defined]

    def media(account: Account, ref: str) -> Iterator[bytes]:
        found = shelf.files[ref]  # type: ignore[attr-defined]
        if isinstance(found, Exception):
            raise found
        yield found

    shelf.media = media  # type: ignore[method-assign]
    return shelf


def fetch() -> None:
    while fetch_next_file():
        pass


def due_again() -> None:
    Attachment.objects.filter(state="waiting").update(try_at=database_now() - timedelta(seconds=1))


def one(ref: str, **more: Any) -> tuple[SeenFile, ...]:
    return (SeenFile(ref, **more),)


def test_file_is_noted_with_its_message_and_fetched_later(channel: Channel, full: Shelf) -> None:
    told = said(channel, files=(SeenFile("pic", "me.png", 5), SeenFile("doc", "../x/bill.pdf")))
    assert [file.state for file in Attachment.objects.order_by("id")] == ["waiting", "waiting"]
    fetch()
    picture, paper = files_of_messages([told.message_id or 0])[told.message_id or 0]
    assert (picture.name, picture.mime, picture.state, picture.picture) == ("me.png", "image/jpeg", "stored", True)
    assert (paper.name, paper.mime, paper.picture) == ("bill.pdf", "application/pdf", False)
    assert Event.objects.filter(kind="message.file").count() == 2
    kept = Attachment.objects.get(ref="pic")
    assert storage.read(kept.sha256) == photo(size=(400, 300))  # as it came: evidence
    assert b"Plumphone" not in storage.read(kept.preview)  # as it is shown


def test_same_message_twice_notes_its_files_once(channel: Channel, full: Shelf) -> None:
    post = a_post(channel, files=one("doc"))
    thread([post, post])
    thread([post])
    fetch()
    assert Attachment.objects.count() == 1


def test_what_the_venue_cannot_give_now_is_tried_again_and_given_up_visibly(
    channel: Channel, full: Shelf, tessa: Agent
) -> None:
    full.files["doc"] = Retry(detail="busy")  # type: ignore[attr-defined]
    told = said(channel, files=one("doc", name="bill.pdf"))
    for _ in range(6):
        fetch()
        due_again()
    [shown] = files_of_messages([told.message_id or 0])[told.message_id or 0]
    assert shown.state == "failed"
    assert "patience" in shown.problem
    full.files["doc"] = b"%PDF-1"  # type: ignore[attr-defined]
    fetch_again(key=shown.key, author=acts(tessa))
    fetch()
    assert Attachment.objects.get().state == "stored"


def test_one_bad_file_does_not_hold_up_the_others(channel: Channel, full: Shelf) -> None:
    full.files["bad"] = RuntimeError("a third party's bug")  # type: ignore[attr-defined]
    full.files["no"] = Refused("foreign_host", "This attachment does not lie at the venue.")  # type: ignore[attr-defined]
    said(channel, files=(SeenFile("bad"), SeenFile("no"), SeenFile("doc")))
    fetch()
    states = dict(Attachment.objects.values_list("ref", "state"))
    assert states == {"bad": "waiting", "no": "failed", "doc": "stored"}


@override_settings(HARK_FILE_MB=1)
def test_too_large_a_file_is_said_and_not_kept(channel: Channel, full: Shelf) -> None:
    full.files["lie"] = bytes(2 << 20)  # type: ignore[attr-defined]
    said(channel, files=(SeenFile("honest", size=2 << 20), SeenFile("lie", size=10)))
    fetch()
    assert set(Attachment.objects.values_list("state", flat=True)) == {"too_large"}
    assert not Attachment.objects.exclude(sha256="").exists()


def test_bytes_that_came_with_the_arrival_are_taken_from_it(channel: Channel, full: Shelf) -> None:
    from hark.intake.actions import accept
    from hark.intake.models import Arrival
    from hark.intake.types import NewArrival

    accept(channel_id=channel.pk, arrivals=[NewArrival("a", "l", {}, b"head|%PDF-1 inside", database_now())])

    def part(account: Account, raw: Raw, ref: str) -> bytes:
        return raw.body.partition(ref.encode())[2]

    full.part = part  # type: ignore[method-assign]
    said(channel, files=one("head|"), arrival_id=Arrival.objects.get().pk)
    fetch()
    file = Attachment.objects.get()
    assert (storage.read(file.sha256), file.mime) == (b"%PDF-1 inside", "application/pdf")


def test_purged_message_loses_its_files_and_its_formatting(channel: Channel, full: Shelf) -> None:
    post = a_post(channel, files=one("doc"), html="<p>secret</p>")
    told = thread([post])[0]
    fetch()
    changes.apply_delete([Deletion(channel.pk, post.external_id, database_now(), purge=True)])
    assert not MessageHtml.objects.exists()
    assert files_of_messages([told.message_id or 0]) == {}


@pytest.mark.django_db(transaction=True)
def test_many_workers_fetch_each_file_once(channel: Channel, full: Shelf) -> None:
    fetched: list[str] = []
    lock = threading.Lock()
    plain = full.media

    def counted(account: Account, ref: str) -> Iterator[bytes]:
        with lock:
            fetched.append(ref)
        return plain(account, "doc")

    full.media = counted  # type: ignore[method-assign]
    thread([replace(a_post(channel), files=tuple(SeenFile(f"f{number}") for number in range(12)))])

    def work() -> None:
        from django.db import connection

        fetch()
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert sorted(fetched) == sorted(f"f{number}" for number in range(12))
    assert set(Attachment.objects.values_list("state", flat=True)) == {"stored"}
