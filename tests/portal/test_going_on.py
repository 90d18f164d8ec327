"""A chat goes on by mail when its visitor has gone, and comes back when he does."""

from collections.abc import Iterator

import pytest

from hark.conversations.models import Message
from tests.channels.mails import a_mail
from tests.journey.mail import deliver
from tests.portal.going import MIA, Talk, a_talk
from tests.portal.makers import Plum

pytestmark = pytest.mark.django_db


@pytest.fixture
def talk(plum: Plum) -> Iterator[Talk]:
    with a_talk(plum) as there:
        yield there


def test_answer_to_who_has_gone_leaves_once_by_mail_and_the_answer_comes_back_into_the_talk(talk: Talk) -> None:
    assert talk.looks()["mail"] == {"address": "", "suggested": "", "transcript": False}
    assert talk.post("address", address=" Mia@mail.example ").json() == {"address": MIA}
    talk.answers("It is active now.")
    assert talk.works() == [], "the visitor may still be there"
    talk.goes()
    [mail] = talk.works()
    assert (mail["To"], mail["Auto-Submitted"]) == (MIA, None)
    assert mail["Subject"] == "Re: Your chat with Plum"
    text = mail.get_content()
    assert text.index("Tessa:\nIt is active now.") < text.index("You: My SIM will not activate.")
    assert talk.works() == []
    [back] = deliver(talk.mailbox, a_mail("It works, thank you!", From=f"Mia <{MIA}>", To=str(mail["Reply-To"])))
    assert back.conversation == Message.objects.get(text="It is active now.").conversation
    assert [line["text"] for line in talk.looks()["lines"]] == [
        "My SIM will not activate.", "It is active now.", "It works, thank you!",
    ]  # fmt: skip
