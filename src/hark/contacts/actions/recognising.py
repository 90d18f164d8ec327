"""Who is it: identities and contacts for a batch of authors, by set-based SQL."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple
from urllib.parse import quote

from django.db import transaction

from hark.contacts.types import KnownAuthor, SeenAuthor, Verified
from hark.kernel.db import execute, fetch_all, stage
from hark.kernel.ids import public_key

CLAIM = "claim:"
CLAIMS_KEPT = 10  # of one author in one batch; a form has an e-mail and a phone field
RANK = {Verified.OBSERVED: 0, Verified.CLAIMED: 1, Verified.PROVED: 2}

Key = tuple[str, str, str]

PERSON = {
    "network": "text",
    "scope": "text",
    "key": "text",
    "handle": "text",
    "name": "text",
    "url": "text",
    "followers": "int8",
    "verified": "text",
    "language": "text",
}
STRANGER = {**PERSON, "contact_key": "text", "contact_id": "int8"}
KNOWN = """
    SELECT i.network, i.scope, i.key, i.id, i.contact_id, i.handle, i.name, i.url, i.followers, i.verified,
        i.followers_on IS DISTINCT FROM (now() AT TIME ZONE 'UTC')::date
    FROM staged_person s JOIN contacts_identity i ON (i.network, i.scope, i.key) = (s.network, s.scope, s.key)
"""
# The foreign key is checked at the commit: so the identity comes first, and only the one who wins it makes the contact.
# Whoever loses leaves nothing behind.
ADD = """
    WITH fresh AS (
        INSERT INTO contacts_identity
            (network, scope, key, handle, name, url, followers, followers_on, verified, contact_id, first_seen_at)
        SELECT network, scope, key, handle, name, url, followers,
            CASE WHEN followers IS NOT NULL THEN (now() AT TIME ZONE 'UTC')::date END, verified,
            coalesce(contact_id, nextval(pg_get_serial_sequence('contacts_contact', 'id'))), clock_timestamp()
        FROM staged_stranger ORDER BY network, scope, key
        ON CONFLICT (network, scope, key) DO NOTHING RETURNING network, scope, key, contact_id)
    INSERT INTO contacts_contact (id, key, name, language, time_zone, attributes, mood_value, mood_slope, mood_level,
        mood_reasons, created_at)
    OVERRIDING SYSTEM VALUE
    SELECT fresh.contact_id, s.contact_key, coalesce(nullif(s.name, ''), s.handle), s.language, '', '{}', 0, 0, 'calm',
        '[]', clock_timestamp()
    FROM fresh JOIN staged_stranger s ON (s.network, s.scope, s.key) = (fresh.network, fresh.scope, fresh.key)
    WHERE s.contact_id IS NULL
"""
REFRESH = """
    WITH locked AS MATERIALIZED (
        SELECT i.id FROM contacts_identity i JOIN staged_stranger s
            ON (i.network, i.scope, i.key) = (s.network, s.scope, s.key)
        ORDER BY i.network, i.scope, i.key FOR NO KEY UPDATE OF i)
    UPDATE contacts_identity i
    SET handle = s.handle, name = s.name, url = s.url, verified = s.verified,
        followers = coalesce(s.followers, i.followers),
        followers_on = CASE WHEN s.followers IS NULL THEN i.followers_on ELSE (now() AT TIME ZONE 'UTC')::date END
    FROM locked, staged_stranger s
    WHERE i.id = locked.id AND (i.network, i.scope, i.key) = (s.network, s.scope, s.key)
"""
LOCKED = "SELECT id, merged_into_id FROM contacts_contact WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
SURVIVORS = """
    WITH RECURSIVE way (start, id, next) AS (
        SELECT id, id, merged_into_id FROM contacts_contact WHERE id = ANY(%s)
        UNION ALL SELECT way.start, c.id, c.merged_into_id FROM way JOIN contacts_contact c ON c.id = way.next)
    SELECT start, id FROM way WHERE next IS NULL
"""


class Known(NamedTuple):
    """An identity as it is stored."""

    identity_id: int
    contact_id: int
    handle: str
    name: str
    url: str
    followers: int | None
    verified: str
    counted_before: bool  # the number of followers was not said today


@transaction.atomic
def recognise(authors: Sequence[SeenAuthor]) -> list[KnownAuthor]:
    """The identity and contact of each author, in the order given; what is new is made, what has changed is refreshed.

    Set-based, in the caller's transaction where there is one, to whose end the contacts stay locked: what one person
    writes is threaded by one worker at a time. Locks are taken in the order of keys and ids. Idempotent, and safe when
    several workers meet the same new person. A claim becomes an identity of its author's own scope (decision 0003)
    and can match nobody else's; an absorbed contact resolves to its survivor.
    """
    if not authors:
        return []
    seen = folded(authors)
    known = _known(seen.values())
    strangers = [person for key, person in seen.items() if key not in known]
    if strangers:
        _add((person, None) for person in strangers)
        known = _known(seen.values())
    _refresh(seen, known)
    contacts = _survivors(known)
    _add_claims(seen, known, contacts)
    places = [known[own_key(author)] for author in authors]
    return [KnownAuthor(row.identity_id, contacts[row.contact_id]) for row in places]


def own_key(author: SeenAuthor) -> Key:
    """The identity of an author. A venue's scope can never pass for the scope of a claim."""
    scope = f"venue:{author.scope}" if author.scope.startswith(CLAIM) else author.scope
    return author.network, scope, author.key


