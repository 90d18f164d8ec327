"""A mail leaves once, threaded, with an address that brings the answer back, and each failure has its name."""

from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from uuid import UUID

import pytest
from django.test import override_settings

from hark.channels.email.composing import compose
from hark.channels.email.reader import part_of, read_mail
from hark.channels.email.reader.caps import MAIL_BYTES
from hark.channels.email.tokens import reply_of, tokens_in
from hark.channels.email.venue import Email
from hark.channels.errors import Ambiguous, AuthLost, Refused, Retry, SendError
from hark.channels.testing.conformance.bench import MOMENT
from hark.channels.types import Account, Outbound, OutboundFile, Target
from hark.kernel.storage import store
from tests.channels.mail_stand_in import PASSWORD, WHO, MailServers, mail_servers, words_of

VENUE = Email()
SECRETS = {"password": PASSWORD, "signing": "s" * 43}
HERE = Account("chan_mail", WHO, {"from_name": "Plum Care"}, SECRETS)
TARGET = Target("<q2@mail.example>", "t1", "<q1@mail.example>", "<q2@mail.example>", "maud@mail.example")


@pytest.fixture
def servers() -> Iterator[MailServers]:
    with mail_servers() as state, override_settings(HARK_ALLOWED_NETWORKS=state.allowed):
        yield state


def a_reply(text: str = "Thank you.", **more: object) -> Outbound:
    said = {"subject": "My SIM", **more}
    return Outbound(UUID(int=9), said.pop("target", TARGET), "private", text, **said)  # type: ignore[arg-type]


def there(servers: MailServers) -> Account:
    return Account("chan_mail", WHO, servers.settings(from_name="Plum Care"), SECRETS)


def test_the_customers_mail_program_threads_it_and_answers_to_the_token(servers: MailServers) -> None:
    receipt = VENUE.send(there(servers), a_reply("Grüße 🎉\n.\n..dots"))
    [(sender, recipient, raw)] = servers.sent
    mail = message_from_bytes(raw, policy=default)
    assert (sender, recipient) == (WHO, "maud@mail.example")
    assert mail["From"] == f"Plum Care <{WHO}>"
    assert mail["Subject"] == "Re: My SIM"
    assert mail["In-Reply-To"] == "<q2@mail.example>"
    assert mail["References"] == "<q1@mail.example> <q2@mail.example>"
    assert mail["Message-ID"] in receipt.external_ids
    assert reply_of(HERE, mail["Message-ID"]) == UUID(int=9)
    assert mail["Auto-Submitted"] is None
    assert words_of(raw) == "Grüße 🎉\n.\n..dots".replace("\n", "\r\n") or words_of(raw) == "Grüße 🎉\n.\n..dots"
    [back] = mail["Reply-To"].addresses
    marks = VENUE.marks(HERE, a_reply())
    assert marks == (mail["Message-ID"], *tokens_in([back.addr_spec]))


def test_the_code_fits_one_conversation_one_recipient_and_one_channel() -> None:
    codes = {VENUE.marks(HERE, a_reply())[1]}
    for thread, person in (("t2", TARGET.person), ("t1", "eve@mail.example")):
        codes.add(VENUE.marks(HERE, a_reply(target=Target(thread=thread, person=person)))[1])
    codes.add(VENUE.marks(Account("chan_other", WHO, {}, SECRETS), a_reply())[1])
    assert len(codes) == 4
    assert all(len(code) == len("token:") + 26 for code in codes)
    assert reply_of(Account("chan_mail", WHO, {}, {"signing": "other"}), VENUE.marks(HERE, a_reply())[0]) is None


def test_automatic_mail_says_so_and_has_no_return_path(servers: MailServers) -> None:
    VENUE.send(there(servers), a_reply(author_kind="bot"))
    [(sender, _, raw)] = servers.sent
    assert sender == ""
    assert message_from_bytes(raw)["Auto-Submitted"] == "auto-replied"


@pytest.mark.parametrize(
    ("how", "error"),
    [("429", Retry), ("500", Retry), ("403", Refused), ("401", AuthLost), ("drop_reply", Ambiguous)],
)
def test_each_failure_has_its_name(servers: MailServers, how: str, error: type[SendError]) -> None:
    servers.smtp_faults = [how]
    with pytest.raises(error):
        VENUE.send(there(servers), a_reply())
    assert len(servers.sent) == (how == "drop_reply")


@pytest.mark.parametrize(
    "bad",
    ["a\r\nBcc: eve@mail.example", "a\nb@mail.example", "a\0b@mail.example", "a, eve@mail.example", "<a@b>", "", "a"],
)
def test_no_recipient_smuggles_anything_into_the_head(bad: str) -> None:
    with pytest.raises(Refused):
        compose(HERE, a_reply(target=Target("<q@x>", "t1", person=bad)), at=MOMENT)


@pytest.mark.parametrize("bad", ["Hi\r\nBcc: eve@mail.example", "Hi\n\nbody", "Hi\0", "\u2028Bcc: x"])
def test_a_subject_stays_one_line(bad: str) -> None:
    raw = compose(HERE, a_reply(subject=bad), at=MOMENT).as_bytes()
    assert message_from_bytes(raw)["Bcc"] is None
    assert message_from_bytes(raw).get_all("Subject") is not None


