"""The ledger is clean on a clean run, and finds every fault that is planted, of every kind."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner
from django.db import connection, transaction
from django.test import override_settings

from hark.channels.testing.ledger import VenueLedger
from hark.channels.testing.stand_in import StandIn
from hark.conversations.actions.reply import reply
from hark.conversations.models import Case, Conversation, Message
from hark.conversations.types import Author, Visibility
from hark.delivery.jobs import send_due
from hark.journey import ledger
from hark.journey.jobs import react_step
from hark.journey.ledger_command import check as command
from hark.journey.ledger_files import NoLedger
from hark.journey.ledger_findings import Books
from hark.journey.reacting import READER
from hark.kernel.actions import move_reader
from hark.kernel.ids import new_uuid
from hark.kernel.queries import newest_position
from hark.kernel.time import database_now
from hark.organisation.models import Inbox
from hark.organisation.types import Role
from tests.journey.makers import make_agent, make_channel, make_inbox
from tests.journey.venue import arrive, direct, drain

pytestmark = pytest.mark.django_db(transaction=True)  # reactions see only what is committed

THREADS, EACH = 8, 5
MATTERS = (  # each its own: the same words of one person would be one case
    "There is no signal since Monday", "My invoice is wrong again", "Where is the SIM card that I ordered",
    "Roaming was charged although I stayed at home", "The app logs me out all day", "I want another tariff, which one",
    "Your shop in Ghent was closed", "My number was not taken over",
)  # fmt: skip
FAULTS_OF_A_KIND = 34


@dataclass
class World:
    """What happened, as the venue, the pages and the database have it."""

    since: str
    venue: Path
    screen: Path
    random: Random = field(default_factory=lambda: Random(11))

    def check(self) -> Books:
        return ledger.check(since=self.since, stand_ins=[self.venue], screens=[self.screen])


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Conversations with questions, two replies each that were really sent, an edit, a deletion, a native answer."""
    move_reader(name=READER, position=newest_position())
    since = database_now().isoformat()
    with StandIn(tmp_path / "venue.jsonl") as venue, override_settings(HARK_ALLOWED_NETWORKS=[venue.place]):
        inbox = make_inbox()
        Inbox.objects.filter(pk=inbox.pk).update(undo_seconds=0)
        channel = make_channel(inbox, base_url=venue.base_url("acct"))
        for thread in range(THREADS):
            for number in range(EACH):
                call = direct(f"{thread}-{number}", f"t{thread}", f"u{thread % 3}", text=f"{MATTERS[thread]}, {number}")
                ask(venue.ledger, channel.external_id, arrive, channel, call)
        ask(
            venue.ledger,
            channel.external_id,
            arrive,
            channel,
            direct("e", "t1", "u1", type="edit", of="p1-1", text="x"),
        )
        ask(venue.ledger, channel.external_id, arrive, channel, direct("d", "t1", "u1", type="delete", of="p1-2"))
        ask(venue.ledger, channel.external_id, arrive, channel, direct("n", "t2", author={"id": "self"}, text="native"))
        drain()
        agent = make_agent(role=Role.OWNER)
        for words in ("We are on it.", "It is solved."):
            for case in Case.objects.all():
                answer(case, Author(agent.pk, agent.key, agent.name), words)
            while send_due():
                pass
        while react_step():
            pass
        rename(venue.ledger.path, "acct", channel.external_id)
        yield World(since, venue.ledger.path, look(tmp_path / "screen.jsonl"))


def ask(venue: VenueLedger, account: str, store: Callable[..., int], channel: Any, call: dict[str, Any]) -> None:
    """The venue offers a call, and hears 200."""
    key = str(new_uuid())
    about = {"account": account, "delivery": key, "events": [call["id"]]}
    venue.write("offered", **about)
    assert store(channel, call, key=key) == 1
    venue.write("acknowledged", **about)


def answer(case: Case, author: Author, words: str) -> None:
    conversation = Conversation.objects.filter(case=case)[0]
    reply(
        case_id=case.pk, conversation_id=conversation.pk, author=author, text=words, visibility=Visibility.PRIVATE,
        idempotency_key=new_uuid(), seen_message_id=None, send_anyway=True,
    )  # fmt: skip


def rename(path: Path, old: str, new: str) -> None:
    """The stand-in calls its account by the last part of its address; Hark by the account's id."""
    path.write_text(path.read_text().replace(f'"account": "{old}"', f'"account": "{new}"'))