def claim_scope(key: Key) -> str:
    """The scope of what the identity `key` typed; unlike for any two identities, whatever signs their parts hold."""
    network, scope, own = key
    return f"{CLAIM}{network}:{quote(scope, safe='')}:{own}"


def folded(authors: Sequence[SeenAuthor]) -> dict[Key, SeenAuthor]:
    """Each identity once, in the order of its key: latest words that are not empty, highest level, all claims."""
    seen: dict[Key, SeenAuthor] = {}
    for author in authors:
        key = own_key(author)
        before = seen.get(key)
        if before is not None:
            seen[key] = _newer(before, author)
        else:
            seen[key] = author if author.scope == key[1] else replace(author, scope=key[1])
    return dict(sorted(seen.items()))


def _newer(before: SeenAuthor, author: SeenAuthor) -> SeenAuthor:
    return replace(
        before,
        handle=author.handle or before.handle,
        name=author.name or before.name,
        url=author.url or before.url,
        followers=before.followers if author.followers is None else author.followers,
        verified=max(before.verified, author.verified, key=RANK.__getitem__),
        language=author.language or before.language,
        claims=(*before.claims, *author.claims),
    )


def _known(people: Iterable[SeenAuthor]) -> dict[Key, Known]:
    stage("staged_person", PERSON, [_row(person) for person in people])
    return {(network, scope, key): Known(*rest) for network, scope, key, *rest in fetch_all(KNOWN)}


def _row(person: SeenAuthor) -> tuple[object, ...]:
    return (
        person.network, person.scope, person.key, person.handle, person.name, person.url, person.followers,
        person.verified.value, person.language,
    )  # fmt: skip


def _add(people: Iterable[tuple[SeenAuthor, int | None]]) -> None:
    """Store new identities, each with a new contact or with the one named beside it."""
    rows = [(*_row(person), public_key("contact"), contact_id) for person, contact_id in people]
    stage("staged_stranger", STRANGER, rows)
    execute(ADD)


def _refresh(seen: dict[Key, SeenAuthor], known: dict[Key, Known]) -> None:
    """Write what a venue now says otherwise; nothing is replaced by emptiness, no level is ever taken back.

    A number of followers is dated anew once a day, also when it is the same.
    """
    changed = [after for key, person in seen.items() if (after := _changed(person, known[key]))]
    if changed:
        stage("staged_stranger", STRANGER, [(*_row(person), "", None) for person in changed])
        execute(REFRESH)


def _changed(person: SeenAuthor, row: Known) -> SeenAuthor | None:
    said = (person.handle, person.name, person.url, person.followers, person.verified)
    counted = person.followers is not None and row.counted_before
    if said == (row.handle, row.name, row.url, row.followers, row.verified) and not counted:
        return None  # as nearly always
    before = replace(
        person,
        handle=row.handle,
        name=row.name,
        url=row.url,
        followers=None,
        verified=Verified(row.verified),
    )
    after = _newer(before, person)
    shown = (after.handle, after.name, after.url, after.verified)
    counted = counted or (person.followers is not None and person.followers != row.followers)
    return after if counted or shown != (row.handle, row.name, row.url, row.verified) else None


def _survivors(known: dict[Key, Known]) -> dict[int, int]:
    """Each contact → the one it lives on in, all locked."""
    contacts = {row.contact_id: row.contact_id for row in known.values()}
    locked = fetch_all(LOCKED, [list(contacts)])
    absorbed = [contact_id for contact_id, merged_into_id in locked if merged_into_id is not None]
    if absorbed:
        contacts.update(fetch_all(SURVIVORS, [absorbed]))
        fetch_all(LOCKED, [list(contacts.values())])
    return contacts


def _add_claims(seen: dict[Key, SeenAuthor], known: dict[Key, Known], contacts: dict[int, int]) -> None:
    claims: dict[Key, tuple[SeenAuthor, int | None]] = {}
    for key, person in seen.items():
        scope, contact_id = claim_scope(key), contacts[known[key].contact_id]
        for network, typed in person.claims[:CLAIMS_KEPT]:
            value = normalised(network, typed)
            if value:
                claim = SeenAuthor(network, scope, value, handle=typed.strip(), verified=Verified.CLAIMED)
                claims[network, scope, value] = claim, contact_id
    if claims:
        _add(claim for _, claim in sorted(claims.items()))


def normalised(network: str, typed: str) -> str:
    """One spelling of what was typed: e-mail addresses in lower case, phone numbers without their punctuation."""
    value = typed.strip()
    if network == "email":
        return value.lower()
    if network == "phone":
        digits = "".join(sign for sign in value if sign.isdigit())
        return f"+{digits}" if value.startswith("+") else digits
    return value
