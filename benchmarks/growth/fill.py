"""A house with as many messages as wanted, made by set-based SQL within minutes.

What is plausible of it: ten inboxes fed by twelve channels, fifty agents in five teams; two years of messages in the
order of their times, eight of ten in cases of about eight messages that lie near each other, the rest in the stream;
people by a power law; words by Zipf's law, 12 to 36 of them a message, every twentieth with a number of its own. One
case of a hundred is not resolved.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

YEARS = 2
CHANNELS = 12
INBOXES = 10
TEAMS = 5
AGENTS = 50
TEXTS = 100_000  # different ones; what is drawn from them has their frequencies
WORDS = 20_000
VENUES = ("webchat", "form", "simulated")
MOODS = "(ARRAY['calm','calm','calm','calm','unhappy','unhappy','pleased','angry'])[1 + mod(m, 8)]"
logger = logging.getLogger(__name__)
PASSWORD = "a sentence is easy to keep"


def fill(messages: int) -> None:
    """Make everything for so many messages."""
    _people()
    _texts(texts_for(messages))
    steps = (_contacts, _cases, _conversations, _messages, _readings, _clocks, _notes, _events, _search, _names)
    with _bulk():
        for step in steps:
            began = time.perf_counter()
            step(messages)
            logger.info("%s: %.1f s", step.__name__.strip("_"), time.perf_counter() - began)
    for table in ("growth_text", "growth_message"):
        _run(f"DROP TABLE {table}")
    connection.cursor().execute("VACUUM ANALYZE")


def texts_for(messages: int) -> int:
    """How many different texts there are."""
    return min(TEXTS, messages // 10)


def word(rank: int) -> str:
    """The word of this rank in the texts."""
    return "z" + str(rank).translate(str.maketrans("0123456789", "abcdefghij"))


def _people() -> None:
    from hark.organisation.actions.channels import connect_channel
    from hark.organisation.actions.people import add_agent, add_inbox, add_team
    from hark.organisation.actions.set_up import set_up
    from hark.organisation.types import NewInbox

    founded = set_up(organisation="Plum", owner_name="Ada", owner_email="ada@plum.example", password=PASSWORD)
    teams = [founded.team, *(add_team(name=f"Team {n}") for n in range(1, TEAMS))]
    inboxes = [founded.inbox] + [
        add_inbox(inbox=NewInbox(name=f"Inbox {n}"), brand=founded.brand, teams=[teams[n % TEAMS]])
        for n in range(1, INBOXES)
    ]
    for n in range(AGENTS):
        add_agent(name=f"Agent {n}", email=f"agent{n}@plum.example", teams=[teams[n % TEAMS]])
    for n in range(CHANNELS):
        connect_channel(
            actor="system", venue=VENUES[n % 3], external_id=f"growth{n}", name=f"Channel {n}",
            inbox=inboxes[n % INBOXES], settings={}, secrets={},
        )  # fmt: skip


def _texts(count: int) -> None:
    """Texts of words drawn by Zipf's law; words are their rank in letters."""
    _run("SELECT setseed(0.5)")
    _run(
        f"""CREATE UNLOGGED TABLE growth_text AS
        SELECT t AS id, string_agg('z' || translate(floor(exp(random() * ln({WORDS})))::int::text, '0123456789',
            'abcdefghij'), ' ') AS text
        FROM generate_series(0, {count} - 1) t, generate_series(1, 12 + mod(t, 25)) w GROUP BY t"""
    )
    _run("ALTER TABLE growth_text ADD words tsvector")
    _run("UPDATE growth_text SET words = to_tsvector('simple', text) || strip(to_tsvector('english', text))")
    _run("ALTER TABLE growth_text ADD PRIMARY KEY (id)")
    _run("ANALYZE growth_text")


def _contacts(messages: int) -> None:
    from hark.contacts.models import Contact, Identity

    source = f"generate_series(1, {messages // 10}) c"
    name = "initcap(translate(mod(c, 5000)::text, '0123456789', 'aeioulnrst')) || ' ' || 'Family' || mod(c, 20000)"
    _insert(
        Contact, source, id="c", key="'contact_' || c", name=name, created_at="now()",
        mood_level="(ARRAY['calm','calm','unhappy','angry'])[1 + mod(c, 4)]",
    )  # fmt: skip
    _insert(
        Identity, source, id="c", network="'square'", key="'u' || c", handle="'@u' || c", name=name, contact_id="c",
        first_seen_at="now()", verified="'observed'",
    )  # fmt: skip


