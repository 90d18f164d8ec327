"""Whoever comes about one matter for the third time is marked, on whatever venue; contacts count, not messages."""

from typing import Any

import pytest

from hark.contacts.models import Contact
from hark.conversations.actions.again import set_another_matter, set_same_matter
from hark.conversations.actions.cases import resolve
from hark.conversations.actions.merging import merge, unmerge
from hark.conversations.errors import NeedsPersonalWord
from hark.conversations.matter import Line, Said, contacts, is_saved_only, only_thanks, ordinal, why_same
from hark.conversations.models import Again, Case, Message, SavedReply
from hark.conversations.queries.cases import View, case_page, cases_in
from hark.conversations.queries.filters import CaseFilter
from hark.conversations.queries.matters import MOST_CASES, matters_of
from hark.conversations.queries.saved_views import FilteredList
from hark.conversations.types import Status
from hark.kernel.db import execute, fetch_all
from hark.kernel.errors import NotFound
from hark.kernel.ids import public_key
from hark.kernel.time import database_now
from hark.organisation.models import Agent, AuditEntry, Channel, Inbox
from tests.conversations.desk import a_case, acts, answers, said
from tests.delivery.makers import a_channel, an_inbox
from tests.journey.makers import make_reading

pytestmark = pytest.mark.django_db
SIM = (
    "My SIM card will not activate.",
    "SIM card still not active, I am waiting",
    "The SIM card is dead: activate it!",
)
DAY = 24 * 60


def answered(agent: Agent, case: Case, *, ago: float, text: str = "We look at it.") -> Message:
    """An agent has answered so many minutes ago."""
    message = answers(agent, case, text, send_anyway=True)
    execute(
        "UPDATE conversations_message SET sent_at = clock_timestamp() - make_interval(mins => %s) WHERE id = %s",
        [int(ago), message.pk],
    )
    Case.objects.filter(pk=case.pk).update(last_message_at=Message.objects.get(pk=message.pk).sent_at)
    return message


def came(channel: Channel, text: str, *, ago: float, thread: str = "", **more: Any) -> Case:
    """Somebody writes in a thread of his own, so many minutes ago."""
    return a_case(channel, text, ago=ago, thread_id=thread or f"t{ago}", **more)


def third(channel: Channel, tessa: Agent) -> list[Case]:
    """Maud has come three times about her SIM card, in three threads, and was answered twice."""
    cases = []
    for number, text in enumerate(SIM):
        cases.append(came(channel, text, ago=(2 - number) * DAY + 5))
        if number < 2:
            answered(tessa, cases[-1], ago=(2 - number) * DAY - 10)
    return [Case.objects.get(pk=case.pk) for case in cases]


def marks(*cases: Case) -> list[int]:
    return [Case.objects.values_list("again", flat=True).get(pk=case.pk) for case in cases]


def test_third_contact_on_a_matter_is_marked_and_says_what_it_rests_on(tessa: Agent, channel: Channel) -> None:
    cases = third(channel, tessa)
    assert marks(*cases) == [0, 0, 3]
    told = Again.objects.get(case=cases[2]).contacts
    assert [one["case"] for one in told] == [case.key for case in cases]
    assert [one["why"] for one in told[:2]] == ["told in the same words"] * 2
    assert fetch_all("SELECT subject, data->>'contacts' FROM kernel_event WHERE kind = 'case.again'") == [
        (cases[2].key, "3")
    ]


def test_it_counts_across_venues_and_inboxes_of_the_brand(inbox: Inbox, tessa: Agent, channel: Channel) -> None:
    other = an_inbox("Elsewhere")
    other.brand = inbox.brand
    other.save()
    mail = a_channel(other, "mail")
    for number, (where, text) in enumerate(zip((channel, mail, channel), SIM, strict=True)):
        last = came(where, text, ago=(2 - number) * DAY + 5)
    assert marks(last) == [3], "nobody has answered, and he came another way each time"


