"""The audit as people read it: who did what to what, in words."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from hark.conversations.models import Case, Macro, SavedReply, SavedView, Tag
from hark.organisation.models import Agent, ApiKey, AuditEntry, Brand, Channel, Inbox, OwnRole, Team
from hark.organisation.queries import audit_visible_to

PAGE, EXPORTED_AT_ONCE = 100, 1_000
KINDS = (
    ("agent", "People"), ("inbox", "Inboxes"), ("channel", "Channels"), ("brand", "Brands"), ("team", "Teams"),
    ("keys", "Keys"), ("case", "Cases"), ("contact", "Contacts"), ("organisation", "Organisation"),
    ("saved_reply", "Saved replies"), ("macro", "Macros"), ("tag", "Tags"), ("view", "Teams’ views"),
    ("role", "Roles"), ("key", "Keys of the API"), ("message", "Originals of messages"),
    ("arrival", "Originals of parked arrivals"), ("audit", "Exports of the audit"),
    ("reply", "Replies"), ("readings", "Readings"),
)  # fmt: skip
WORDS = {
    "agent.added": "added", "agent.joined": "set the first password of", "agent.changed": "changed the rights of",
    "agent.deactivated": "deactivated", "agent.reactivated": "let in again", "agent.signed_in": "signed in as",
    "agent.password_changed": "changed the password of", "agent.factor_added": "added a second factor for",
    "agent.factor_removed": "removed a second factor of", "agent.factors_forgotten": "took the second factor off",
    "agent.codes_renewed": "renewed the recovery codes of", "agent.code_used": "used a recovery code of",
    "inbox.members_changed": "changed who sees", "keys.rotated": "sealed everything with key",
    "organisation.set_up": "set up the organisation as",
    "channel.signed_in": "signed in elsewhere for the channel",
    "channel.signed_in_again": "signed in again elsewhere for the channel",
    "channel.resumed": "switched on the channel", "channel.secret_made": "made a secret of the channel",
    "channel.secret_dropped": "dropped the older secret of the channel",
    "agent.approval_changed": "changed whether replies need approval of",
    "agent.senior_changed": "changed whether customers who come again go first to",
    "case.matter_corrected": "corrected what is the same matter on",
    "channel.approval_changed": "changed whether replies need approval on the channel",
    "brand.model_chosen": "went back to another model of the readings of",
    "brand.learn_anew": "let the readings learn anew for",
    "reply.overruled": "sent all the same, on",
    "case.merged": "merged another case into", "case.unmerged": "took apart again",
    "key.added": "made the key", "key.revoked": "revoked the key",
    "message.original_opened": "downloaded the original of the message",
    "readings.again": "had old messages read again in run",
    "readings.paused": "paused the reading of old messages in run",
    "readings.running": "went on with the reading of old messages in run",
    "readings.cancelled": "cancelled the reading of old messages in run",
    "arrival.opened": "looked into the parked arrival", "audit.exported": "exported the audit",
}  # fmt: skip
OF_ONESELF = {
    "agent.signed_in": "signed in", "agent.joined": "set the first password", "agent.code_used": "used a recovery code",
    "agent.password_changed": "changed the own password", "agent.factor_added": "added a second factor",
    "agent.factor_removed": "removed a second factor", "agent.codes_renewed": "renewed the recovery codes",
    "organisation.set_up": "set up the organisation",
}  # fmt: skip
NAMED = (
    ("agent", Agent, "name"), ("inbox", Inbox, "name"), ("chan", Channel, "name"), ("brand", Brand, "name"),
    ("team", Team, "name"), ("reply", SavedReply, "title"), ("macro", Macro, "title"), ("tag", Tag, "name"),
    ("view", SavedView, "name"), ("case", Case, "title"), ("role", OwnRole, "name"), ("key", ApiKey, "name"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One line of the page. `details` are (name, value) as words."""

    number: int
    at: datetime
    who: str
    words: str
    subject: str
    details: tuple[tuple[str, str], ...]
    address: str


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries: about a kind of thing, by somebody, from day to day (both counted in). Empty: all of them."""

    kind: str = ""
    who: str = ""
    since: date | None = None
    until: date | None = None

    def of(self, rows: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        """Those of `rows`. Days begin in the reader's time zone."""
        zone = timezone.get_current_timezone()
        if self.kind:
            rows = rows.filter(verb__startswith=f"{self.kind}.")
        if self.who:
            rows = rows.filter(actor=self.who)
        if self.since:
            rows = rows.filter(at__gte=datetime.combine(self.since, time(), zone))
        if self.until:
            rows = rows.filter(at__lt=datetime.combine(self.until + timedelta(days=1), time(), zone))
        return rows

    def told(self) -> dict[str, str]:
        """What was asked for, in words."""
        given = {"kind": self.kind, "who": self.who, "since": self.since, "until": self.until}
        return {name: str(value) for name, value in given.items() if value}