def look(path: Path) -> Path:
    """A page looks at every case."""
    with path.open("w") as file:
        for case in Case.objects.all():
            there = Message.objects.filter(conversation__case=case).order_by("sent_at", "id")
            keys = list(there.values_list("key", flat=True))
            file.write(json.dumps({"case": case.key, "at": database_now().isoformat(), "messages": keys}) + "\n")
    return path


def run(sql: str, *parameters: object) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


def some(world: World, sql: str) -> Any:
    """One of what there is."""
    return world.random.choice(run(sql))[0]


MESSAGE = "SELECT id FROM conversations_message WHERE direction = 'in'"
REPLY = "SELECT id FROM conversations_message WHERE outbox_item_id IS NOT NULL"
SENT = "SELECT id FROM delivery_outboxitem WHERE state = 'sent'"
ARRIVAL = "SELECT a.id FROM intake_arrival a JOIN conversations_message m ON m.arrival_id = a.id"


def copy_of(table: str, number: int, changes: dict[str, str]) -> None:
    """Double a row, with other values in some columns."""
    columns = [
        name
        for (name,) in run(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND column_name <> 'id'", table
        )
    ]
    values = ", ".join(changes.get(name, name) for name in columns)
    run(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table} WHERE id = %s", number)  # noqa: S608


def free(table: str, constraint: str) -> None:
    """A constraint that would not let the fault in."""
    run(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def write(path: Path, changed: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(line) + "\n" for line in changed))


# Lost
def message_deleted(world: World) -> None:
    run("DELETE FROM conversations_message WHERE id = %s", some(world, MESSAGE))


def message_and_arrival_deleted(world: World) -> None:
    number = some(world, MESSAGE)
    run("DELETE FROM intake_arrival WHERE id = (SELECT arrival_id FROM conversations_message WHERE id = %s)", number)
    run("DELETE FROM conversations_message WHERE id = %s", number)


def arrival_deleted_with_all_its_traces(world: World) -> None:
    number = some(world, MESSAGE)
    [(key, arrival)] = run("SELECT key, arrival_id FROM conversations_message WHERE id = %s", number)
    run("DELETE FROM kernel_event WHERE data ->> 'message' = %s", key)
    run("DELETE FROM intake_arrival WHERE id = %s", arrival)
    run("DELETE FROM conversations_message WHERE id = %s", number)


def reply_deleted(world: World) -> None:
    run("DELETE FROM conversations_message WHERE id = %s", some(world, REPLY))


def sending_never_received(world: World) -> None:
    received = [number for number, line in enumerate(lines(world.venue)) if line["what"] == "received"]
    gone = world.random.choice(received)
    write(world.venue, [line for number, line in enumerate(lines(world.venue)) if number != gone])


# Twice
def message_doubled(world: World) -> None:
    changes = {"key": "key || '2'", "external_id": "external_id || '2'"}
    copy_of("conversations_message", some(world, MESSAGE), changes)


def message_doubled_under_its_id(world: World) -> None:
    free("conversations_message", "message_channel_external_id")
    copy_of("conversations_message", some(world, MESSAGE), {"key": "key || '2'"})


def arrival_doubled(world: World) -> None:
    free("intake_arrival", "arrival_channel_dedupe_key")
    copy_of("intake_arrival", some(world, ARRIVAL), {"key": "NULL"})


def sending_doubled(world: World) -> None:
    received = [line for line in lines(world.venue) if line["what"] == "received"]
    twice = {**world.random.choice(received), "id": "sim-other", "repeat": False}
    write(world.venue, [*lines(world.venue), twice])


def reply_became_the_same_post_as_another(world: World) -> None:
    one, other = world.random.sample([number for (number,) in run(SENT)], 2)
    run(
        "UPDATE delivery_outboxitem SET external_ids = (SELECT external_ids FROM delivery_outboxitem WHERE id = %s) "
        "WHERE id = %s",
        one,
        other,
    )


def shown_twice(world: World) -> None:
    looks = lines(world.screen)
    one = world.random.choice(looks)
    one["messages"].append(world.random.choice(one["messages"]))
    write(world.screen, looks)


# Unseen
def not_shown(world: World) -> None:
    looks = lines(world.screen)
    one = world.random.choice(looks)
    one["messages"].remove(world.random.choice(one["messages"]))
    write(world.screen, looks)


# Order
def times_swapped(world: World) -> None:
    thread = some(world, "SELECT DISTINCT conversation_id FROM conversations_message")
    inbound = "SELECT id, sent_at FROM conversations_message WHERE conversation_id = %s AND direction = 'in'"
    (one, first), (two, second) = world.random.sample(run(inbound, thread), 2)
    run("UPDATE conversations_message SET sent_at = %s WHERE id = %s", second, one)
    run("UPDATE conversations_message SET sent_at = %s WHERE id = %s", first, two)


