"""Yelp, by mails of our own that look as its alerts do: nobody has published one."""

import hashlib
from pathlib import Path

from hark.channels.types import Account, Raw
from hark.channels.yelp import Yelp
from tests.channels import alert_bench

SAMPLES = Path(__file__).parents[1] / "samples" / "yelp"


class TestYelp(alert_bench.AlertConformance):
    venue = Yelp()
    samples = SAMPLES
    sender = "Yelp for Business <no-reply@notify.yelp.com>"

    def number(self, name: str) -> str:
        return hashlib.sha256(name.encode()).hexdigest()[:22]

    def link(self, number: str) -> str:
        return f"https://biz.yelp.com/r2r/{number}"


def test_stars_in_the_name_of_a_business_are_not_those_of_the_review() -> None:
    [review] = Yelp().parse(Account("c"), Raw((SAMPLES / "pictured.raw").read_bytes()))
    assert (review.rating, review.text) == (4, "Quick and friendly. The wheel runs again.")
