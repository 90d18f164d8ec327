"""The conformance suite: 31 cases that every venue passes, or that do not apply to it for a reason that is shown.

A venue's test module writes one class derived from `ChannelConformance`, with its samples and a few functions that make
what the cases need (see `Bench`), and runs it with pytest.
"""

import pytest

from hark.channels.testing.conformance.bench import Bench, Counterpart, Sample
from hark.channels.testing.conformance.cases import CASES, FLAGS, Case
from hark.channels.testing.conformance.inbound import InboundCases
from hark.channels.testing.conformance.outbound import OutboundCases
from hark.channels.testing.conformance.records import OUTCOMES


class ChannelConformance(InboundCases, OutboundCases, Bench):
    """Derive from it, name the class `Test…`, fill in what `Bench` asks for."""

    @pytest.mark.parametrize("case", CASES, ids=[case.slug for case in CASES])
    def test_case(self, case: Case) -> None:
        """One case: it passes, or it does not apply."""
        reason = self.not_applicable().get(case.number, "")
        OUTCOMES[self.venue.key, case.number] = f"n/a: {reason}" if reason else "fails"
        if not reason:
            getattr(self, case.method)()
            OUTCOMES[self.venue.key, case.number] = "passes"


__all__ = ["CASES", "FLAGS", "Bench", "Case", "ChannelConformance", "Counterpart", "Sample"]
