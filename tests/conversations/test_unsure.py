"""The unsure lane: what teaches most is asked first, page by page, and nobody is asked about what he may not see."""

from typing import Any

import pytest

from hark.conversations.actions.corrections import correct
from hark.conversations.actions.thread import thread
from hark.conversations.queries.stream import Label, stream_counts, stream_page
from hark.kernel.db import fetch_all
from hark.kernel.errors import NotFound
from hark.organisation.models import Agent, Channel, Inbox
from hark.understanding.sketches import alike
from tests.conversations.desk import a_case, a_post, acts, said
from tests.journey.makers import make_reading

LONG = "We moved to plum with {} phones and the first bill came twice as high as they had promised us in the shop"


def doubt(p: float, **more: Any) -> dict[str, Any]:
    """A reading that does not know."""
    return make_reading(relevance={"label": "unsure", "p": p}, **more)


def unsure(channel: Channel, text: str, p: float) -> int:
    """A post of the stream that the models doubt."""
    told = said(channel, text, who=f"w{text[:20]}{p}", case_reason="", visibility="public", reading=doubt(p))
    assert told.message_id is not None
    return told.message_id


def texts(agent: Agent, **more: Any) -> list[str]:
    """The lane."""
    return [row.text for row in stream_page(agent, Label.UNSURE, **more).rows]


def test_nearest_to_a_half_comes_first_however_old_it_is(tessa: Agent, channel: Channel) -> None:
    for text, p in (("plum tea", 0.51), ("one plum line", 0.59), ("who likes plums", 0.42), ("off to plum", 0.46)):
        unsure(channel, text, p)
    assert texts(tessa) == ["plum tea", "off to plum", "who likes plums", "one plum line"]


def test_what_says_nearly_the_same_is_asked_once_before_all_that_is_different(tessa: Agent, channel: Channel) -> None:
    for number, words in enumerate(("two", "three", "four")):
        unsure(channel, LONG.format(words), 0.5 + number / 1000)
    unsure(channel, "plum tea in the garden", 0.41)
    assert texts(tessa) == [
        LONG.format("two"), "plum tea in the garden", LONG.format("three"), LONG.format("four"),
    ]  # fmt: skip


def test_pages_follow_each_other_without_a_gap_or_a_repetition(tessa: Agent, channel: Channel) -> None:
    wanted = [f"plum {word}" for word in ("tea", "jam", "blue", "line", "seven", "hat", "road")]
    for number, text in enumerate(wanted):
        unsure(channel, text, 0.5 + number / 100)
    found, after = [], ""
    for _ in range(4):
        page = stream_page(tessa, Label.UNSURE, after=after, limit=2)
        found += [row.text for row in page.rows]
        after = page.next_place
        if page.rows and len(found) == 2:  # what is judged or comes in between moves nothing behind it
            correct(message_id=page.rows[0].id, field="relevance", value="relevant", author=acts(tessa))
            unsure(channel, "plum at the very front", 0.5)
    assert (found, after) == (wanted, "")


def test_only_what_is_open_in_the_stream_is_asked(tessa: Agent, channel: Channel) -> None:
    a_case(channel, "A case is work, not a question", reading=doubt(0.5))
    judged = unsure(channel, "plum judged", 0.5)
    left = unsure(channel, "plum left", 0.5)
    correct(message_id=judged, field="relevance", value="irrelevant", author=acts(tessa))
    assert [row.id for row in stream_page(tessa, Label.UNSURE).rows] == [left]
    assert stream_counts(tessa)[Label.UNSURE] == 1


def test_nobody_is_asked_about_another_inbox(tessa: Agent, sven: Agent, channel: Channel, inbox: Inbox) -> None:
    number = unsure(channel, "plum", 0.5)
    assert texts(sven) == []
    assert stream_counts(sven)[Label.UNSURE] == 0
    with pytest.raises(NotFound):
        correct(message_id=number, field="relevance", value="relevant", author=acts(sven))
    Inbox.objects.filter(pk=inbox.pk).update(only_assigned=True)
    assert texts(tessa) == [], "what is nobody's is hidden where only assigned cases show"


def test_lane_stays_quick_however_many_messages_there_are(tessa: Agent, channel: Channel) -> None:
    thread([a_post(channel, f"noise {n}", who=f"n{n}", case_reason="", reading=make_reading()) for n in range(300)])
    unsure(channel, "plum", 0.5)
    plan = "\n".join(
        row[0]
        for row in fetch_all(
            "EXPLAIN SELECT id, message_id, data FROM conversations_reading WHERE relevance = 'unsure' "
            "ORDER BY id DESC LIMIT 10000"
        )
    )
    assert "reading_unsure" in plan


def test_texts_that_share_most_of_their_words_are_alike() -> None:
    told = [
        LONG.format("two"),
        "plum jam",
        f"RT @someone: {LONG.format('nine')} https://x.example",
        "🍑",
        "🍇",
        "plum jam",
    ]
    assert alike(told) == [0, 1, 0, 3, 4, 1]
