"""Lists, timeline and stream: in order, page by page, at a cost that does not grow with the rows."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from hark.contacts.models import Contact
from hark.conversations.actions.cases import assign, resolve, set_waiting
from hark.conversations.actions.corrections import correct
from hark.conversations.actions.drafts import keep_draft
from hark.conversations.actions.following import follow
from hark.conversations.actions.notes import add_note
from hark.conversations.actions.reply import take_back
from hark.conversations.actions.snoozing import snooze
from hark.conversations.actions.staging_cases import SAME_WORDS
from hark.conversations.actions.thread import thread
from hark.conversations.models import Case, Clock, Message, MessageVersion
from hark.conversations.queries.cases import View, case_counts, case_page, clock_face, clock_faces
from hark.conversations.queries.keyset import Place
from hark.conversations.queries.messages import MessageShown
from hark.conversations.queries.stream import Label, stream_counts, stream_page
from hark.conversations.queries.timeline import DoneShown, Entry, NoteShown, timeline
from hark.conversations.queries.writing import ways_to_answer
from hark.conversations.types import Status, Visibility
from hark.kernel.db import execute, fetch_all
from hark.kernel.ids import new_uuid
from hark.kernel.time import database_now
from hark.organisation.models import Agent, Channel
from tests.conftest import is_superuser
from tests.conversations.desk import a_case, a_post, acts, answers, said
from tests.delivery.makers import a_channel
from tests.journey.makers import make_reading

pytestmark = pytest.mark.django_db


def all_pages(agent: Agent, view: View, limit: int = 3) -> list[str]:
    at, after, keys = database_now(), "", []
    while True:
        page = case_page(agent, view, at=at, after=after, limit=limit)
        keys += [row.key for row in page.rows]
        after = page.next_place
        if not after:
            return keys


def test_views_hold_what_they_say(tessa: Agent, ruben: Agent, channel: Channel) -> None:
    cases = {
        name: a_case(channel, who=name, ago=1) for name in ("mine", "his", "nobodys", "waits", "done", "late", "rests")
    }
    Clock.objects.filter(case=cases["late"]).update(due_at=database_now() + timedelta(minutes=5))
    Case.objects.filter(pk=cases["late"].pk).update(due_at=database_now() + timedelta(minutes=5))
    assign(case_id=cases["mine"].pk, agent_id=tessa.pk, actor=acts(tessa))
    for name in ("his", "waits", "done", "late"):
        assign(case_id=cases[name].pk, agent_id=ruben.pk, actor=acts(tessa))
    set_waiting(case_id=cases["waits"].pk, actor=acts(tessa))
    resolve(case_id=cases["done"].pk, actor=acts(tessa))
    snooze(case_id=cases["rests"].pk, until=database_now() + timedelta(hours=1), actor=acts(tessa))
    follow(case_id=cases["his"].pk, author=acts(tessa))
    keys = {case.key: name for name, case in cases.items()}
    found = {view: {keys[key] for key in all_pages(tessa, view)} for view in View}
    assert found == {
        View.MINE: {"mine"},
        View.UNASSIGNED: {"nobodys"},
        View.AT_RISK: {"late"},
        View.WAITING: {"waits"},
        View.SNOOZED: {"rests"},
        View.FOLLOWED: {"his"},
        View.RESOLVED: {"done"},
        View.ALL: {"mine", "his", "nobodys", "waits", "late", "rests"},
    }
    assert case_counts(tessa, at=database_now()) == {view: len(names) for view, names in found.items()}


def test_soonest_clock_stands_first_and_pages_neither_skip_nor_repeat(tessa: Agent, channel: Channel) -> None:
    cases = [a_case(channel, who=f"w{n}", ago=n) for n in range(8)]
    Case.objects.filter(pk__in=[cases[2].pk, cases[5].pk]).update(due_at=None)
    same = Case.objects.get(pk=cases[6].pk).due_at
    Case.objects.filter(pk=cases[7].pk).update(due_at=same)
    order = [case.key for case in Case.objects.exclude(due_at=None).order_by("due_at", "id")]
    order += [case.key for case in Case.objects.filter(due_at=None).order_by("id")]
    assert all_pages(tessa, View.ALL) == all_pages(tessa, View.ALL, limit=50) == order
    Case.objects.update(due_at=same)
    assert all_pages(tessa, View.ALL) == [case.key for case in cases]
    for case in cases:
        resolve(case_id=case.pk, actor=acts(tessa))
    assert all_pages(tessa, View.RESOLVED) == [case.key for case in reversed(cases)]


def test_row_says_who_what_why_and_how_it_stands(tessa: Agent, channel: Channel) -> None:
    case = a_case(channel, "Where is my SIM?", kind="review", ago=5)
    Contact.objects.update(mood_level="angry")
    keep_draft(case_id=case.pk, kind="reply", text="Dear", author=acts(tessa))
    [row] = case_page(tessa, View.ALL, at=database_now()).rows
    assert (row.who, row.text, row.icon, row.venue, row.mood) == (
        "Maud",
        "Where is my SIM?",
        "review",
        "shelf",
        "angry",
    )
    assert (row.why, row.has_draft, row.ours_is_last, row.inbox) == ("Private message", True, False, "Care")
    assert (row.clock.state, row.clock.kind) == ("running", "first_response")
    assert 598 <= row.clock.seconds <= 600
    answers(tessa, case, "It left yesterday.")
    [row] = case_page(tessa, View.MINE, at=database_now()).rows
    assert (row.why, row.ours_is_last, row.assignee, row.has_draft) == (
        "waiting for the customer",
        True,
        "Tessa",
        False,
    )


def test_contact_without_a_name_is_called_by_handle(tessa: Agent, channel: Channel) -> None:
    a_case(channel)
    Contact.objects.update(name="")
    assert [row.who for row in case_page(tessa, View.ALL, at=database_now()).rows] == ["@maud"]


@pytest.mark.parametrize(
    ("due_in", "stopped_in", "expected"),
    [
        (10, None, ("running", 600, False)),
        (-6, None, ("breached", 360, False)),
        (10, 1, ("met", 660, True)),
        (-6, 1, ("breached", 420, True)),
    ],
)
def test_clock_says_its_state(due_in: int, stopped_in: int | None, expected: tuple[str, int, bool]) -> None:
    at = database_now()
    clock = Clock(
        kind="first_response",
        started_at=at - timedelta(minutes=10),
        target_seconds=1200,
        due_at=at + timedelta(minutes=due_in),
        stopped_at=None if stopped_in is None else at + timedelta(minutes=stopped_in),
    )
    face = clock_face(clock, at)
    assert (face.state, face.seconds, face.stopped) == expected
    assert 0 < face.spent <= 1
    assert clock_face(None, at).state == "none"


def test_head_tells_the_newest_clock_of_each_kind(tessa: Agent, channel: Channel) -> None:
    case = a_case(channel)
    at = database_now()
    Clock.objects.update(stopped_at=at)
    Clock.objects.create(
        case=case, conversation=Clock.objects.get().conversation, kind="next_response", target_seconds=60,
        started_at=at, due_at=at + timedelta(seconds=60),
    )  # fmt: skip
    assert [(face.kind, face.state) for face in clock_faces(case, at=at)] == [
        ("first_response", "met"),
        ("next_response", "running"),
    ]


def entries(agent: Agent, case: Case, **more: Any) -> list[Entry]:
    return list(timeline(agent, case, at=database_now(), **more).entries)


def line(entry: Entry) -> str:
    match entry.body:
        case MessageShown(text=text, who=who):
            return f"{who}: {text}"
        case NoteShown(text=text, who=who):
            return f"{who} notes: {text}"
        case DoneShown(who=who, words=words):
            return f"{who} {words}"


def test_timeline_joins_all_venues_notes_and_acts_by_time(tessa: Agent, channel: Channel) -> None:
    case = a_case(channel, "By mail", ago=30)
    elsewhere = a_channel(channel.inbox, "square")
    said(elsewhere, "In public", ago=20, visibility=Visibility.PUBLIC, case_reason="", thread_id="p1")
    add_note(case_id=case.pk, text="Refund is made.", author=acts(tessa), idempotency_key=new_uuid())
    answers(tessa, case, "It is on its way.")
    resolve(case_id=case.pk, actor=acts(tessa))
    told = [line(entry) for entry in entries(tessa, case)]
    assert told == [
        "Maud: By mail",
        "Maud: In public",
        "Hark opened the case",
        "Tessa notes: Refund is made.",
        "Tessa: It is on its way.",
        "Tessa set the case to waiting",
        "Tessa took the case",
        "Tessa resolved the case",
    ]
    pages, before = [], ""
    while True:
        page = timeline(tessa, case, at=database_now(), before=before, limit=3)
        pages = [line(entry) for entry in page.entries] + pages
        before = page.older
        if not before:
            break
    assert pages == told


def test_timeline_keeps_its_pages_where_many_stand_at_one_instant(tessa: Agent, channel: Channel) -> None:
    case = a_case(channel, "m0")
    for number in range(1, 7):
        said(channel, f"m{number}")
    Message.objects.update(sent_at=database_now() - timedelta(minutes=1))
    seen, before = [], ""
    while True:
        page = timeline(tessa, case, at=database_now(), before=before, limit=2)
        seen += [entry.body.text for entry in reversed(page.entries) if isinstance(entry.body, MessageShown)]
        before = page.older
        if not before:
            break
    assert seen == [f"m{number}" for number in reversed(range(7))]


def messages_in(agent: Agent, case: Case) -> list[MessageShown]:
    return [entry.body for entry in entries(agent, case) if isinstance(entry.body, MessageShown)]


def test_message_is_shown_with_reading_duplicates_versions_and_delivery(tessa: Agent, channel: Channel) -> None:
    reading = make_reading(
        duplicate_key="same",
        sentiment={"label": "negative", "p": {"negative": 0.9, "neutral": 0.1, "positive": 0.0}},
        flags={"leave": True, "legal": False},
        reasons=[{"field": "sentiment", "why": "“never”", "span": [3, 8]}],
    )
    case = a_case(channel, "It never works", reading=reading, ago=30)
    for number in range(3):
        square = a_channel(channel.inbox, f"square{number}")
        said(square, "It never works!", reading=reading, who=f"copy{number}", case_reason="", visibility="public")
    first = Message.objects.earliest("id")
    MessageVersion.objects.create(message=first, text="It newer works", replaced_at=database_now())
    answers(tessa, case, "Sorry!")
    theirs, ours = messages_in(tessa, case)
    assert theirs.reading is not None
    assert (theirs.reading.sentiment, theirs.reading.flags) == ("negative", ("leave",))
    assert [(why.field, why.start, why.end) for why in theirs.reading.reasons] == [("sentiment", 3, 8)]
    assert sorted(posted.channel for posted in theirs.also_posted) == ["@square0", "@square1", "@square2"]
    assert [text for _, text, _ in theirs.versions] == ["It newer works"]
    assert (theirs.delivery, theirs.late) == (None, False)
    assert ours.delivery is not None
    assert (ours.mine, ours.delivery.state, ours.delivery.acts) == (True, "queued", ("take_back",))
    take_back(message_id=ours.id, author=acts(tessa))
    assert [message.text for message in messages_in(tessa, case)] == ["It never works"]


def test_late_message_says_so(tessa: Agent, channel: Channel) -> None:
    case = a_case(channel, received_at=database_now(), ago=45)
    assert [message.late for message in messages_in(tessa, case)] == [True]


def test_correction_acts_at_once_and_changes_no_reading(tessa: Agent, ruben: Agent, channel: Channel) -> None:
    case = a_case(channel)
    message = Message.objects.get()
    before = message.readings.values().get()
    correct(message_id=message.pk, field="urgency", value="high", author=acts(tessa))
    correct(message_id=message.pk, field="urgency", value="high", author=acts(tessa))
    correct(message_id=message.pk, field="complaint", value="true", author=acts(ruben))
    correct(message_id=message.pk, field="flags.legal", value="true", author=acts(ruben))
    correct(message_id=message.pk, field="sentiment", value="", author=acts(ruben))
    [shown] = messages_in(tessa, case)
    assert shown.reading is not None
    assert (shown.reading.urgency, shown.reading.complaint, shown.reading.flags) == ("high", True, ("legal",))
    assert (shown.reading.sentiment, shown.reading.by) == ("", "Ruben")
    assert message.readings.values().get() == before
    rows = list(message.corrections.order_by("id").values_list("field", "old_value", "old_p", "new_value"))
    assert rows[:2] == [("urgency", "normal", None, "high"), ("complaint", "false", 0.2, "true")]
    assert len(rows) == 4


def test_stream_is_sorted_by_label_and_a_correction_moves_a_message(tessa: Agent, channel: Channel) -> None:
    for number, (label, p) in enumerate(
        [("relevant", 0.9), ("irrelevant", 0.05), ("unsure", 0.5), ("irrelevant", 0.1)]
    ):
        why = [{"field": "relevance", "why": f"because {number}"}, {"field": "sentiment", "why": "else"}]
        reading = make_reading(relevance={"label": label, "p": p}, reasons=why)
        said(channel, f"plum {number}", who=f"w{number}", case_reason="", visibility="public", reading=reading)
    a_case(channel, "A case is not in the stream")
    texts = {label: [row.text for row in stream_page(tessa, label).rows] for label in Label}
    assert texts == {
        Label.ALL: ["plum 3", "plum 2", "plum 1", "plum 0"],
        Label.RELEVANT: ["plum 0"],
        Label.UNSURE: ["plum 2"],
        Label.CARE: [],
        Label.RIVAL: [],
        Label.PRAISE: [],
        Label.NOISE: ["plum 3", "plum 1"],
        Label.SPAM: [],
    }
    assert stream_counts(tessa) == {
        Label.ALL: 4,
        Label.RELEVANT: 1,
        Label.UNSURE: 1,
        Label.CARE: 0,
        Label.RIVAL: 0,
        Label.PRAISE: 0,
        Label.NOISE: 2,
        Label.SPAM: 0,
    }
    unsure = stream_page(tessa, Label.UNSURE).rows[0]
    assert (unsure.p, unsure.why) == (0.5, ("because 2",))
    correct(message_id=unsure.id, field="relevance", value="relevant", author=acts(tessa))
    assert stream_counts(tessa)[Label.UNSURE] == 0
    assert [row.text for row in stream_page(tessa, Label.RELEVANT).rows] == ["plum 2", "plum 0"]


def test_stream_goes_on_page_by_page(tessa: Agent, channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(7):
        said(channel, str(number), who=f"w{number}", case_reason="", visibility="public")
    first = stream_page(tessa, Label.ALL, limit=4)
    second = stream_page(tessa, Label.ALL, after=first.next_place, limit=4)
    assert [row.text for row in (*first.rows, *second.rows)] == list("6543210")
    assert second.next_place == ""
    monkeypatch.setattr("hark.conversations.queries.stream.LOOKED_AT", 3)
    short = stream_page(tessa, Label.NOISE, limit=4)
    assert short.rows == ()
    assert short.next_place, "there may be more behind what was looked at"
    assert stream_counts(tessa)[Label.ALL] == 3


def grow(channel: Channel, rows: int) -> None:
    """So many more cases and messages of the stream, each with a reading, and one long talk of Maud's."""
    reading = make_reading(duplicate_key="same", relevance={"label": "unsure", "p": 0.5})
    posts = []
    for number in range(rows):
        posts.append(a_post(channel, f"{number}", who=f"g{rows}-{number}", reading=reading))
        posts.append(a_post(channel, f"{number}", who=f"s{rows}-{number}", case_reason="", reading=reading))
        posts.append(a_post(channel, f"again {number}", reading=reading, ago=4))
    thread(posts)


