"""What no person wrote to us: bounces with whom and what they are about, vacation replies, lists, complaints."""

import pytest

from hark.channels.email.types import Bounce
from tests.channels.mail.reading import mail, parts, read

PLAIN = "Content-Type: text/plain\n\n"
ROBOT = (
    b"Return-Path: <>\nFrom: Mail System <MAILER-DAEMON@mx.example>\nTo: care@plum.example\nSubject: Undelivered Mail\n"
)
ORIGINAL = "Content-Type: message/rfc822\n\nMessage-ID: <ours@plum.example>\nFrom: care@plum.example\n\nHello."


def report(*fields: str) -> str:
    said = "\n".join(fields)
    return f"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n{said}\n"


def dsn(*fields: str) -> Bounce | None:
    raw = parts(f"{PLAIN}Sorry.", report(*fields), ORIGINAL, kind="report", more="; report-type=delivery-status")
    return read(raw).bounce


def test_report_names_recipient_status_and_original() -> None:
    failed = dsn("Final-Recipient: rfc822; maud@mail.example", "Action: failed", "Status: 5.1.1 (unknown)")
    assert failed == Bounce("maud@mail.example", "5.1.1", True, "<ours@plum.example>")
    forwarded = dsn(
        "Original-Recipient: rfc822;a@mail.example", "Final-Recipient: rfc822; b@x.example", "Action: failed"
    )
    assert forwarded is not None
    assert forwarded.recipient == "a@mail.example"


def test_delay_is_not_the_end_and_success_is_no_bounce() -> None:
    waiting = dsn("Final-Recipient: rfc822; maud@mail.example", "Action: delayed", "Status: 4.4.1")
    assert waiting == Bounce("maud@mail.example", "4.4.1", False, "<ours@plum.example>")
    assert dsn("Final-Recipient: rfc822; maud@mail.example", "Action: delivered", "Status: 2.0.0") is None


def test_failure_counts_before_a_delay_in_one_report() -> None:
    both = dsn(
        "Final-Recipient: rfc822; a@x.example",
        "Action: delayed",
        "",
        "Final-Recipient: rfc822; b@x.example",
        "Action: failed",
    )
    assert both is not None
    assert (both.recipient, both.permanent) == ("b@x.example", True)


@pytest.mark.parametrize(
    ("words", "recipient", "status", "permanent"),
    [
        ("<maud@mail.example>:\n550 5.1.1 user unknown", "maud@mail.example", "5.1.1", True),
        ("The following address failed:\n  maud@mail.example\n    mailbox is full", "maud@mail.example", "", True),
        ("RCPT TO:<maud@mail.example>: 552 too much", "maud@mail.example", "5.0.0", True),
        ("Delivery to maud@mail.example delayed. You do not need to resend.", "maud@mail.example", "", False),
        ("--- copy ---\nMessage-ID: <ours@plum.example>\nTo: maud@mail.example", "maud@mail.example", "", True),
    ],
)
def test_older_forms_are_bounces_too(words: str, recipient: str, status: str, permanent: bool) -> None:  # noqa: FBT001
    found = read(mail(body=words, head=ROBOT)).bounce
    assert found is not None
    assert (found.recipient, found.status, found.permanent) == (recipient, status, permanent)
    assert found.original_message_id == ("<ours@plum.example>" if "copy" in words else "")


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("Delivery failed", "My parcel could not be delivered, the driver says the address does not exist."),
        ("Delivery status of order 550 1234", "It was not delivered. Is my account disabled?"),
        ("Undelivered parcel", "Returned to sender, why?"),
        ("Re: Undelivered Mail Returned to Sender", "I got this back:\n> 550 5.1.1 <care@plum.example> user unknown"),
        ("Vacation rental", "On holiday next week, can I move my booking?"),
        ("Automatic payment failed", "My account is full of errors."),
        ("Auto: Reparatur", "Wann ist mein Auto fertig?"),
    ],
)
def test_customer_who_waits_for_a_delivery_is_a_person(subject: str, body: str) -> None:
    found = read(
        mail(f"Subject: {subject}", body=body, head=b"From: ann@example.org\nReturn-Path: <ann@example.org>\n")
    )
    assert (found.bounce, found.auto_reply) == (None, False)


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated; owner-email=x",
        "Precedence: bulk",
        "Precedence: auto_reply",
        "X-Autoreply: yes",
        "X-Auto-Response-Suppress: DR, OOF, AutoReply",
        "List-Id: <news.shop.example>",
        "List-Unsubscribe: <https://shop.example/off>",
        "Return-Path: <>",
        "Subject: Out of office: back on Monday",
        "Subject: Abwesenheitsnotiz",
        "Subject: Réponse automatique : absence",
        "Subject: 自動応答",
        "From: no-reply@shop.example",
        "From: Newsletter <bounce@shop.example>",
    ],
)
def test_robot_is_known_by(header: str) -> None:
    name = header.partition(":")[0].encode()
    rest = b"".join(line + b"\n" for line in (b"From: ann@example.org", b"Subject: Hello") if not line.startswith(name))
    found = read(mail(header, head=rest))
    assert (found.auto_reply, found.bounce) == (True, None)


@pytest.mark.parametrize(
    "header", ["Auto-Submitted: no", "Precedence: normal", "Subject: Re: Out of office hours?", "X-Mailer: K-9"]
)
def test_person_is_not_taken_for_a_robot(header: str) -> None:
    assert not read(mail(header, head=b"From: ann@example.org\n")).auto_reply


def test_complaint_is_automatic_and_no_bounce() -> None:
    feedback = "Content-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: x/1\n"
    found = read(parts(f"{PLAIN}Abuse.", feedback, ORIGINAL, kind="report", more="; report-type=feedback-report"))
    assert (found.auto_reply, found.bounce) == (True, None)
    older = b"From: staff@hotmail.example\nSubject: complaint about message from 192.0.2.1\n"
    assert read(mail(head=older)).auto_reply
