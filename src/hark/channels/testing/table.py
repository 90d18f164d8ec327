"""The tables of docs/venues.md: venue × case, the cases, and why one does not apply."""

from collections.abc import Collection, Sequence

from hark.channels.testing.conformance.bench import Bench
from hark.channels.testing.conformance.cases import CASES


def venues_table(benches: Sequence[Bench], pages: Collection[str] = ()) -> str:
    """Markdown: a row a venue, a column a case; a case that does not apply says why underneath.

    A venue whose key is among `pages` has a page of its own, to which its name leads.
    """
    heads = ["Venue", "Key", "Proved against", *(str(case.number) for case in CASES)]
    rows = [heads, ["---"] * len(heads), *(_row(bench, pages) for bench in benches)]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    cases = [f"| {case.number} | {case.name} | {case.passes_when} |" for case in CASES]
    reasons = [f"- **{bench.venue.name}**: {_reasons(bench)}" for bench in benches]
    return "\n".join(
        [
            *lines,
            "",
            "✓ passes; – does not apply, for the reason below.",
            "",
            "| # | Case | Passes when |",
            "| --- | --- | --- |",
            *cases,
            "",
            "Not applicable, and why:",
            "",
            *reasons,
            "",
        ]
    )


def _row(bench: Bench, pages: Collection[str]) -> list[str]:
    aside, venue = bench.not_applicable(), bench.venue
    name = f"[{venue.name}](venues/{venue.key}.md)" if venue.key in pages else venue.name
    return [name, f"`{venue.key}`", venue.proof, *("–" if case.number in aside else "✓" for case in CASES)]


def _reasons(bench: Bench) -> str:
    aside = bench.not_applicable()
    return "; ".join(f"{number} {reason}" for number, reason in aside.items()) or "every case applies"