def _cases(messages: int) -> None:
    """The messages' places in cases are drawn first, so that the cases know their newest one."""
    from hark.conversations.models import Case

    cases = messages // 10
    _run(
        f"""CREATE UNLOGGED TABLE growth_message AS
        SELECT m, CASE WHEN mod(m, 5) < 4 THEN greatest(1, {cases} * m / {messages} - (random() ^ 3 * 300)::int) END AS c,
            now() - interval '{YEARS} years' * (1 - m::float8 / {messages}) AS at,
            floor(random() * {texts_for(messages)})::int AS text
        FROM generate_series(1::bigint, {messages}) m"""
    )
    _run("CREATE INDEX ON growth_message (c)")
    _run("ANALYZE growth_message")
    source = f"""(SELECT c, min(at) AS first, max(at) AS last, c > {cases} * 0.99 AS alive FROM growth_message
        WHERE c IS NOT NULL GROUP BY c) g"""
    _insert(
        Case, source, id="c", key="'case_' || c", title="'What case ' || c || ' is about'",
        contact_id=f"1 + floor((hashint8(c)::float8 / 4294967296 + 0.5) ^ 2 * {cases})::int",
        inbox_id=_inbox("c"), assignee_id=f"CASE WHEN alive AND mod(c, 3) = 0 THEN NULL ELSE {_agent('c')} END",
        status="CASE WHEN NOT alive THEN 'resolved' WHEN mod(c, 4) = 0 THEN 'waiting' ELSE 'open' END",
        opened_because="'Private message'", opened_at="first", resolved_at="CASE WHEN NOT alive THEN last END",
        due_at="CASE WHEN alive THEN last + interval '15 minutes' END", last_message_at="last",
        last_inbound_at="last", last_text="'What was said last'", last_kind="'chat'",
    )  # fmt: skip


def _inbox(c: str) -> str:
    """The inbox of the channel of a case: channels feed the inboxes in turn."""
    return f"(SELECT inbox_id FROM organisation_channel WHERE id = {_channel(c)})"


def _channel(c: str) -> str:
    return f"((SELECT min(id) FROM organisation_channel) + mod({c}, {CHANNELS}))"


def _agent(c: str) -> str:
    return f"((SELECT min(id) FROM organisation_agent) + 1 + mod({c}, {AGENTS}))"


def _conversations(messages: int) -> None:
    """One a case, a second one for every fourth, and one for each message of the stream."""
    from hark.conversations.models import Conversation

    cases = messages // 10
    common = {"key": "'conv_' || k", "thread_key": "'t' || k", "subject": "''"}
    for source, k in (
        ("conversations_case c", "id"),
        ("(SELECT * FROM conversations_case WHERE mod(id, 4) = 0) c", f"{cases} + id"),
    ):
        _insert(
            Conversation, f"(SELECT c.*, {k} AS k FROM {source}) c", id="k", channel_id=_channel("c.id"),
            case_id="c.id", contact_id="contact_id", last_inbound_at="last_inbound_at", **common,
        )  # fmt: skip
    _insert(
        Conversation, f"(SELECT m, at, {2 * cases} + m AS k FROM growth_message WHERE c IS NULL) g", id="k",
        channel_id=_channel("m"), contact_id=f"1 + mod(m * 7919, {cases})", last_inbound_at="at", **common,
    )  # fmt: skip


def _messages(messages: int) -> None:
    """Every third message of a case is an answer of ours."""
    from hark.conversations.models import Message

    cases = messages // 10
    ours = "(g.c IS NOT NULL AND mod(m, 3) = 0)"
    conversation = f"""CASE WHEN g.c IS NULL THEN {2 * cases} + m
        WHEN mod(g.c, 4) = 0 AND mod(m, 2) = 0 THEN {cases} + g.c ELSE g.c END"""
    source = "growth_message g JOIN growth_text t ON t.id = g.text LEFT JOIN conversations_case k ON k.id = g.c"
    _insert(
        Message, source, order="m", id="m", key="'msg_' || m", channel_id=_channel("coalesce(g.c, m)"),
        conversation_id=conversation, external_id="'x' || m",
        identity_id=f"CASE WHEN NOT {ours} THEN coalesce(k.contact_id, 1 + mod(m * 7919, {cases})) END",
        agent_id=f"CASE WHEN {ours} THEN {_agent('g.c')} END", native="false",
        direction=f"CASE WHEN {ours} THEN 'out' ELSE 'in' END",
        visibility="CASE WHEN g.c IS NULL THEN 'public' ELSE 'private' END",
        kind="CASE WHEN g.c IS NULL THEN 'post' ELSE 'chat' END",
        text="t.text || CASE WHEN mod(m, 20) = 0 THEN ' order n' || m ELSE '' END", sent_at="at", received_at="at",
    )  # fmt: skip


def _readings(messages: int) -> None:
    from hark.conversations.models import Reading

    data = """jsonb_build_object('sentiment', jsonb_build_object('label', s, 'p', '{}'::jsonb), 'relevance',
        '{"label": "relevant", "p": 0.9}'::jsonb, 'urgency', '{"level": "normal"}'::jsonb,
        'offensive', jsonb_build_object('p', CASE mod(id, 8) WHEN 7 THEN 0.9 ELSE 0.1 END))"""
    feeling = "CASE mod(id, 8) WHEN 4 THEN 'negative' WHEN 5 THEN 'negative' WHEN 6 THEN 'positive' WHEN 7 THEN 'negative' ELSE 'neutral' END"
    source = f"(SELECT id, {feeling} AS s FROM conversations_message WHERE direction = 'in') m"
    _insert(
        Reading, source, order="id", message_id="id", model_version="'growth'", language="'en'", relevance="'relevant'",
        sentiment="s", urgency="'normal'", complaint="0.1", score="0", duplicate_key="'d' || id", data=data,
    )  # fmt: skip


