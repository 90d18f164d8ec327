"""What the ledger counts and finds."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["lost", "twice", "unseen", "order", "orphan", "stuck"]
NAMED = 100  # findings of one check that are named one by one; the rest is counted


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it must be. `subject` is an id or a public key, never words of a customer."""

    kind: Kind
    what: str
    subject: str


@dataclass(slots=True)
class Books:
    """What was counted and what was found. `more` counts findings that are not named."""

    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    more: int = 0

    def add(self, kind: Kind, what: str, subjects: Sequence[object]) -> None:
        """Name what a check has found, the first hundred of it."""
        self.findings.extend(Finding(kind, what, str(subject)) for subject in subjects[:NAMED])
        self.more += max(0, len(subjects) - NAMED)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        found = [{"kind": one.kind, "what": one.what, "subject": one.subject} for one in self.findings]
        return {"clean": not found, "counts": self.counts, "findings": found, "more": self.more}
