"""A public reply is looked over before it leaves; what is overruled is written down."""

import pytest

from hark.contacts.models import Identity
from hark.contacts.types import Verified
from hark.conversations.actions.saved_replies import NewSavedReply, keep_saved_reply
from hark.conversations.errors import LookAgain
from hark.conversations.models import Case
from hark.conversations.types import Visibility
from hark.delivery.models import OutboxItem
from hark.kernel.models import Event
from hark.kernel.time import now
from hark.organisation.actions.people import add_brand
from hark.organisation.models import Agent, AuditEntry, Channel, Inbox
from hark.organisation.types import NewBrand, Role
from tests.conversations.desk import a_case, acts, an_agent, answers, said
from tests.delivery.makers import a_channel

pytestmark = pytest.mark.django_db
PUBLIC = Visibility.PUBLIC


@pytest.fixture
def case(channel: Channel) -> Case:
    """Somebody asks in public."""
    return a_case(channel, "My parcel never came, where is it?", visibility=PUBLIC, kind="post")


def stopped(agent: Agent, case: Case, text: str) -> list[str]:
    """What it was stopped for."""
    with pytest.raises(LookAgain) as error:
        answers(agent, case, text, visibility=PUBLIC)
    assert not OutboxItem.objects.filter(payload__text=text).exists()
    return [finding.kind for finding in error.value.findings]


def test_reply_with_an_address_is_stopped_and_sent_all_the_same_on_record(tessa: Agent, case: Case) -> None:
    text = "We have written to maud@private.example."
    with pytest.raises(LookAgain) as error:
        answers(tessa, case, text, visibility=PUBLIC)
    despite = [finding.code for finding in error.value.findings]
    message = answers(tessa, case, text, visibility=PUBLIC, despite=despite)
    event = Event.objects.get(kind="reply.overruled")
    assert (event.subject, event.actor) == (case.key, tessa.key)
    assert event.data == {"case": case.key, "message": message.key, "found": ["email"]}
    entry = AuditEntry.objects.get(verb="reply.overruled")
    assert (entry.actor, entry.subject, entry.details["found"]) == (tessa.key, case.key, ["email"])
    assert "maud" not in str(event.data) + str(entry.details)


def test_overruling_one_finding_overrules_no_other(tessa: Agent, case: Case) -> None:
    with pytest.raises(LookAgain) as error:
        answers(tessa, case, "Mail a@private.example", visibility=PUBLIC)
    despite = [finding.code for finding in error.value.findings]
    with pytest.raises(LookAgain):
        answers(tessa, case, "Mail a@private.example or b@private.example", visibility=PUBLIC, despite=despite)


def test_private_reply_is_not_looked_over(tessa: Agent, channel: Channel) -> None:
    assert answers(tessa, a_case(channel), "We write to maud@private.example.").pk


def test_what_the_customer_told_in_private_does_not_stand_in_public(tessa: Agent, case: Case, channel: Channel) -> None:
    said(channel, "My customer number is AB-445566.", thread_id="dm", ago=1)
    contact = case.contact
    Identity.objects.create(
        network="email", scope="claim:x", key="4711-2233", handle="4711-2233", contact=contact,
        verified=Verified.CLAIMED, first_seen_at=now(),
    )  # fmt: skip
    assert stopped(tessa, case, "We have found you as AB445566.") == ["told"]
    assert stopped(tessa, case, "Is 4711-2233 you?") == ["told"]
    said(channel, "I am AB-445566, I say it here too.", visibility=PUBLIC, kind="post", ago=0)
    assert answers(tessa, case, "We have found you as AB445566.", visibility=PUBLIC).pk


def test_number_told_where_the_author_may_not_look_gives_nothing_away(tessa: Agent, sven: Agent, case: Case) -> None:
    elsewhere = a_channel(Inbox.objects.get(teams__agents=sven), "sales")
    said(elsewhere, "Number 99887766", thread_id="dm", ago=1)
    assert answers(tessa, case, "Is it 99887766?", visibility=PUBLIC).pk


def test_saved_words_of_the_house_are_no_finding(tessa: Agent, case: Case) -> None:
    owner = an_agent("Ada", role=Role.OWNER)
    assert stopped(tessa, case, "Call us on 020 123 4567.") == ["phone"]
    new = NewSavedReply("Telephone", "Our number is 020-1234567.")
    keep_saved_reply(new=new, actor=acts(owner))
    assert answers(tessa, case, "Call us on 020 123 4567.", visibility=PUBLIC).pk


def test_same_answer_stands_once_in_a_public_thread(tessa: Agent, ruben: Agent, case: Case, channel: Channel) -> None:
    answers(tessa, case, "Sorry! Your parcel is on its way, it comes tomorrow.", visibility=PUBLIC)
    said(channel, "And?", visibility=PUBLIC, kind="post", ago=0)
    assert stopped(ruben, case, "sorry, your parcel is on its way. It comes tomorrow") == ["twice"]
    other = a_case(channel, "Mine too.", who="bob", visibility=PUBLIC, kind="post")
    assert answers(ruben, other, "Sorry! Your parcel is on its way, it comes tomorrow.", visibility=PUBLIC).pk


def test_name_of_another_brand_is_found(tessa: Agent, case: Case) -> None:
    add_brand(brand=NewBrand(name="Kiwi Mobile", handles=("@kiwicare",)))
    assert stopped(tessa, case, "Everybody at Kiwi Mobile is sorry.") == ["account"]