def test_several_messages_in_a_row_are_one_contact(tessa: Agent, channel: Channel) -> None:
    for number, text in enumerate(SIM):
        case = came(channel, text, ago=(2 - number) * DAY + 5, thread="one")
    assert marks(case) == [0]
    answered(tessa, case, ago=4)
    assert marks(came(channel, "And now?", ago=1, thread="one")) == [0], "the same talk, a few minutes later"


def test_case_that_is_opened_again_by_its_customer_counts(tessa: Agent, channel: Channel) -> None:
    case = came(channel, SIM[0], ago=2 * DAY, thread="one")
    for ago in (DAY, 10):
        answered(tessa, case, ago=ago + 60)
        case = came(channel, "It is dead again.", ago=ago, thread="one")
    assert marks(case) == [3]
    answered(tessa, case, ago=5, text="I have changed the card itself.")
    resolve(case_id=case.pk, actor=acts(tessa))
    case = came(channel, "No, it is not.", ago=-0.1, thread="one")
    assert marks(case) == [4], "closed, and he came back at once"


def test_thanks_ask_for_nothing(tessa: Agent, channel: Channel) -> None:
    case = came(channel, SIM[0], ago=2 * DAY, thread="one")
    pleased = make_reading(0.9, sentiment={"label": "positive", "p": {}})
    for ago in (DAY, 10):
        answered(tessa, case, ago=ago + 60)
        case = came(channel, "Wonderful, thank you!", ago=ago, thread="one", reading=pleased)
    assert marks(case) == [0]
    assert not only_thanks("Thanks for nothing. When does it work?")
    assert not only_thanks("Activate my SIM!"), "pleased or not, it asks for something"


def test_other_people_other_matters_other_brands_and_long_ago_do_not_count(
    inbox: Inbox, tessa: Agent, channel: Channel
) -> None:
    came(channel, SIM[0], ago=20 * DAY)
    came(channel, SIM[1], ago=3 * DAY)
    came(channel, "The bill charges roaming twice.", ago=2 * DAY)
    came(channel, SIM[1], ago=DAY, who="bram")
    assert marks(came(channel, SIM[2], ago=5)) == [0]
    inbox.again_days = 30
    inbox.save()
    assert marks(came(channel, "SIM card dead, activate it", ago=2, thread="x")) == [3], "sooner than an hour"
    assert marks(came(channel, "SIM card dead, activate it", ago=-90, thread="y")) == [4]
    inbox.again_days = 0
    inbox.save()
    assert marks(came(channel, "SIM card dead, activate it", ago=-300, thread="z")) == [0]


def test_people_who_were_joined_into_one_are_one(tessa: Agent, channel: Channel) -> None:
    first = came(channel, SIM[0], ago=2 * DAY, who="maud")
    second = came(channel, SIM[1], ago=DAY, who="m.brand")
    Contact.objects.filter(pk=second.contact_id).update(merged_into=first.contact_id)
    assert marks(came(channel, SIM[2], ago=5, who="m.brand")) == [3]


def test_number_of_an_order_tells_the_matter(inbox: Inbox, channel: Channel) -> None:
    inbox.brand.own_numbers = ["PL-#####"]
    inbox.brand.save()
    came(channel, "Where is PL-12345?", ago=2 * DAY)
    came(channel, "Nothing came (pl-12345).", ago=DAY)
    case = came(channel, "Give me my money back for PL-12345", ago=5)
    assert marks(case) == [3]
    assert Again.objects.get(case=case).contacts[0]["why"] == "both name PL-12345"


def test_agent_says_that_it_is_another_matter_and_that_is_kept(tessa: Agent, sven: Agent, channel: Channel) -> None:
    cases = third(channel, tessa)
    set_another_matter(case_id=cases[2].pk, actor=acts(tessa))
    set_another_matter(case_id=cases[2].pk, actor=acts(tessa))
    assert marks(*cases) == [0, 0, 0]
    assert AuditEntry.objects.filter(verb="case.matter_corrected", subject=cases[2].key).count() == 1
    answered(tessa, cases[2], ago=1)
    assert marks(came(channel, "SIM card not active", ago=-DAY)) == [0], "counting began at the corrected one"
    set_same_matter(case_id=cases[2].pk, actor=acts(tessa))
    assert marks(cases[2]) == [4]
    with pytest.raises(NotFound):
        set_another_matter(case_id=cases[2].pk, actor=acts(sven))