def _clocks(messages: int) -> None:
    from hark.conversations.models import Clock

    _insert(
        Clock, "conversations_case c", case_id="id", conversation_id="id", kind="'first_response'",
        target_seconds="900", started_at="opened_at", due_at="coalesce(due_at, opened_at + interval '15 minutes')",
        stopped_at="resolved_at",
    )  # fmt: skip


def _notes(messages: int) -> None:
    from hark.conversations.models import Note

    source = "(SELECT c.* FROM conversations_case c WHERE mod(id, 5) = 0) c JOIN growth_text t ON t.id = mod(c.id, 100)"
    _insert(
        Note, source, id="c.id", key="'note_' || c.id", case_id="c.id", agent_id=_agent("c.id"), text="text",
        at="last_message_at",
    )  # fmt: skip


def _events(messages: int) -> None:
    """What was done with the cases; what was said is left out, since no list or timeline reads it."""
    for kind, at in (("case.opened", "opened_at"), ("case.assigned", "opened_at"), ("case.resolved", "resolved_at")):
        _run(
            f"""INSERT INTO kernel_event (at, kind, subject, actor, inbox_id, data)
            SELECT {at}, '{kind}', key, 'system', inbox_id, '{{}}' FROM conversations_case WHERE {at} IS NOT NULL"""
        )


def _search(messages: int) -> None:
    """What `hark search rebuild` would write (a test compares the two)."""
    names = "ARRAY(SELECT 'from:' || w FROM unnest(tsvector_to_array(to_tsvector('simple', coalesce(i.name || ' ' || replace(i.handle, '@', ''), a.name)))) w)"
    _run(
        f"""INSERT INTO conversations_messagesearch (message_id, at, words)
        SELECT m.id, m.sent_at,
            CASE WHEN mod(m.id, 20) = 0
                THEN to_tsvector('simple', m.text) || strip(to_tsvector('english', m.text)) ELSE t.words END ||
            array_to_tsvector(array_remove(ARRAY['inbox:' || h.inbox_id, 'venue:' || h.venue,
                CASE WHEN m.direction = 'in' THEN 'mood:' || {MOODS.replace("mod(m,", "mod(m.id,")} ELSE 'by:us' END,
                'by:' || m.agent_id], NULL) || {names})
        FROM conversations_message m JOIN growth_message g ON g.m = m.id JOIN growth_text t ON t.id = g.text
        JOIN organisation_channel h ON h.id = m.channel_id LEFT JOIN contacts_identity i ON i.id = m.identity_id
        LEFT JOIN organisation_agent a ON a.id = m.agent_id ORDER BY m.id"""
    )
    _run(
        """INSERT INTO conversations_notesearch (note_id, at, words)
        SELECT n.id, n.at, to_tsvector('simple', n.text) || array_to_tsvector(ARRAY['inbox:' || c.inbox_id, 'by:us',
            'by:' || n.agent_id]) FROM conversations_note n JOIN conversations_case c ON c.id = n.case_id ORDER BY n.id"""
    )


def _names(messages: int) -> None:
    from hark.kernel.actions import move_reader
    from hark.kernel.queries import newest_position

    _run(
        """INSERT INTO contacts_contactsearch (contact_id, words)
        SELECT id, to_tsvector('simple', name || ' u' || id) FROM contacts_contact"""
    )
    move_reader(name="search", position=newest_position())


def _insert(model: Any, source: str, *, order: str = "", **columns: str) -> None:
    """INSERT … SELECT; columns that are not named get their defaults."""
    names, given, defaults = [], [], []
    for one in model._meta.concrete_fields:
        if one.attname in columns:
            given.append(columns[one.attname])
        elif one.primary_key:
            continue
        else:
            given.append("%s")
            defaults.append(one.get_db_prep_save(one.get_default(), connection))
        names.append(one.column)
    overriding = "OVERRIDING SYSTEM VALUE " if "id" in columns else ""
    last = f" ORDER BY {order}" if order else ""
    table = model._meta.db_table
    statement = f"INSERT INTO {table} ({', '.join(names)}) {overriding}SELECT {', '.join(given)} FROM {source}{last}"
    _run(statement, defaults)
    if "id" in columns:
        _run(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")


@contextmanager
def _bulk() -> Iterator[None]:
    """Without foreign keys' checks, without a limit of time, and indexes made at the end."""
    _run("SET session_replication_role = replica; SET statement_timeout = 0; SET maintenance_work_mem = '1GB'")
    _run("SET synchronous_commit = off")
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
            WHERE NOT indisunique AND indrelid::regclass::text ~
                '^(contacts|conversations)_(contact|identity|case|conversation|message|reading|clock|note|messagesearch|notesearch|contactsearch)$'"""
        )
        indexes = cursor.fetchall()
    for name, _ in indexes:
        _run(f"DROP INDEX {name}")
    yield
    for _, definition in indexes:
        _run(definition)
    _run("RESET session_replication_role; RESET maintenance_work_mem; RESET synchronous_commit")


def _run(statement: str, values: Any = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
