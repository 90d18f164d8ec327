"""Calls of mail providers, written after their documentation: proved, and the raw mail taken out of them."""

import hashlib
import hmac
import json
from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode

from hark.channels.email.venue import Email
from hark.channels.testing.conformance.bench import MOMENT
from hark.channels.types import Accepted, Account, Raw, Rejected, Request
from tests.channels.accounts import a_call
from tests.channels.mails import a_mail

KEY = "a-webhook-secret-of-the-suite"
STAMP = str(int(MOMENT.timestamp()))


def account(provider: str) -> Account:
    return Account("chan_mail", "care@plum.example", {"incoming": provider}, {"webhook": KEY, "signing": "s" * 43})


def mailgun(raw: bytes, *, key: str = KEY, stamp: str = STAMP, multipart: bool = False) -> Request:
    """Mailgun's call of a route that ends in /mime."""
    signature = hmac.digest(key.encode(), f"{stamp}token-1".encode(), hashlib.sha256).hex()
    fields = {"recipient": "care@plum.example", "body-mime": raw.decode("latin-1"), "timestamp": stamp}
    fields |= {"token": "token-1", "signature": signature}
    if not multipart:
        body = urlencode(fields, encoding="latin-1").encode()
        return a_call(body, {"content-type": "application/x-www-form-urlencoded"})
    parts = [
        f'--xx\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()
    ]
    body = ("".join(parts) + "--xx--\r\n").encode("latin-1")
    return a_call(body, {"content-type": "multipart/form-data; boundary=xx"})


def told(provider: str, request: Request) -> list[str | None]:
    """The text of each event of an accepted call."""
    venue = Email()
    verdict = venue.verify(account(provider), request)
    assert isinstance(verdict, Accepted)
    events = venue.parse(account(provider), Raw(request.body, verdict.headers, "1", MOMENT))
    return [event.text or event.problem for event in events]


def test_postmark_brings_the_raw_mail() -> None:
    said = {"FromName": "Maud", "Subject": "My SIM", "TextBody": "other", "RawEmail": a_mail("Raw words.").decode()}
    request = a_call(
        json.dumps(said).encode(), {"authorization": "Basic " + b64encode(f"hark:{KEY}".encode()).decode()}
    )
    assert told("postmark", request) == ["Raw words."]
    said.pop("RawEmail")
    [problem] = told("postmark", replace(request, body=json.dumps(said).encode()))
    assert "switch that on" in (problem or "")


def test_mailgun_brings_the_raw_mail_in_either_form() -> None:
    for multipart in (False, True):
        assert told("mailgun", mailgun(a_mail("Grüße 🎉"), multipart=multipart)) == ["Grüße 🎉"]


def test_mailgun_calls_that_are_not_its_own_are_refused() -> None:
    venue, good = Email(), mailgun(a_mail())
    old = str(int((MOMENT - timedelta(days=2)).timestamp()))
    for bad in (
        mailgun(a_mail(), key="other"),
        mailgun(a_mail(), stamp=old),
        replace(good, body=good.body.replace(b"token-1", b"token-2")),
        replace(good, body=b""),
    ):
        assert isinstance(venue.verify(account("mailgun"), bad), Rejected)
    assert isinstance(venue.verify(replace(account("mailgun"), secrets={}), good), Rejected)


def test_a_mailbox_that_is_read_takes_no_calls() -> None:
    assert isinstance(Email().verify(account("imap"), mailgun(a_mail())), Rejected)
