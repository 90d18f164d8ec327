"""The table venue × case of docs/venues.md."""

from collections.abc import Sequence

from hark.channels.testing.conformance.bench import Bench
from hark.channels.testing.conformance.cases import CASES


def venues_table(benches: Sequence[Bench]) -> str:
    """Markdown: one row a case, one column a venue; a case that does not apply says why under the table."""
    heads = ["#", "Case", "Passes when", *(bench.venue.name for bench in benches)]
    rows = [heads, ["---"] * len(heads)]
    for case in CASES:
        marks = ["–" if case.number in bench.not_applicable() else "passes" for bench in benches]
        rows.append([str(case.number), case.name, case.passes_when, *marks])
    lines = [f"| {' | '.join(row)} |" for row in rows]
    reasons = [f"- **{bench.venue.name}**: {_reasons(bench)}" for bench in benches]
    return "\n".join([*lines, "", "Not applicable, and why:", "", *reasons]) + "\n"


def _reasons(bench: Bench) -> str:
    aside = bench.not_applicable()
    return "; ".join(f"{number} {reason}" for number, reason in aside.items()) or "every case applies"
