"""What the venues that are read from alert mails have in common in the suite: a mailbox, and mails made for it."""

import json
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from email.utils import format_datetime
from typing import Any, ClassVar
from uuid import UUID, uuid5

from django.test import override_settings

from hark.channels.email.alerts import AlertMailbox
from hark.channels.testing.conformance import ChannelConformance
from hark.channels.testing.conformance.bench import MOMENT, Visibility, flipped, with_header
from hark.channels.types import Account, Outbound, Raw, Request, Target
from tests.channels.accounts import a_call
from tests.channels.mail_stand_in import PASSWORD, WHO, MailServers, mail_servers
from tests.channels.mails import a_mail

WEBHOOK = "a-webhook-secret-of-the-suite"
MAILBOX = Account("chan_alerts", WHO, {"incoming": "postmark"}, {"webhook": WEBHOOK, "password": PASSWORD})


class AlertConformance(ChannelConformance):
    """Derived classes say where an alert comes from, and the address of a review with this number."""

    venue: ClassVar[AlertMailbox]
    seen: ClassVar[Visibility] = "public"
    secret_name = "webhook"
    proof_headers = ("authorization",)
    permission_ends = False  # a password has neither scopes nor an end
    sender: ClassVar[str]

    def link(self, number: str) -> str:
        """The address of a review."""
        raise NotImplementedError

    def number(self, name: str) -> str:
        """An id as the venue makes them."""
        raise NotImplementedError

    def alert(self, text: str, number: str, **more: str) -> bytes:
        """The venue's mail about a review."""
        words = f"Maud T. wrote a review.\n\n3 star rating\n\n“{text}”\n\nRead and answer it:\n{self.link(number)}\n"
        return a_mail(words, **{"From": self.sender, "Subject": "Maud T. wrote a review of Plum Care", **more})

    def account(self) -> Account:
        return MAILBOX

    def genuine(self, body: bytes) -> Request:
        """Postmark's call with this mail in it."""
        said = json.dumps({"MessageID": "1", "RawEmail": body.decode("utf-8", "replace")}).encode()
        code = b64encode(f"hark:{WEBHOOK}".encode()).decode()
        return a_call(said, {"authorization": f"Basic {code}", "content-type": "application/json"})

    def tampered(self, request: Request) -> Iterator[Request]:
        """Postmark signs nothing; the password in its address is what must not be touched."""
        value = request.headers["authorization"].encode()
        for place in range(len(value)):
            yield with_header(request, "authorization", flipped(value, place).decode("utf-8", "replace"))

    def says(self, text: str, visibility: Visibility = "public", *, thread: str = "t1", at: datetime = MOMENT) -> Raw:
        return Raw(self.alert(text, self.number(thread), Date=format_datetime(at)), {}, "1", MOMENT)

    def carried(self, text: str) -> str:
        return text.replace("\r\n", "\n")

    def forbidden(self) -> Outbound:
        return self.reply()

    @contextmanager
    def counterpart(self) -> Iterator["AlertBench"]:
        with mail_servers() as servers, override_settings(HARK_ALLOWED_NETWORKS=servers.allowed):
            yield AlertBench(self, servers, replace(MAILBOX, settings=servers.settings(read_back_days=3)))

    # ── more than the suite asks ──

    def test_answer_is_refused_with_the_address_where_to_answer(self) -> None:
        there = self.link(self.number("r1"))
        refused = self.venue.objection(MAILBOX, self.reply(target=Target("r1", there)))
        assert refused is not None
        assert refused.human == f"{self.venue.place} takes answers on its own pages only: {there}"
        elsewhere = self.venue.objection(MAILBOX, self.reply(target=Target("r1", "https://evil.example/")))
        assert elsewhere is not None
        assert elsewhere.human.endswith(self.venue.home)

    def test_same_review_told_twice_is_one_review(self) -> None:
        first, second = (self.parsed(Raw(self.alert("Fine.", self.number("r1"))))[0] for _ in range(2))
        assert first.external_id == second.external_id == self.number("r1")
        assert first.thread_id == first.permalink == self.link(self.number("r1"))

    def test_alert_of_a_stranger_is_not_believed_and_one_handed_on_by_the_owner_is(self) -> None:
        mail = self.alert("Fine.", self.number("r1"), From="owner@plum.example", Subject="Fwd: Maud T. wrote a review")
        [strange] = self.parsed(Raw(mail))
        assert (strange.kind, strange.problem) == ("unknown", f"it is not from {self.venue.place}")
        trusting = replace(MAILBOX, settings={**MAILBOX.settings, "forwarders": ["Owner@plum.example"]})
        [review] = self.parsed(Raw(mail), trusting)
        assert (review.kind, review.rating, review.text) == ("review", 3, "Fine.")
        assert review.author is not None
        assert review.author.name == "Maud T."

    def test_alert_whose_domain_disowns_it_is_not_believed(self) -> None:
        careful = replace(MAILBOX, settings={**MAILBOX.settings, "authserv": "mx.plum.example"})
        mail = self.alert("Fine.", self.number("r1"), Authentication_Results="mx.plum.example; dmarc=fail")
        assert self.parsed(Raw(mail), careful)[0].problem == "its sender's domain disowns it"
        mail = self.alert("Fine.", self.number("r1"), Authentication_Results="mx.plum.example; dmarc=pass")
        assert self.parsed(Raw(mail), careful)[0].kind == "review"

    def test_alert_without_words_says_so_and_shows_the_mail(self) -> None:
        mail = a_mail(f"A new review came in.\n{self.link(self.number('r1'))}", From=self.sender, Subject="News")
        [review] = self.parsed(Raw(mail))
        assert (review.kind, review.rating, review.author) == ("review", None, None)
        assert "A new review came in." in (review.text or "")
        assert review.problem == "the stars are not in the mail; its words cannot be told from the rest of the mail"

    def test_nothing_of_the_mail_s_own_keys_stands_in_the_address_that_is_shown(self) -> None:
        for event in self.events():
            assert "s3cret" not in (event.permalink or "") + (event.thread_id or "")

    def test_settings_ask_for_a_mailbox_and_for_nothing_that_sends(self) -> None:
        from hark.channels.kit.setting import asked

        names = {one.name for one in asked(self.venue.Settings)}
        assert {"address", "imap_host", "password", "forwarders", "authserv"} <= names
        assert not any("smtp" in name for name in names)
        wrong = replace(MAILBOX, settings={"forwarders": ["owner"]})
        assert self.venue.objections(wrong) == {"forwarders": "'owner' is no address."}


class AlertBench:
    """The mail servers as the suite wants to hold them."""

    def __init__(self, suite: AlertConformance, servers: MailServers, account: Account) -> None:
        """`suite` makes the alerts."""
        self.suite, self.servers, self.account = suite, servers, account

    def received(self) -> list[dict[str, Any]]:
        raise NotImplementedError

    def fail(self, how: str) -> None:
        """Nothing leaves from here, so nothing fails on its way."""

    def offer(self, count: int) -> list[str]:
        numbers = [self.suite.number(str(uuid5(UUID(int=5), str(place)))) for place in range(count)]
        for each in numbers:
            self.servers.put(self.suite.alert("Fine.", each))
        return numbers

    def mention(self, text: str) -> str:
        raise NotImplementedError

    def echo(self) -> Raw:
        raise NotImplementedError

    def published(self, external_id: str) -> str | None:
        raise NotImplementedError

    def weaken(self) -> None:
        raise NotImplementedError

    def hang_up(self) -> None:
        self.servers.hang_up()

    def file(self, size: int) -> str:
        raise NotImplementedError
