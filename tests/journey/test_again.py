"""From the in-box to the work item: three mails about one thing in three threads, and a senior is asked for."""

import pytest

from hark.conversations.models import Case, Message
from hark.kernel.db import execute
from hark.organisation.actions.people import add_team
from hark.routing.actions import set_senior
from hark.routing.models import WorkItem
from tests.channels.mails import a_mail
from tests.conversations.desk import an_agent
from tests.journey.mail import deliver, mail_channel

pytestmark = pytest.mark.django_db


def test_third_mail_about_one_thing_asks_for_a_senior() -> None:
    channel = mail_channel()
    channel.inbox.teams.add(add_team(name="Care"))
    set_senior(agent=an_agent("Lea", channel.inbox), is_senior=True, actor="test")
    items = []
    for days, text in (
        (2, "My SIM card will not activate."),
        (1, "SIM card still not active!"),
        (0, "Activate my SIM!"),
    ):
        [message] = deliver(channel, a_mail(text, Subject="SIM card", **{"Message-ID": f"<day{days}@mail.example>"}))
        case = message.conversation.case
        assert case
        items.append(WorkItem.objects.get(case=case))
        age(message, days)
    assert ["senior" in item.skills for item in items] == [False, False, True]
    assert [Case.objects.get(pk=item.case_id).again for item in items] == [0, 0, 3]


def age(message: Message, days: int) -> None:
    """So many days ago."""
    execute(
        "UPDATE conversations_message SET sent_at = clock_timestamp() - make_interval(days => %s) WHERE id = %s",
        [days, message.pk],
    )
    execute("UPDATE conversations_case c SET last_message_at = m.sent_at FROM conversations_message m "
            "JOIN conversations_conversation v ON v.id = m.conversation_id WHERE v.case_id = c.id AND m.id = %s",
            [message.pk])  # fmt: skip
