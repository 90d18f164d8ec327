"""The 31 cases (channels reference, section 5) and which ability each of them proves."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Case:
    """One case; `method` runs it."""

    number: int
    name: str
    passes_when: str
    method: str

    @property
    def slug(self) -> str:
        """The case in a test's id."""
        return f"{self.number:02d}-{self.name.replace(' ', '-').replace(',', '')}"


CASES = tuple(
    Case(number, name, passes_when, f"case_{number:02d}")
    for number, (name, passes_when) in enumerate(
        (
            ("verify", "genuine accepted; altered, wrongly signed, unsigned rejected; two secrets live"),
            ("parse is total", "every sample, every truncation, extra fields, unknown type, empty: no exception"),
            ("parse is pure", "same bytes, same events; no socket"),
            ("same raw twice", "same ids"),
            ("batch", "N events, in order"),
            ("ids", "text, stable, scoped to the account"),
            ("own message", "echo, never a customer"),
            ("edit, delete", "refer to the original id"),
            ("thread", "thread, parent, root reproduced; orphan accepted"),
            ("time", "aware, UTC"),
            ("visibility", "right; a direct message is never public"),
            ("text", "emoji, RTL, ZWJ, 4-byte, CRLF kept; markup stays text; mentions at the right place"),
            ("attachments", "references only; foreign host and size refused"),
            ("poll", "from none, from cursor, empty, more; a crash between page and commit loses and doubles nothing"),
            ("send", "public, private, threaded; the receipt's id comes back"),
            ("send twice", "one message for one id, unless the venue forgets ids"),
            ("long text", "refused or split as the abilities say, in the right unit"),
            ("errors", "429, 5xx, 4xx, 401, no connection, a line that breaks: each its own error"),
            ("rules of the venue", "refused before the network"),
            ("bot author", "obeys bot_reply"),
            ("secrets", "never in logs, repr, exceptions"),
            ("honest abilities", "each true flag has a case that applies"),
            ("check", "reports what is missing and what ends"),
            ("opt-out", "consent_stop"),
            ("purge", "a deletion is marked as one that must purge"),
            ("shuffle", "any order and skewed clocks: the same threads"),
            ("size", "413 over the cap; verify within 5 ms per 100 kB"),
            ("change our own", "other words, then gone; twice does no harm; too long refused before the network"),
            ("parts", "a long answer in numbered posts that fit, each an answer to the one before, each with its key"),
            ("move to private", "reaches the author of a public post alone; what the rules forbid is refused here"),
            ("listen", "a post that is not addressed to us is found by its words, once, and only by them"),
        ),
        start=1,
    )
)

# Which case proves a flag of Caps. A flag that is true while its case does not apply is a lie (case 22).
FLAGS = {
    "public": 11,
    "private": 11,
    "threaded": 9,
    "media": 13,
    "edits_in": 8,
    "deletes_in": 8,
    "receipts": 9,
    "one_reply": 19,
    "echo": 7,
    "webhook": 1,
    "poll": 14,
    "must_purge_on_delete": 25,
    "edits_out": 28,
    "deletes_out": 28,
    "listen_keywords": 31,
}
