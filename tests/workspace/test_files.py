"""Files on the desk: added by pieces, cleaned, sent, taken back, shown, given out to those only who may see them."""

import io
from datetime import timedelta
from typing import Any

from PIL import Image

from hark.conversations.actions.fetching import sweep_files
from hark.conversations.actions.reply import take_back
from hark.conversations.models import Attachment, Draft, Message, Note
from hark.conversations.types import Author
from hark.delivery.models import OutboxItem
from hark.delivery.types import unpack
from hark.kernel import storage
from hark.kernel.time import database_now
from tests.kernel.picture_makers import photo
from tests.workspace.files import a_case, add, announce, given, piece, send, whole
from tests.workspace.fixtures import SignedIn
from tests.workspace.makers import World, case_of, known, say


def test_file_goes_with_the_reply_and_is_seen_in_the_timeline(world: World, signed_in: SignedIn) -> None:
    client, case = signed_in(world.tessa), a_case(world)
    file = add(client, case, "steps to take.pdf", b"%PDF-1.7 the steps")
    assert f'name="reply_file" value="{file.key}"' in client.get(f"/case/{case.key}/").content.decode()
    assert send(client, case, "Here are the steps.", reply_file=file.key).status_code == 302
    message = Message.objects.get(agent=world.tessa)
    outbound = unpack(OutboxItem.objects.get().payload)
    assert [(one.name, one.mime, one.size) for one in outbound.attachments] == [
        ("steps to take.pdf", "application/pdf", 18)
    ]
    assert storage.read(outbound.attachments[0].sha256) == b"%PDF-1.7 the steps"
    page = client.get(f"/case/{case.key}/").content.decode()
    assert "reply_file" not in page
    assert f'href="/file/{file.key}/download/"' in page
    assert list(message.attachments.values_list("key", flat=True)) == [file.key]


def test_picture_leaves_without_the_place_where_it_was_taken(world: World, signed_in: SignedIn) -> None:
    client, case = signed_in(world.tessa), a_case(world)
    raw = photo(size=(640, 480))
    assert b"Plumphone" in raw
    file = add(client, case, "me.jpg", raw)
    send(client, case, reply_file=file.key)
    [sent] = unpack(OutboxItem.objects.get().payload).attachments
    out = storage.read(sent.sha256)
    assert b"Plumphone" not in out
    assert not Image.open(io.BytesIO(out)).getexif()
    assert (file.width, file.height) == (640, 480)
    shown = given(client, f"/file/{file.key}/preview/")
    assert shown["Content-Type"] == "image/jpeg"
    assert shown["Content-Disposition"] == "inline"


def test_picture_that_cannot_be_cleaned_is_not_sent(world: World, signed_in: SignedIn) -> None:
    client, case = signed_in(world.tessa), a_case(world)
    heic = b"\x00\x00\x00\x18ftypheic" + bytes(40)
    key = announce(client, case, "IMG_1.HEIC", len(heic)).json()["key"]  # type: ignore[attr-defined]
    answer = piece(client, key, heic)
    assert answer.status_code == 422
    assert "JPEG or PNG" in answer.json()["words"]
    broken = add(client, case, "broken.jpg", photo()[:200])
    assert (broken.state, broken.sha256) == ("failed", "")
    assert "damaged" in broken.problem
    for one in (key, broken.key):
        answer = send(client, case, "Look", reply_file=one)
        assert Message.objects.filter(agent=world.tessa).count() == 0


def test_files_survive_a_reload_and_are_nobody_elses(world: World, signed_in: SignedIn) -> None:
    tessa, ruben, case = signed_in(world.tessa), signed_in(world.ruben), a_case(world)
    file = add(tessa, case, "a.pdf", b"%PDF-1")
    assert file.key in tessa.get(f"/case/{case.key}/").content.decode()
    assert file.key not in ruben.get(f"/case/{case.key}/").content.decode()
    assert ruben.get(f"/file/{file.key}/download/").status_code == 404
    assert ruben.post(f"/file/{file.key}/remove/").status_code == 404
    assert piece(ruben, file.key, b"x").status_code == 404
    send(ruben, case, "Mine now", reply_file=file.key)
    assert not Message.objects.filter(agent=world.ruben).exists()