def audit_page(
    agent: Agent, asked: AuditFilter, *, before: int | None, limit: int = PAGE
) -> tuple[list[AuditRow], int | None]:
    """A page of the audit, newest first, and the number below which the next one begins. Raises NotFound."""
    rows = asked.of(audit_visible_to(agent))
    if before is not None:
        rows = rows.filter(number__lt=before)
    found = list(rows[: limit + 1])
    names = _names(found[:limit])
    shown = [_shown(row, names) for row in found[:limit]]
    return shown, shown[-1].number if len(found) > limit else None


def audit_table(agent: Agent, asked: AuditFilter) -> Iterator[tuple[Any, ...]]:
    """The whole of what was asked for, newest first, as rows for a spreadsheet with their head. Raises NotFound."""
    yield ("number", "at", "who", "what", "about", "details", "address")
    before: int | None = None
    while True:
        rows, before = audit_page(agent, asked, before=before, limit=EXPORTED_AT_ONCE)
        for row in rows:
            details = "; ".join(f"{name}: {value}" for name, value in row.details)
            at = timezone.localtime(row.at).isoformat(timespec="seconds")
            yield (row.number, at, row.who, row.words, row.subject, details, row.address)
        if before is None:
            return


def _shown(row: AuditEntry, names: dict[str, str]) -> AuditRow:
    kind, _, act = row.verb.partition(".")
    words = WORDS.get(row.verb, f"{act.replace('_', ' ')} the {kind.replace('_', ' ')}")
    details = tuple((name.replace("_", " "), _said(value, names)) for name, value in sorted(row.details.items()))
    subject = names.get(row.subject, row.subject)
    if row.subject == row.actor and row.verb in OF_ONESELF:
        words, subject = OF_ONESELF[row.verb], ""
    return AuditRow(row.number, row.at, names.get(row.actor, row.actor), words, subject, details, row.address)


def _said(value: Any, names: dict[str, str]) -> str:
    if isinstance(value, list):
        return ", ".join(_said(one, names) for one in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return names.get(str(value), str(value)) or "none"


def _names(rows: list[AuditEntry]) -> dict[str, str]:
    """Public key → name, for what the rows speak of."""
    keys = {word for row in rows for value in (row.actor, row.subject, row.details) for word in _words(value)}
    names: dict[str, str] = {"system": "Hark"}
    for prefix, model, field in NAMED:
        wanted = [key for key in keys if key.startswith(f"{prefix}_")]
        if wanted:
            names |= dict(model.objects.filter(key__in=wanted).values_list("key", field))
    return names


def _words(value: Any) -> set[str]:
    """All strings inside a value."""
    if isinstance(value, dict):
        return {word for one in value.values() for word in _words(one)}
    if isinstance(value, list):
        return {word for one in value for word in _words(one)}
    return {value} if isinstance(value, str) else set()
