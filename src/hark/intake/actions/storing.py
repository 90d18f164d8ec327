"""Arrivals are stored before they are acknowledged."""

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zlib import crc32

from django.db import transaction

from hark.intake.types import LANES, NewArrival
from hark.kernel.db import execute, fetch_all, notify

log = logging.getLogger(__name__)

WAKE = "hark_arrivals"
KEY_LENGTH = 512  # a longer dedupe key would not fit into the index; its digest stands for it
Columns = tuple[list[int], list[str], list[int], list[str], list[bytes], list[datetime]]

STORE = """
    INSERT INTO intake_arrival
        (channel_id, dedupe_key, lane, headers, body, received_at, state, fence, attempts, error, outcome)
    SELECT channel, key, lane, headers::jsonb, body, received_at, 'received', 0, 0, '', ''
    FROM unnest(%s::bigint[], %s::text[], %s::int2[], %s::text[], %s::bytea[], %s::timestamptz[])
        AS new (channel, key, lane, headers, body, received_at)
    ON CONFLICT (channel_id, dedupe_key) DO NOTHING
"""
# A venue that uses an id twice for different bytes would hide the second message behind the first. Bytes that retention
# has emptied cannot be compared any more and count as the same.
OTHER_BYTES = """
    SELECT new.place FROM unnest(%s::bigint[], %s::text[], %s::bytea[]) WITH ORDINALITY
        AS new (channel, key, digest, place)
    JOIN intake_arrival old ON old.channel_id = new.channel AND old.dedupe_key = new.key
    WHERE octet_length(old.body) > 0 AND sha256(old.body) <> new.digest
"""


def accept(*, channel_id: int, arrivals: Sequence[NewArrival], cursor: tuple[str, str] | None = None) -> int:
    """Store `arrivals` in one transaction and wake the workers; returns how many are new. Acknowledge after it returns.

    Idempotent by (channel, dedupe key): a copy changes nothing. The same key with other bytes is kept as an arrival of
    its own. `cursor` (name, value) moves in the same transaction, so that a poller neither loses nor skips a page.
    """
    known = [(channel_id, arrival) for arrival in arrivals]
    with transaction.atomic():
        stored = execute(STORE, columns(known)) if known else 0
        if stored < len(known):
            places = fetch_all(OTHER_BYTES, digests(known))
            again = renamed(known, [place for (place,) in places])
            stored += execute(STORE, columns(again)) if again else 0
        if cursor is not None:
            _move_cursor(channel_id, *cursor)
        if stored:
            notify(WAKE)
    return stored


def _move_cursor(channel_id: int, name: str, value: str) -> None:
    execute(
        "INSERT INTO intake_cursor (channel_id, name, value) VALUES (%s, %s, %s) "
        "ON CONFLICT (channel_id, name) DO UPDATE SET value = EXCLUDED.value",
        [channel_id, name, value],
    )


def columns(arrivals: Sequence[tuple[int, NewArrival]]) -> Columns:
    """The parameters of STORE."""
    keys = [kept_key(arrival) for _, arrival in arrivals]
    return (
        [channel_id for channel_id, _ in arrivals],
        keys,
        [lane_of(arrival.lane_key or key) for (_, arrival), key in zip(arrivals, keys, strict=True)],
        [kept_headers(arrival.headers) for _, arrival in arrivals],
        [arrival.body for _, arrival in arrivals],
        [arrival.received_at for _, arrival in arrivals],
    )


def digests(arrivals: Sequence[tuple[int, NewArrival]]) -> tuple[list[int], list[str], list[bytes]]:
    """The parameters of OTHER_BYTES."""
    return (
        [channel_id for channel_id, _ in arrivals],
        [kept_key(arrival) for _, arrival in arrivals],
        [hashlib.sha256(arrival.body).digest() for _, arrival in arrivals],
    )


def renamed(arrivals: Sequence[tuple[int, NewArrival]], places: Sequence[Any]) -> list[tuple[int, NewArrival]]:
    """Those at `places` (counted from 1) under a key of their own, `<key>#` and 12 digits of their digest."""
    chosen = [arrivals[place - 1] for place in sorted(set(places))]
    for channel_id, _ in chosen:
        log.warning("channel %s used one delivery id for different bytes; both are kept", channel_id)
    return [(channel_id, replace(arrival, dedupe_key=_own_key(arrival))) for channel_id, arrival in chosen]


def _own_key(arrival: NewArrival) -> str:
    return f"{kept_key(arrival)}#{hashlib.sha256(arrival.body).hexdigest()[:12]}"


def kept_key(arrival: NewArrival) -> str:
    """The dedupe key as it is stored: never empty, and always something that text and index can hold."""
    key = arrival.dedupe_key
    if not key:
        return hashlib.sha256(arrival.body).hexdigest()
    if len(key) <= KEY_LENGTH and "\0" not in key and (key.isascii() or key == clean(key)):
        return key
    return "sha256:" + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def lane_of(key: str) -> int:
    """The lane of a thread or dedupe key."""
    return crc32(key.encode("utf-8", "surrogatepass")) % LANES


def kept_headers(headers: Mapping[str, str]) -> str:
    """Headers as JSON that jsonb takes: it knows neither NUL nor lone surrogates."""
    return json.dumps({clean(name): clean(value) for name, value in headers.items()}) if headers else "{}"


def clean(text: str) -> str:
    """`text` with U+FFFD in place of what PostgreSQL's text cannot hold."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode() if not plain(text) else text


def plain(text: str) -> bool:
    """ASCII without NUL: nothing to clean."""
    return text.isascii() and "\0" not in text