NAMES = ["bill.pdf", "rückgabe 退货 🎉.pdf", 'a"b;c=d.pdf', "🎉" * 60, "../../etc/passwd", "x\r\nBcc: eve@mail.example"]


def a_file(data: bytes, name: str, mime: str = "application/pdf") -> OutboundFile:
    stored = store([data], most=1 << 20)
    return OutboundFile(stored.sha256, name, mime, stored.size)


def test_files_go_as_parts_that_every_reader_takes_out_again(servers: MailServers) -> None:
    data = bytes(range(256)) * 20
    files = (*(a_file(data, name) for name in NAMES), a_file(b"hello", "odd.txt", "text/plain\r\nX: y"))
    VENUE.send(there(servers), a_reply("Grüße", attachments=files))
    [(_, _, raw)] = servers.sent
    mail = message_from_bytes(raw, policy=default)
    assert (mail.get_content_type(), mail["Bcc"], mail["X"]) == ("multipart/mixed", None, None)
    words, *parts = mail.iter_parts()  # type: ignore[attr-defined]
    assert words.get_content().strip() == "Grüße"
    names = ["bill.pdf", NAMES[1], NAMES[2], NAMES[3], "passwd", "x Bcc: eve@mail.example", "odd.txt"]
    assert [part.get_filename() for part in parts] == names
    assert {part.get_content_disposition() for part in parts} == {"attachment"}
    assert [part.get_content_type() for part in parts] == ["application/pdf"] * 6 + ["application/octet-stream"]
    assert {part.get_content() for part in parts[:-1]} == {data}
    assert max(len(line) for line in parts[0].get_payload().splitlines()) <= 76
    read = read_mail(raw)
    assert [part_of(raw, part.ref) for part in read.parts] == [data] * 6 + [b"hello"]
    assert (read.text, read.parts[1].name, read.parts[3].name) == ("Grüße", NAMES[1], NAMES[3])


def test_a_mail_that_breaks_before_its_end_was_not_sent_and_is_tried_again(servers: MailServers) -> None:
    size = 12_000_000  # more than the buffers of a line hold
    large = OutboundFile(store([bytes(size)], most=size).sha256, "a.bin", "application/octet-stream", size)
    servers.smtp_faults = ["drop_mail"]
    with pytest.raises(Retry):
        VENUE.send(there(servers), a_reply(attachments=(large,)))
    assert servers.sent == []


def test_a_reply_whose_file_is_gone_does_not_leave_without_it(servers: MailServers) -> None:
    gone = OutboundFile("0" * 64, "bill.pdf", "application/pdf", 5)
    with pytest.raises(Refused, match=r"bill\.pdf is not here"):
        VENUE.send(there(servers), a_reply(attachments=(gone,)))
    assert servers.sent == []


def test_as_many_files_as_a_reply_may_carry_are_a_mail_that_hark_reads() -> None:
    piece = VENUE.caps.files_out // 2
    files = tuple(
        OutboundFile(store([bytes([each]) * piece], most=piece).sha256, "a.bin", "application/octet-stream", piece)
        for each in (1, 2)
    )
    raw = compose(HERE, a_reply(attachments=files), at=MOMENT).as_bytes()
    assert len(raw) < MAIL_BYTES
    assert [part.size for part in read_mail(raw).parts] == [piece, piece]


def test_ids_that_are_none_are_left_out() -> None:
    mail = compose(HERE, a_reply(target=Target("x\r\nBcc: y", "t1", "z", "<a b>", "maud@mail.example")), at=MOMENT)
    assert mail["In-Reply-To"] is None
    assert mail["References"] is None
    assert mail["Bcc"] is None


def test_an_address_in_another_script_is_written_as_the_wire_wants_it() -> None:
    assert (
        compose(HERE, a_reply(target=Target(person="a@bücher.example")), at=MOMENT)["To"] == "a@xn--bcher-kva.example"
    )


def test_copies_go_to_everybody_or_the_mail_to_nobody(servers: MailServers) -> None:
    copies = ("bram@mail.example", "ann@mail.example")
    VENUE.send(there(servers), a_reply(copies=copies))
    [(_, recipients, raw)] = servers.sent
    mail = message_from_bytes(raw, policy=default)
    assert [one.addr_spec for one in mail["Cc"].addresses] == list(copies)
    assert mail["To"] == "maud@mail.example"
    assert recipients.split() == ["maud@mail.example", *copies]
    with pytest.raises(Refused):
        VENUE.send(there(servers), a_reply(copies=("not an address",)))


def test_what_begins_a_talk_has_no_re(servers: MailServers) -> None:
    VENUE.send(
        there(servers), a_reply(subject="Fwd: My SIM", target=Target(thread="outside:1", person="ann@x.example"))
    )
    assert message_from_bytes(servers.sent[0][2], policy=default)["Subject"] == "Fwd: My SIM"
