"""A mail conversation on the desk: who takes part, what a machine wrote, where else it came; letting somebody in."""

from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from hark.conversations.models import Case, Message
from hark.intake.actions import accept
from hark.intake.types import NewArrival
from hark.kernel.time import monotonic, now, sleep
from hark.organisation.models import Channel
from tests.browser.conftest import Opened
from tests.browser.product import Product
from tests.channels.mails import a_mail
from tests.chromium import violations
from tests.conversations.desk import answers
from tests.journey.mail import mail_channel, marks_of
from tests.workspace.makers import World

SLOW = 30_000
SUBJECT = "Roaming in Andorra"


@dataclass(frozen=True)
class Talk:
    """A case with a customer, a stranger who knocks, and an absence note."""

    case: str
    stranger: str


def arrive(channel: Channel, *mails: bytes, count: int) -> list[Message]:
    """The running product reads these; wait until so many messages of the channel are there."""
    accept(channel_id=channel.pk, arrivals=[NewArrival("", "", {}, raw, now()) for raw in mails])
    end = monotonic() + 60
    while len(found := list(Message.objects.filter(channel=channel, direction="in").order_by("pk"))) < count:
        assert monotonic() < end
        sleep(0.2)
    return found


@pytest.fixture(scope="module")
def talk(running: Product, plum: World) -> Talk:
    """The day of one mail."""
    with running.data():
        inbox = plum.chat.inbox
        care, sales = mail_channel("care@plum.example", inbox), mail_channel("sales@plum.example", inbox)
        both = {"To": "care@plum.example, sales@plum.example", "Subject": SUBJECT, "Message_ID": "<both@mail.example>"}
        raw = a_mail("Why did a call from Andorra cost 14 euros?", **both)
        [first] = arrive(care, raw, count=1)
        arrive(sales, raw, count=1)
        assert first.conversation.case
        answers(plum.tessa, first.conversation.case, "It is outside the EU tariff. We give half of it back.")
        _, address = marks_of(first.conversation)
        more = {"To": address, "Subject": f"Re: {SUBJECT}"}
        away = a_mail("I am away until Monday.", Auto_Submitted="auto-replied", **more)
        stranger = a_mail("I am her lawyer. Send me all of it.", From="Eve <eve@law.example>", **more)
        arrive(care, away, count=2)
        told = arrive(care, stranger, count=3)
        return Talk(Case.objects.get(pk=first.conversation.case_id).key, told[-1].key)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1440, 900), (360, 740)], ids=["wide", "phone"])
def test_a_mail_conversation_has_no_violation(
    plum: World, talk: Talk, opened: Opened, scheme: str, size: tuple[int, int]
) -> None:
    page = opened(f"/case/{talk.case}/?view=all", as_=plum.owner, width=size[0], height=size[1], color_scheme=scheme)
    page.goto(f"/case/{talk.case}/?view=all")
    expect(page.locator("#timeline")).to_contain_text("Not part of this talk yet")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0


def test_a_stranger_is_shown_as_one_and_let_in_by_a_click(plum: World, talk: Talk, opened: Opened) -> None:
    page = opened(as_=plum.tessa)
    page.goto(f"/case/{talk.case}/?view=all")
    timeline = page.locator("#timeline")
    expect(timeline).to_contain_text("Written by a machine, so nobody has to answer")
    expect(timeline).to_contain_text("Also came to sales@plum.example")
    expect(page.locator("#composer")).to_contain_text("maud@mail.example")
    page.get_by_role("button", name="Let them in").click()
    expect(timeline).not_to_contain_text("Not part of this talk yet", timeout=SLOW)
    page.goto(f"/case/{talk.case}/?view=all")
    expect(page.locator("#composer")).to_contain_text("eve@law.example")
