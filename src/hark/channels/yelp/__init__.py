"""Yelp: reviews of our businesses, from the alert mails that it sends to their owners. Answers are given there."""

import re
from typing import ClassVar

from hark.channels.email.alerts import AlertMailbox

ID = r"([\w-]{22})(?![\w-])"
COUNTRIES = ("ca", "de", "fr", "it", "es", "nl", "be", "at", "ch", "ie", "pt", "se", "pl", "co.uk", "co.nz", "com.au")


class Yelp(AlertMailbox):
    """Reviews on Yelp, which lets partners alone answer by its API."""

    key: ClassVar[str] = "yelp"
    name: ClassVar[str] = "Yelp"
    icon: ClassVar[str] = "review"
    intro: ClassVar[str] = "Reviews on Yelp, from its alert mails; they are answered on Yelp’s own pages."
    place: ClassVar[str] = "Yelp"
    senders: ClassVar[tuple[str, ...]] = ("yelp.com",)
    hosts: ClassVar[tuple[str, ...]] = ("yelp.com", *(f"yelp.{one}" for one in COUNTRIES))
    shapes: ClassVar[tuple[re.Pattern[str], ...]] = (
        re.compile(rf"[?&](?:hrid|review_?id)={ID}"),
        re.compile(rf"/(?:review|reviews|r2r)/{ID}"),
    )
    home: ClassVar[str] = "https://biz.yelp.com/"
    switched_on: ClassVar[str] = "Yelp for Business, Account settings, Email"


__all__ = ["Yelp"]