def test_merged_case_counts_what_went_over_until_it_is_taken_back(tessa: Agent, channel: Channel) -> None:
    first = came(channel, SIM[0], ago=2 * DAY)
    second = came(channel, "Bill charges roaming.", ago=DAY)
    last = came(channel, "Nobody cares!", ago=5)
    merge(survivor_id=last.pk, absorbed_id=second.pk, actor=acts(tessa))
    row = merge(survivor_id=last.pk, absorbed_id=first.pk, actor=acts(tessa))
    assert marks(last) == [3]
    unmerge(merge_key=row.key, actor=acts(tessa))
    assert marks(last, first) == [0, 0]


def test_saved_reply_alone_does_not_close_it(tessa: Agent, channel: Channel) -> None:
    SavedReply.objects.create(
        key=public_key("saved"),
        title="Restart",
        text="Hello {{first_name}},\n\nswitch it off and on.\n\n{{agent_first}}",
    )
    *_, case = third(channel, tessa)
    answers(tessa, case, "Hello Maud,\n\nswitch it off and on.\n\nTessa")
    with pytest.raises(NeedsPersonalWord, match="word of your own"):
        resolve(case_id=case.pk, actor=acts(tessa))
    answers(tessa, case, "I have looked at your line myself: it is active since noon.", send_anyway=True)
    assert resolve(case_id=case.pk, actor=acts(tessa)).status == Status.RESOLVED


def test_saved_reply_closes_what_is_no_third_contact(tessa: Agent, channel: Channel) -> None:
    SavedReply.objects.create(key=public_key("saved"), title="Restart", text="Switch it off and on.")
    case = came(channel, SIM[0], ago=5)
    answers(tessa, case, "Switch it off and on.")
    assert resolve(case_id=case.pk, actor=acts(tessa)).status == Status.RESOLVED


def test_lists_filter_by_the_mark_and_rows_carry_it(tessa: Agent, channel: Channel) -> None:
    *_, case = third(channel, tessa)
    at = database_now()
    wanted = CaseFilter.parse("again.yes~again.no")
    assert str(wanted) == "again.yes"
    view = FilteredList("view_x", "Again", wanted)
    assert list(cases_in(tessa, view, at=at)) == [case]
    assert {row.key: row.again for row in case_page(tessa, View.ALL, at=at).rows}[case.key] == 3


def test_one_more_query_a_batch_where_nobody_has_come_before(
    channel: Channel, django_assert_max_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as asked:
        said(channel, SIM[0])
    assert sum("again_days" in one["sql"] for one in asked.captured_queries) == 1
    assert not any("tsvector_to_array" in one["sql"] for one in asked.captured_queries)


def test_pure_rules() -> None:
    at = database_now()
    assert contacts([Line(at, 1, 1, theirs=False)], {}) == []
    assert why_same(Said(words=frozenset({"hello", "help", "bill"})), Said(words=frozenset({"hello", "help"}))) == ""
    assert [ordinal(number) for number in (3, 4, 11, 21, 22, 112)] == ["3rd", "4th", "11th", "21st", "22nd", "112th"]
    saved = ["We look at it, {{customer}}.", "{{customer}}"]
    assert is_saved_only("We look at it, Maud!", saved)
    assert not is_saved_only("We look at it, Maud. I call you at noon.", saved)
    assert not is_saved_only("", saved)
    assert not is_saved_only("I call you.", saved)


def test_who_has_more_cases_than_are_looked_at_can_go_on_in_the_oldest(channel: Channel) -> None:
    cases = [came(channel, f"matter {number} of another kind", ago=1_000 - number) for number in range(MOST_CASES + 2)]
    told = matters_of([cases[0].pk])[cases[0].pk]
    assert cases[0].pk in told.keys
    assert len(told.keys) == MOST_CASES
    assert a_case(channel, "and one thing more", ago=1, thread_id="t1000").pk == cases[0].pk