def sendings_swapped(world: World) -> None:
    thread = some(world, "SELECT thread FROM delivery_outboxitem GROUP BY thread HAVING count(*) > 1")
    (one, first), (two, second) = run(
        "SELECT id, sent_at FROM delivery_outboxitem WHERE thread = %s ORDER BY id", thread
    )
    run("UPDATE delivery_outboxitem SET sent_at = %s WHERE id = %s", second, one)
    run("UPDATE delivery_outboxitem SET sent_at = %s WHERE id = %s", first, two)


def received_the_wrong_way_round(world: World) -> None:
    there = lines(world.venue)
    received = [number for number, line in enumerate(there) if line["what"] == "received"]
    thread = there[world.random.choice(received)]["thread"]
    one, two = [number for number in received if there[number]["thread"] == thread]
    there[one], there[two] = there[two], there[one]
    write(world.venue, there)


def shown_out_of_order(world: World) -> None:
    looks = lines(world.screen)
    keys = world.random.choice(looks)["messages"]
    place = world.random.randrange(len(keys) - 1)
    keys[place], keys[place + 1] = keys[place + 1], keys[place]
    write(world.screen, looks)


def line_of_the_case_is_old(world: World) -> None:
    number = some(world, "SELECT id FROM conversations_case")
    run("UPDATE conversations_case SET last_message_at = last_message_at - interval '1 minute' WHERE id = %s", number)


# Orphan
def arrival_deleted(world: World) -> None:
    run("DELETE FROM intake_arrival WHERE id = %s", some(world, ARRIVAL))


def sending_deleted(world: World) -> None:
    run("DELETE FROM delivery_outboxitem WHERE id = %s", some(world, SENT))


def sending_nobody_wrote(world: World) -> None:
    copy_of(
        "delivery_outboxitem",
        some(world, SENT),
        {"idempotency_key": "gen_random_uuid()", "external_ids": "'[]'", "state": "'queued'"},
    )


def conversation_deleted(world: World) -> None:
    run(
        "DELETE FROM conversations_conversation WHERE id = %s", some(world, "SELECT id FROM conversations_conversation")
    )


def case_deleted(world: World) -> None:
    run("DELETE FROM conversations_case WHERE id = %s", some(world, "SELECT id FROM conversations_case"))


def contact_deleted(world: World) -> None:
    run("DELETE FROM contacts_contact WHERE id = %s", some(world, "SELECT contact_id FROM contacts_identity"))


def message_from_nowhere(world: World) -> None:
    run(
        "DELETE FROM kernel_event WHERE data ->> 'message' = (SELECT key FROM conversations_message WHERE id = %s)",
        some(world, MESSAGE),
    )


def reply_from_nowhere_received(world: World) -> None:
    write(
        world.venue,
        [
            *lines(world.venue),
            {
                "what": "received",
                "account": lines(world.venue)[0]["account"],
                "client_ref": str(new_uuid()),
                "thread": "t1",
            },
        ],
    )


def outcome_forgotten(world: World) -> None:
    run("UPDATE intake_arrival SET outcome = '' WHERE id = %s", some(world, ARRIVAL))


# Stuck
def reader_gone(world: World) -> None:
    run(
        "UPDATE intake_arrival SET state = 'received', lease_until = now() - interval '2 minutes' WHERE id = %s",
        some(world, "SELECT id FROM intake_arrival"),
    )


def never_taken(world: World) -> None:
    run(
        "UPDATE intake_arrival SET state = 'received', received_at = now() - interval '20 minutes' WHERE id = %s",
        some(world, "SELECT id FROM intake_arrival"),
    )
    world.since = "-infinity"


def sender_gone(world: World) -> None:
    run(
        "UPDATE delivery_outboxitem SET state = 'sending', lease_until = now() - interval '3 minutes' WHERE id = %s",
        some(world, SENT),
    )


def never_sent(world: World) -> None:
    run(
        "UPDATE delivery_outboxitem SET state = 'queued', not_before = now() - interval '20 minutes' WHERE id = %s",
        some(world, SENT),
    )


def clock_runs_on(world: World) -> None:
    number = some(world, "SELECT case_id FROM conversations_clock")
    run("UPDATE conversations_case SET status = 'resolved' WHERE id = %s", number)
    run("UPDATE conversations_clock SET stopped_at = NULL WHERE case_id = %s", number)