def test_cost_does_not_grow_with_the_rows(
    tessa: Agent, channel: Channel, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    case, at = a_case(channel), database_now()
    answers(tessa, case)
    add_note(case_id=case.pk, text="n", author=acts(tessa), idempotency_key=new_uuid())
    for rows in (10, 200):
        grow(channel, rows)
        with django_assert_num_queries(5):
            assert len(case_page(tessa, View.ALL, at=at, limit=rows).rows) == rows
        with django_assert_num_queries(1):
            case_counts(tessa, at=at)
        with django_assert_num_queries(14):
            assert len(timeline(tessa, case, at=at, limit=rows).entries) == rows
        with django_assert_num_queries(5):
            assert len(stream_page(tessa, Label.UNSURE, limit=rows - 1).rows) == rows - 1
        with django_assert_num_queries(7):
            stream_counts(tessa)
        with django_assert_num_queries(3):
            ways_to_answer(tessa, case)


def test_cases_with_the_same_words_are_found_from_the_words_outwards(tessa: Agent, channel: Channel) -> None:
    """Also where the planner takes every table for empty, no row is looked at once for each row of another table."""
    if not is_superuser():
        pytest.skip("only a superuser may tell the planner what to believe")
    execute("UPDATE pg_class SET reltuples = 0, relpages = 8 WHERE relname ~ '^(conversations|contacts)_[a-z]+$'")
    grow(channel, 80)
    wanted = fetch_all("SELECT contact_id, inbox_id, 'same' FROM conversations_case")
    plan = fetch_all(
        f"EXPLAIN (ANALYZE, FORMAT JSON) {SAME_WORDS}", [list(column) for column in zip(*wanted, strict=True)]
    )
    assert rows_looked_at(plan[0][0][0]["Plan"]) <= 100 * len(wanted) ** 2


def rows_looked_at(node: dict[str, Any]) -> float:
    """All rows that a part of a plan took or threw away, each time that it ran, with those of the parts below it."""
    each = sum(node.get(name, 0) for name in ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Join Filter"))
    below: float = sum(rows_looked_at(part) for part in node.get("Plans", ()))
    return each * node["Actual Loops"] + below


@pytest.mark.parametrize(
    "text", ["", "x", "1.2", "1.2.x", "1.2.3.4", "٣.0.1", f"{'9' * 30}.0.1", "-1.0.1", "1.0." + "9" * 30]
)
def test_place_that_is_none_begins_at_the_beginning(text: str) -> None:
    assert Place.parse(text) is None


def test_place_is_read_as_it_was_written() -> None:
    for place in (Place(database_now(), 2, 7), Place(None, 0, 9)):
        assert Place.parse(str(place)) == place


def test_status_words_are_the_three(tessa: Agent, channel: Channel) -> None:
    assert [status.value for status in Status] == ["open", "waiting", "resolved"]
