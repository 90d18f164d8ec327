"""TripAdvisor: reviews of our places, from the alert mails that it sends to their owners. Answers are given there.

Its terms let nothing of its API be kept but a place's id. So nothing is asked of the API: the owner's own mail and the
address in it are all there is.
"""

import re
from dataclasses import replace
from typing import ClassVar

from hark.channels.email.alerts import AlertMailbox
from hark.channels.types import Caps

COUNTRIES = ("ca", "de", "fr", "it", "es", "nl", "be", "at", "ch", "ie", "pt", "se", "in", "co.uk", "com.au", "com.br")


class TripAdvisor(AlertMailbox):
    """Reviews on TripAdvisor, which has no way to answer by an API."""

    key: ClassVar[str] = "tripadvisor"
    name: ClassVar[str] = "TripAdvisor"
    icon: ClassVar[str] = "review"
    intro: ClassVar[str] = "Reviews on TripAdvisor, from its alert mails; they are answered on its own pages."
    caps: ClassVar[Caps] = replace(AlertMailbox.caps, storage="none")
    place: ClassVar[str] = "TripAdvisor"
    senders: ClassVar[tuple[str, ...]] = ("tripadvisor.com",)
    hosts: ClassVar[tuple[str, ...]] = ("tripadvisor.com", *(f"tripadvisor.{one}" for one in COUNTRIES))
    shapes: ClassVar[tuple[re.Pattern[str], ...]] = (
        re.compile(r"-r(\d{4,12})(?=[-./?#]|$)"),
        re.compile(r"[?&]review_?[iI]d=r?(\d{4,12})(?!\d)"),
    )
    home: ClassVar[str] = "https://www.tripadvisor.com/Owners"
    switched_on: ClassVar[str] = "TripAdvisor’s Management Center, Notifications"


__all__ = ["TripAdvisor"]
