"""Row 17: control headers from outside are not seen, and nobody's word on a sender is taken but our own server's."""

from tests.channels.mail.reading import mail, read

OURS = (
    "X-Hark-Conversation: 7",
    "X-Hark-Auto-Reply: yes",
    "x-hark-contact: 1",
    "X-HARK-Brand: plum",
    "X-Hark-Message-ID: <a@b>",
)


def test_mail_with_our_headers_reads_as_without_them() -> None:
    assert read(mail(*OURS)) == read(mail())


def test_words_on_the_sender_are_given_on_with_whose_they_are() -> None:
    raw = mail(
        "Authentication-Results: mx.plum.example; dmarc=fail", "Authentication-Results: evil.example; dmarc=pass"
    )
    assert read(raw).authentication_results == ("mx.plum.example; dmarc=fail", "evil.example; dmarc=pass")
