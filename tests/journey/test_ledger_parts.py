"""The ledger takes a long reply for one reply, and finds what is wrong with its parts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.test import override_settings

from hark.channels.testing.ledger import read_ledger
from hark.channels.testing.stand_in import Fault, StandIn
from hark.conversations.models import Case, Message
from hark.conversations.types import Author
from hark.delivery.jobs import send_due
from hark.delivery.models import OutboxItem
from hark.journey.jobs import react_step
from hark.journey.reacting import READER
from hark.kernel.actions import move_reader
from hark.kernel.queries import newest_position
from hark.kernel.time import database_now
from hark.organisation.models import Inbox
from hark.organisation.types import Role
from tests.journey.makers import make_agent, make_channel, make_inbox
from tests.journey.test_ledger import World, answer, ask, look, rename
from tests.journey.venue import arrive, direct, drain

pytestmark = pytest.mark.django_db(transaction=True)  # reactions see only what is committed
LONG = "We are very sorry. Your line is repaired today. It works again at noon. Tell us when it does not."


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A long reply that was really sent as several posts; of one the venue said nothing at first."""
    move_reader(name=READER, position=newest_position())
    since = database_now().isoformat()
    with StandIn(tmp_path / "venue.jsonl") as venue, override_settings(HARK_ALLOWED_NETWORKS=[venue.place]):
        inbox = make_inbox()
        Inbox.objects.filter(pk=inbox.pk).update(undo_seconds=0)
        channel = make_channel(inbox, base_url=venue.base_url("acct"), max_length=32, unit="weighted", max_parts=5)
        ask(venue.ledger, channel.external_id, arrive, channel, direct(1))
        drain()
        agent = make_agent(role=Role.OWNER)
        answer(Case.objects.get(), Author(agent.pk, agent.key, agent.name), LONG)
        assert send_due()
        venue.fail_next(Fault("drop_reply"))  # taken, and nothing said: the same key is sent again
        assert send_due()
        for _ in range(8):
            OutboxItem.objects.filter(state="queued").update(not_before=database_now())
            send_due()
        while react_step():
            pass
        rename(venue.ledger.path, "acct", channel.external_id)
        yield World(since, venue.ledger.path, look(tmp_path / "screen.jsonl"))


def test_a_long_reply_that_was_sent_balances(world: World) -> None:
    texts = [line["text"] for line in read_ledger(world.venue, "received") if not line["repeat"]]
    rows = OutboxItem.objects.order_by("part")
    assert [row.payload["text"] for row in rows] == texts
    assert len(texts) > 2
    chain = [line["parent"] for line in read_ledger(world.venue, "received") if not line["repeat"]]
    assert chain[1:] == [row.external_ids[0] for row in rows][:-1]
    message = Message.objects.get(direction="out")
    assert (message.text, message.external_id) == (LONG, rows[0].external_ids[0])
    assert world.check().findings == []


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("DELETE FROM delivery_outboxitem WHERE part = 2", "orphan"),
        ("UPDATE delivery_outboxitem SET sent_at = sent_at - interval '1 hour' WHERE part = 2", "order"),
        ("UPDATE delivery_outboxitem SET state = 'queued' WHERE part = 1", "order"),
    ],
)
def test_what_is_wrong_with_a_part_is_found(world: World, sql: str, kind: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
    assert kind in {finding.kind for finding in world.check().findings}