def test_note_takes_its_own_files_and_the_reply_its_own(world: World, signed_in: SignedIn) -> None:
    client, case = signed_in(world.tessa), a_case(world)
    inside = add(client, case, "internal.pdf", b"%PDF-1 secret", "note")
    outside = add(client, case, "public.pdf", b"%PDF-1 open")
    send(client, case, kind="note", note="", reply_file=outside.key, note_file=inside.key)
    note = Note.objects.get()
    assert [file.name for file in note.attachments.all()] == ["internal.pdf"]
    send(client, case, "Here", reply_file=[outside.key, inside.key])
    assert not Message.objects.filter(agent=world.tessa).exists()  # a file of a note never goes out by mistake
    send(client, case, "Here", reply_file=outside.key)
    assert [one.name for one in unpack(OutboxItem.objects.get().payload).attachments] == ["public.pdf"]


def test_reply_taken_back_gives_its_files_back(world: World, signed_in: SignedIn) -> None:
    client, case = signed_in(world.tessa), a_case(world)
    file = add(client, case, "a.pdf", b"%PDF-1")
    send(client, case, reply_file=file.key)
    message = Message.objects.get(agent=world.tessa)
    take_back(message_id=message.pk, author=Author(world.tessa.pk, world.tessa.key, world.tessa.name))
    assert file.key in client.get(f"/case/{case.key}/files/?kind=reply").content.decode()
    assert not Draft.objects.exists()
    send(client, case, "Again", reply_file=file.key)
    assert Message.objects.filter(agent=world.tessa, text="Again").get().attachments.get() == file


def test_venue_without_files_says_so_before_anything_is_sent(world: World, signed_in: SignedIn, settings: Any) -> None:
    client, case = signed_in(world.tessa), case_of(say(world.square, known("ann"), "Hello?"))
    file = add(client, case, "a.pdf", b"%PDF-" + bytes(6_000_000))
    answer = send(client, case, "Here", reply_file=file.key)
    assert answer.status_code == 302
    page = client.get(f"/case/{case.key}/").content.decode()
    assert "this venue takes 5.0 MB in all" in page
    assert not OutboxItem.objects.exists()


def test_removed_file_is_gone_and_its_bytes_a_day_later(world: World, signed_in: SignedIn) -> None:
    client, case = signed_in(world.tessa), a_case(world)
    file = add(client, case, "a.pdf", b"%PDF-1 only once")
    client.post(f"/file/{file.key}/remove/", headers={"HX-Request": "true"})
    assert file.key not in client.get(f"/case/{case.key}/").content.decode()
    assert client.get(f"/file/{file.key}/download/").status_code == 404
    Attachment.objects.update(added_at=database_now() - timedelta(days=2))
    sweep_files()
    assert not Attachment.objects.exists()


def test_lost_answer_is_asked_again_and_the_file_is_whole(world: World, signed_in: SignedIn) -> None:
    client, case = signed_in(world.tessa), a_case(world)
    body = b"%PDF-" + bytes(range(256)) * 5000
    key = announce(client, case, "a.pdf", len(body)).json()["key"]  # type: ignore[attr-defined]
    assert piece(client, key, body[:1000]).json() == {"at": 1000, "here": False}
    again = piece(client, key, body[:1000])
    assert (again.status_code, again.json()) == (409, {"at": 1000})
    assert piece(client, key, body[1000:900_000], 1000).status_code == 200
    assert piece(client, key, body[900_000:], 900_000).json()["here"]
    assert storage.read(Attachment.objects.get(key=key).sha256) == body


def test_more_than_was_announced_is_refused(world: World, signed_in: SignedIn) -> None:
    client, case = signed_in(world.tessa), a_case(world)
    key = announce(client, case, "a.pdf", 10).json()["key"]  # type: ignore[attr-defined]
    assert piece(client, key, bytes(11)).status_code == 422
    assert announce(client, case, "a.pdf", 101 << 20).status_code == 413
    assert announce(client, case, "a.pdf", 0).status_code == 413


def test_only_the_case_of_ones_own_takes_files(world: World, signed_in: SignedIn) -> None:
    theirs = case_of(say(world.night_chat, known("bob"), "Good evening."))
    assert announce(signed_in(world.tessa), theirs, "a.pdf", 10).status_code == 404


def test_reader_of_a_case_who_is_sent_away_loses_its_files(world: World, signed_in: SignedIn) -> None:
    client, case = signed_in(world.tessa), a_case(world)
    file = add(client, case, "a.pdf", b"%PDF-1")
    send(client, case, reply_file=file.key)
    address = client.get(f"/file/{file.key}/download/")["Location"]
    assert whole(client.get(address)) == b"%PDF-1"
    world.tessa.teams.clear()
    assert client.get(address).status_code == 404
    assert client.get(f"/file/{file.key}/download/").status_code == 404
