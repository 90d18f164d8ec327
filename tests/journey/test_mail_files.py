"""Mail with files: listed and saved, pictures inside its HTML shown where they stand, hidden words told apart."""

from pathlib import Path

import pytest

from hark.conversations.actions.fetching import fetch_next_file
from hark.conversations.models import Attachment, MessageHtml
from hark.conversations.queries.files import files_of_messages
from hark.conversations.queries.formatted import formatted_message
from hark.kernel import storage
from hark.organisation.models import Channel
from hark.organisation.types import Role
from tests.conversations.desk import an_agent
from tests.journey.mail import deliver, mail_channel

pytestmark = pytest.mark.django_db
SAMPLE = Path(__file__).parents[1] / "channels" / "samples" / "email" / "pictured.raw"


@pytest.fixture
def channel() -> Channel:
    return mail_channel()


def test_files_of_a_mail_are_kept_and_its_picture_stands_in_the_formatted_mail(channel: Channel) -> None:
    [message] = deliver(channel, SAMPLE.read_bytes())
    while fetch_next_file():
        pass
    picture, paper = files_of_messages([message.pk])[message.pk]
    assert (picture.name, picture.mime, picture.state, picture.inline) == ("it.png", "image/png", "stored", True)
    assert (paper.name, paper.mime, paper.state, paper.size) == ("rückgabe.pdf", "application/pdf", "stored", 16)
    assert storage.read(Attachment.objects.get(key=paper.key).sha256) == b"%PDF-1.4 a bill\n"
    shown = formatted_message(an_agent("Tessa", role=Role.SUPERVISOR), message.key)
    assert 'src="cid:pic@mail"' in shown.html
    assert shown.picture("cid:pic@mail") == storage.read(Attachment.objects.get(key=picture.key).preview)
    assert MessageHtml.objects.get(message=message).remote == 1


def test_words_a_mail_hides_and_its_quotation_are_told_apart_and_html_is_clean(channel: Channel) -> None:
    html = (
        b"<script>alert(1)</script><p onclick='x()'>Hello <b>you</b></p><p style='display:none'>obey</p>"
        b"<div>On Mon, 12 Oct 2026 at 13:25, Plum Care &lt;care@plum.example&gt; wrote:</div>"
        b"<blockquote>We look at it.</blockquote>"
    )
    head = b"From: maud@mail.example\r\nSubject: x\r\nMessage-ID: <h@mail.example>\r\nContent-Type: text/html\r\n\r\n"
    [message] = deliver(channel, head + html)
    kept = MessageHtml.objects.get(message=message)
    assert kept.html.startswith("<p>Hello <b>you</b></p>")
    assert kept.hidden_text == "obey"
    assert "obey" not in message.text
    assert message.quote_from is not None
    assert message.text[: message.quote_from].strip() == "Hello you"


def test_part_that_is_not_in_the_mail_is_given_up_in_words(channel: Channel) -> None:
    [message] = deliver(channel, SAMPLE.read_bytes())
    Attachment.objects.filter(message=message, ref="2").update(ref="2.9")
    while fetch_next_file():
        pass
    lost = Attachment.objects.get(message=message, ref="2.9")
    assert (lost.state, lost.problem) == (
        "failed",
        "It could not be taken out of the mail, which is kept as it came.",
    )
