"""A mailbox's pages: folder by folder from the cursor, then waiting for news on the same line."""

from collections.abc import Iterator
from dataclasses import replace

from hark.channels.email.mailbox import (
    Chunk,
    Mailbox,
    Place,
    cursor_with,
    first_place,
    opened,
    place_after_change,
    places_in,
)
from hark.channels.email.settings import MailSettings, mail_settings, proof_of
from hark.channels.types import Account, Page
from hark.kernel.time import monotonic, now

WAIT_SECONDS = 240.0  # IDLE is begun anew before routers forget the line
WAIT_WITH_SENT_SECONDS = 60.0  # one folder can be waited for; the other is looked at in between
LINE_SECONDS = 1500.0


def next_page(account: Account, cursor: str) -> Page:
    """The first page that holds something, else the last, on a line of its own."""
    settings = mail_settings(account)
    with opened(settings, proof_of(account, settings)) as box:
        return next(page for page in _pages(box, settings, cursor) if page.raws or not page.more)


def pages(account: Account, cursor: str) -> Iterator[Page]:
    """Page after page; while nothing is there an empty one every second, for 25 minutes or until the line breaks."""
    settings = mail_settings(account)
    until = monotonic() + LINE_SECONDS
    with opened(settings, proof_of(account, settings)) as box:
        waits = box.can_idle
        while True:
            for page in _pages(box, settings, cursor):
                cursor = page.next_cursor
                yield page
            if not waits or monotonic() > until:
                return
            before = box.next_uids.get(settings.folder)
            box.enter(settings.folder, marking=settings.mark_seen)
            if box.next_uids.get(settings.folder) != before:
                continue  # it came after the last look, and no server tells of it again
            for _ in box.wait(WAIT_WITH_SENT_SECONDS if settings.sent_folder else WAIT_SECONDS):
                yield Page((), cursor)


def _pages(box: Mailbox, settings: MailSettings, cursor: str) -> Iterator[Page]:
    """What is there now, at least one page. When the next is asked for, the one before is stored, and may be marked."""
    places = places_in(cursor)
    folders = [name for name in (settings.folder, settings.sent_folder) if name]
    for folder in folders:
        marking = settings.mark_seen and folder == settings.folder
        place = _place(box, settings, places.get(folder), folder, marking=marking)
        more = True
        while more:
            chunk = box.read(place)
            place, more = chunk.place, chunk.more
            places[folder] = place
            yield _page(chunk, places, last=folder == folders[-1], sent=folder == settings.sent_folder)
            if marking:
                box.mark_seen(chunk.uids)


def _place(box: Mailbox, settings: MailSettings, known: Place | None, folder: str, *, marking: bool) -> Place:
    validity, next_uid = box.enter(folder, marking=marking)
    if known is None:
        today = now().date()
        return first_place(validity, next_uid, read_back_days=settings.read_back_days, today=today)
    if known.validity == validity:
        return known
    return place_after_change(known, validity, next_uid)


def _page(chunk: Chunk, places: dict[str, Place], *, last: bool, sent: bool) -> Page:
    raws = [replace(raw, headers={**raw.headers, "folder": "sent"}) if sent else raw for raw in chunk.raws]
    return Page(tuple(raws), cursor_with(places), more=chunk.more or not last)
