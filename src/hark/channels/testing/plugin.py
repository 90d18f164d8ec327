"""The conformance suite as a pytest plugin: readable assertions, and at the end a table of venues and cases."""

from typing import Any

import pytest

pytest.register_assert_rewrite("hark.channels.testing.conformance")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say which case passed and which did not apply, where this process ran any."""
    from hark.channels.testing.conformance.records import OUTCOMES

    if not OUTCOMES:
        return
    terminalreporter.section("channel conformance")
    for venue in sorted({venue for venue, _ in OUTCOMES}):
        found = {number: outcome for (name, number), outcome in sorted(OUTCOMES.items()) if name == venue}
        passed = sum(outcome == "passes" for outcome in found.values())
        aside = [f"{number} ({outcome.removeprefix('n/a: ')})" for number, outcome in found.items() if "n/a" in outcome]
        terminalreporter.line(f"{venue}: {passed} of {len(found)} pass; not applicable: {', '.join(aside) or 'none'}")
