"""The audit's one writer. Whoever changes rights, settings, channels, keys or data calls `audit` in his transaction."""

from typing import Any

from django.conf import settings
from django.db import connection

from hark.kernel.acting import acting_now
from hark.kernel.db import execute, fetch_all
from hark.kernel.errors import NotInTransaction
from hark.kernel.time import database_now
from hark.organisation.audit_chain import BEGINNING, Entry, hash_of
from hark.organisation.models import AuditEntry
from hark.organisation.queries import audit_head, audit_heads_kept

AUDIT_LOCK = 7_368_117  # any number that only the audit takes


def audit(verb: str, subject: str, *, actor: str = "", **details: Any) -> None:
    """Write down an act in the transaction that does it: `audit("channel.connected", channel.key, venue="webchat")`.

    Who acts and from where is known from the request; name an `actor` only where somebody is just coming in. `details`
    are JSON: public keys and short words, before and after as a pair; never a secret, nor what a customer wrote.
    Call it last: from here to the commit all audited acts wait for each other, so that the chain has no gap. Raises
    NotInTransaction.
    """
    if not connection.in_atomic_block:
        raise NotInTransaction
    execute("SELECT pg_advisory_xact_lock(%s)", [AUDIT_LOCK])
    last = fetch_all("SELECT number, hash FROM organisation_audit ORDER BY number DESC LIMIT 1")
    number, previous = (last[0][0], bytes(last[0][1])) if last else (0, BEGINNING)
    who = acting_now()
    entry = Entry(number + 1, database_now(), actor or who.actor, verb, subject, details, who.address, previous)
    AuditEntry.objects.create(
        number=entry.number, at=entry.at, actor=entry.actor, verb=verb, subject=subject, details=details,
        address=entry.address, previous=previous, hash=hash_of(entry),
    )  # fmt: skip


def keep_head() -> str:
    """Append number and hash of the newest entry to the file of heads outside the database; returns the line.

    Empty when nothing is new. Copy the file to another machine: it shows when the end of the audit was cut off.
    """
    head = audit_head()
    if head is None or head.number in audit_heads_kept():
        return ""
    line = f"{head.number} {head.hash.hex()} {head.at.isoformat(timespec='seconds')}"
    with (settings.HARK_DATA / "audit-heads").open("a", encoding="ascii") as file:
        file.write(line + "\n")
    return line