def due_time_forgotten(world: World) -> None:
    run("UPDATE conversations_case SET due_at = now() WHERE id = %s", some(world, "SELECT id FROM conversations_case"))


PLANTS: dict[str, tuple[Callable[[World], None], ...]] = {
    "lost": (
        message_deleted,
        message_and_arrival_deleted,
        arrival_deleted_with_all_its_traces,
        reply_deleted,
        sending_never_received,
    ),
    "twice": (
        message_doubled,
        message_doubled_under_its_id,
        arrival_doubled,
        sending_doubled,
        reply_became_the_same_post_as_another,
        shown_twice,
    ),
    "unseen": (not_shown,),
    "order": (
        times_swapped,
        sendings_swapped,
        received_the_wrong_way_round,
        shown_out_of_order,
        line_of_the_case_is_old,
    ),
    "orphan": (
        arrival_deleted,
        sending_deleted,
        sending_nobody_wrote,
        conversation_deleted,
        case_deleted,
        contact_deleted,
        message_from_nowhere,
        reply_from_nowhere_received,
        outcome_forgotten,
    ),
    "stuck": (reader_gone, never_taken, sender_gone, never_sent, clock_runs_on, due_time_forgotten),
}


def test_clean_run_has_no_finding_and_says_what_became_of_everything(world: World) -> None:
    books = world.check()
    assert books.findings == []
    assert books.counts["arrivals"] == {"message": THREADS * EACH, "edit": 1, "delete": 1, "native": 1}
    assert books.counts["replies"] == {"sent": 2 * THREADS}
    assert books.counts["messages"] == {"in": THREADS * EACH, "out": 2 * THREADS, "answered at the venue": 1}
    assert books.counts["acknowledged by venues"] == {"calls": THREADS * EACH + 3}


@pytest.mark.timeout(300)
def test_every_planted_fault_is_found_and_named_by_its_kind(world: World) -> None:
    venue, screen, since = world.venue.read_text(), world.screen.read_text(), world.since
    missed, planted = [], 0
    for kind, plants in PLANTS.items():
        for number in range(FAULTS_OF_A_KIND):
            plant = plants[number % len(plants)]
            with transaction.atomic():
                run("SET LOCAL session_replication_role = replica")  # no constraint, no trigger holds the fault back
                plant(world)
                found = world.check().findings
                transaction.set_rollback(True)
            planted += 1
            if kind not in {finding.kind for finding in found}:
                missed.append((kind, plant.__name__, found))
            world.venue.write_text(venue)
            world.screen.write_text(screen)
            world.since = since
    assert missed == []
    assert planted >= 200
    assert world.check().findings == []


def test_command_prints_counts_and_leaves_with_1_on_a_finding(world: World) -> None:
    arguments = ["--since", world.since, "--stand-in", str(world.venue), "--screen", str(world.screen)]
    clean = CliRunner().invoke(command, arguments)
    assert clean.exit_code == 0
    assert "Nothing is lost, doubled" in clean.output
    with transaction.atomic():
        run("SET LOCAL session_replication_role = replica")
        message_deleted(world)
        dirty = CliRunner().invoke(command, [*arguments, "--json"])
        transaction.set_rollback(True)
    assert dirty.exit_code == 1
    said = json.loads(dirty.output)
    assert said["clean"] is False
    assert {"lost", "unseen"} & {finding["kind"] for finding in said["findings"]}


def test_what_still_waits_is_a_finding_only_where_everything_must_be_settled(world: World) -> None:
    arrive(make_channel(), direct("late"))
    assert world.check().findings == []
    found = ledger.check(since=world.since, settled=True).findings
    assert [(one.kind, one.what) for one in found] == [("stuck", "an arrival still waits")]


def test_findings_beyond_the_first_hundred_are_counted() -> None:
    books = Books()
    books.add("lost", "x", list(range(150)))
    assert (len(books.findings), books.more) == (100, 50)
    assert "… and 50 more." in list(ledger.sentences(books))


@pytest.mark.parametrize("text", ["not json", "[1]", '{"what": "received"'])
def test_file_that_is_no_ledger_is_named_with_its_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "venue.jsonl"
    path.write_text('{"what": "offered"}\n' + text + "\n")
    with pytest.raises(NoLedger, match=r"venue\.jsonl, line 2"):
        ledger.check(stand_ins=[path])


@pytest.mark.parametrize("since", ["yesterday", "2026-10-01T12:00:00"])
def test_time_that_is_none_is_refused(since: str) -> None:
    said = CliRunner().invoke(command, ["--since", since])
    assert said.exit_code != 0
    assert type(said.exception).__name__ == "NotATime"
