"""TripAdvisor, by mails of our own that look as its alerts do: nobody has published one."""

import hashlib
from pathlib import Path

from hark.channels.tripadvisor import TripAdvisor
from hark.channels.types import Account, Raw
from tests.channels import alert_bench

SAMPLES = Path(__file__).parents[1] / "samples" / "tripadvisor"


class TestTripAdvisor(alert_bench.AlertConformance):
    venue = TripAdvisor()
    samples = SAMPLES
    sender = "Tripadvisor <owners@e.tripadvisor.com>"

    def number(self, name: str) -> str:
        return str(int(hashlib.sha256(name.encode()).hexdigest(), 16) % 900_000_000 + 100_000_000)

    def link(self, number: str) -> str:
        return f"https://www.tripadvisor.com/ShowUserReviews-g188666-d1234567-r{number}-Plum_Lodge-Ghent.html"


def test_bubbles_are_counted_and_the_title_stays_with_the_words() -> None:
    [review] = TripAdvisor().parse(Account("c"), Raw((SAMPLES / "plain.raw").read_bytes()))
    assert review.rating == 3
    assert (review.text or "").splitlines()[0] == "“Nice rooms, slow reception”"
    assert review.author is not None
    assert review.author.name == "Maud_T"


def test_nothing_is_asked_of_its_api() -> None:
    assert TripAdvisor().caps.storage == "none"
    assert TripAdvisor().oauth(alert_bench.MAILBOX) is None
