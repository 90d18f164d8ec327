"""Search finds what was said, by whoever may see it and nobody else, and forgets what was taken back."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from hark.contacts.models import Contact, ContactSearch, Identity
from hark.conversations.actions.cases import assign, open_case_by_hand, resolve, set_waiting
from hark.conversations.actions.changes import apply_delete, apply_edit, keep_order
from hark.conversations.actions.corrections import correct
from hark.conversations.actions.notes import add_note
from hark.conversations.actions.reply import take_back
from hark.conversations.actions.searching import follow_journal, rebuild
from hark.conversations.models import Attachment, Case, Message, MessageSearch, NoteSearch
from hark.conversations.queries import search as plans
from hark.conversations.queries.asking import asked_for
from hark.conversations.queries.found import Found, find, known_to
from hark.conversations.queries.search import SearchTooSlow, search
from hark.conversations.queries.searchable import search_lag_seconds
from hark.conversations.types import Deletion, SeenFile
from hark.kernel.ids import new_uuid
from hark.kernel.models import EventReader
from hark.kernel.time import database_now
from hark.organisation.models import Agent, Channel, Inbox
from hark.organisation.types import Role
from tests.conversations.desk import a_case, a_post, acts, an_agent, answers, said
from tests.journey.makers import make_reading

pytestmark = pytest.mark.django_db
by_the_journal = pytest.mark.django_db(transaction=True)  # which shows only what is committed


def follow() -> None:
    """Let search come up to the present: by the journal, or, before anything is committed, by writing all anew."""
    if connection.in_atomic_block:
        list(rebuild())
    while follow_journal():
        pass


def look(agent: Agent, text: str, **more: Any) -> Found:
    """What an agent finds, once search has caught up."""
    follow()
    return find(agent, asked_for(text, known_to(agent), at=timezone.localtime(database_now())), **more)


def texts(agent: Agent, text: str) -> list[str]:
    """The texts found, newest first."""
    hits = [hit for case in look(agent, text).cases for hit in case.hits]
    return [hit.text for hit in sorted(hits, key=lambda hit: hit.at, reverse=True)]


@pytest.fixture(params=["collect", "walk", "walk, then collect"])
def plan(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each of the ways by which hits are found; all must find the same."""
    monkeypatch.setattr(plans, "RARE", 10_000 if request.param == "collect" else -1)
    monkeypatch.setattr(plans, "LOOKED_AT", 1 if "then" in request.param else 20_000)
    return str(request.param)


def test_words_are_found_in_any_form_and_phrases_as_they_stand(plan: str, tessa: Agent, channel: Channel) -> None:
    said(channel, "You charged me twice for the crème brûlée.", ago=9, reading=make_reading(language="en"))
    said(channel, "Twice charged, never again.", ago=8, who="ann")
    said(channel, "退款什么时候到账", ago=7, who="li")
    for query, count in (
        ("charge ", 2), ("charges ", 2), ("charged", 2), ("char", 2), ('"charged me twice"', 1), ("creme brulee", 1),
        ("CRÈME", 1), ("charged -never", 1),
        ("twice never", 1), ("退款", 1), ("到账", 1), ("款", 1), ("账", 1), ("款退", 0),
        ("nothing", 0),
    ):  # fmt: skip
        assert len(texts(tessa, query)) == count, query


def test_filters_narrow_what_is_found(plan: str, tessa: Agent, ruben: Agent, channel: Channel) -> None:
    angry = make_reading(sentiment={"label": "negative", "p": {}}, offensive={"p": 0.9})
    first = a_case(channel, "My invoice is wrong", ago=9, reading=angry)
    second = a_case(channel, "Another invoice", who="ann", ago=8)
    assign(case_id=first.pk, agent_id=tessa.pk, actor=acts(tessa))
    answers(tessa, first, "Your invoice is right.")
    set_waiting(case_id=first.pk, actor=acts(tessa))
    for query, found in (
        ("invoice", ["Your invoice is right.", "Another invoice", "My invoice is wrong"]),
        ("invoice from:maud", ["My invoice is wrong"]),
        ("from:ann", ["Another invoice"]),
        ("invoice from:me", ["Your invoice is right."]),
        ("invoice -from:us", ["Another invoice", "My invoice is wrong"]),
        ("invoice mood:angry", ["My invoice is wrong"]),
        ("invoice is:mine", ["Your invoice is right.", "My invoice is wrong"]),
        ("is:unassigned", ["Another invoice"]),
        ("invoice is:waiting is:open is:mine", ["Your invoice is right.", "My invoice is wrong"]),
        ("invoice is:resolved", []),
        ("invoice venue:shelf before:yesterday", []),
        ("invoice in:care after:yesterday from:maud", ["My invoice is wrong"]),
        ("from:me", ["Your invoice is right."]),
    ):
        assert texts(tessa, query) == found, query
    assert texts(ruben, "invoice is:mine") == []
    resolve(case_id=second.pk, actor=acts(tessa))
    assert texts(tessa, "is:resolved") == ["Another invoice"]


def test_what_comes_with_a_message_or_note_is_found(plan: str, tessa: Agent, channel: Channel) -> None:
    case = a_case(channel, "no file", ago=9)
    said(channel, "a letter", ago=8, files=(SeenFile("doc", "bill.pdf"),))
    said(channel, "a logo", ago=7, files=(SeenFile("logo", "logo.png", 5, "cid", inline=True),))
    said(channel, "a photo", ago=6, files=(SeenFile("pic", "me.png"),))
    Attachment.objects.filter(ref="pic").update(mime="image/png")  # known once it is fetched
    note = add_note(case_id=case.pk, text="a scan", author=acts(tessa), idempotency_key=new_uuid())
    scan = {"state": "stored", "sha256": "0" * 64, "name": "scan.pdf", "mime": "application/pdf"}
    Attachment.objects.create(key="file_scan", note=note, added_at=note.at, **scan)
    for query, found in (
        ("has:attachment", ["a scan", "a photo", "a letter"]),
        ("has:picture", ["a photo"]),
        ("has:file -has:picture", ["a scan", "a letter"]),
        ("letter has:picture", []),
        ("a -has:attachment", ["a logo"]),
    ):
        assert texts(tessa, query) == found, query
    Attachment.objects.filter(ref="doc").update(state="removed")
    assert texts(tessa, "letter has:attachment") == []


def test_hits_stand_under_their_case_with_their_words_marked(tessa: Agent, channel: Channel) -> None:
    case = a_case(channel, "The <b>roaming</b> bundle never started", ago=9)
    add_note(case_id=case.pk, text="Look at his roaming.", author=acts(tessa), idempotency_key=new_uuid())
    loose = said(channel, "Roaming with plum?", who="baker", case_reason="", thread_id="s")
    found = look(tessa, "roaming")
    assert [group.case for group in found.cases] == [case, None] or [group.case for group in found.cases] == [
        None,
        case,
    ]
    group = next(group for group in found.cases if group.case)
    assert [(hit.kind, hit.who) for hit in group.hits] == [("note", "Tessa"), ("message", "Maud")]
    assert [hit.text[slice(*hit.spans[0])] for hit in group.hits] == ["roaming", "roaming"]
    open_case_by_hand(message_id=loose.message_id or 0, author=acts(tessa))
    assert all(group.case for group in look(tessa, "roaming").cases)


def test_pages_neither_skip_nor_repeat_even_at_one_instant(plan: str, tessa: Agent, channel: Channel) -> None:
    case = a_case(channel, "again 0")
    for number in range(1, 9):
        said(channel, f"again {number}")
    for number in range(4):
        add_note(case_id=case.pk, text=f"again note {number}", author=acts(tessa), idempotency_key=new_uuid())
    at = database_now() - timedelta(minutes=1)
    Message.objects.update(sent_at=at)
    case.notes.update(at=at)
    list(rebuild())
    seen, after = [], ""
    while True:
        page = look(tessa, "again ", after=after, limit=5)
        seen += [hit.text for group in page.cases for hit in group.hits]
        after = page.next_place
        if not after:
            break
    assert sorted(seen) == sorted([f"again {n}" for n in range(9)] + [f"again note {n}" for n in range(4)])


@by_the_journal
def test_edit_is_found_by_its_new_words_only(tessa: Agent, channel: Channel) -> None:
    post = a_post(channel, "The old words")
    told = said(channel, "The old words", external_id=post.external_id)
    assert texts(tessa, "old") == ["The old words"]
    changed = a_post(channel, "Quite different", external_id=told.incoming.external_id)
    apply_edit([changed])
    assert texts(tessa, "old") == []
    assert texts(tessa, "different") == ["Quite different"]


@by_the_journal
@pytest.mark.parametrize("purge", [False, True])
def test_deleted_message_is_gone_at_once_and_its_words_with_it(tessa: Agent, channel: Channel, *, purge: bool) -> None:
    told = said(channel, "A secret canary")
    assert texts(tessa, "canary") == ["A secret canary"]
    keep_order(deleting=[channel.pk], adding=[])
    apply_delete([Deletion(channel.pk, told.incoming.external_id, database_now(), purge=purge)])
    asked = asked_for("canary", known_to(tessa), at=database_now())
    assert find(tessa, asked).cases == (), "not even before search has caught up"
    follow()
    assert not MessageSearch.objects.filter(words__match="'canary'").exists()


@by_the_journal
def test_reply_that_was_taken_back_is_not_found(tessa: Agent, channel: Channel) -> None:
    message = answers(tessa, a_case(channel), "A hasty answer")
    assert texts(tessa, "hasty") == ["A hasty answer"]
    take_back(message_id=message.pk, author=acts(tessa))
    assert texts(tessa, "hasty") == []
    assert not MessageSearch.objects.filter(message=message).exists()


@by_the_journal
def test_corrected_mood_is_found_as_corrected(tessa: Agent, channel: Channel) -> None:
    told = said(channel, "Well done", reading=make_reading(sentiment={"label": "negative", "p": {}}))
    assert texts(tessa, "mood:unhappy") == ["Well done"]
    correct(message_id=told.message_id or 0, field="sentiment", value="positive", author=acts(tessa))
    assert texts(tessa, "mood:unhappy") == []
    assert texts(tessa, "mood:pleased") == ["Well done"]


# -- the gate


def everything(agent: Agent, text: str) -> tuple[int, int, int]:
    """How many hits, cases and people an agent is told of."""
    found = look(agent, text)
    return found.hits, len(found.cases), len(found.people)


@pytest.mark.parametrize("text", ["maud", "from:maud", "is:open", "after:7d", "words", "-x maud", "in:care"])
def test_foreign_inbox_is_not_searched_not_even_counted(
    plan: str, text: str, tessa: Agent, sven: Agent, channel: Channel
) -> None:
    case = a_case(channel, "Words of maud")
    add_note(case_id=case.pk, text="Words on maud", author=acts(tessa), idempotency_key=new_uuid())
    said(channel, "Words of maud, loose", case_reason="", thread_id="s")
    assert everything(sven, text) == (0, 0, 0)
    assert everything(tessa, text)[0] > 0
    assert everything(an_agent("Chief", role=Role.AUDITOR), text) == everything(tessa, text)


def test_only_assigned_inbox_gives_an_agent_his_own_cases_only(
    plan: str, tessa: Agent, ruben: Agent, channel: Channel
) -> None:
    case = a_case(channel, "Words of maud")
    a_case(channel, "Words of ann", who="ann")
    add_note(case_id=case.pk, text="Words on maud", author=acts(tessa), idempotency_key=new_uuid())
    said(channel, "Words, loose", who="baker", case_reason="", thread_id="s")
    Inbox.objects.update(only_assigned=True)
    assert everything(tessa, "words") == everything(ruben, "maud") == (0, 0, 0)
    assign(case_id=case.pk, agent_id=tessa.pk, actor=None)
    assert everything(tessa, "words") == (2, 1, 0)
    assert everything(tessa, "maud") == (2, 1, 1)
    assert everything(ruben, "maud") == everything(tessa, "baker") == (0, 0, 0)


def test_rights_are_those_of_now_not_of_the_index(plan: str, tessa: Agent, sven: Agent, channel: Channel) -> None:
    case = a_case(channel, "Words of maud")
    assert everything(tessa, "words") == (1, 1, 0)
    Case.objects.filter(pk=case.pk).update(inbox=Inbox.objects.get(name="Sales"))
    assert everything(tessa, "words") == (0, 0, 0)
    list(rebuild())
    assert everything(sven, "words") == (1, 1, 0)


# -- people


def test_people_are_found_by_name_handle_and_address_with_their_newest_case(tessa: Agent, channel: Channel) -> None:
    a_case(channel, "First", ago=9)
    newest = a_case(channel, "Second", thread_id="other")
    Identity.objects.update(key="maud@terlinden.example")
    list(rebuild())
    for text in ("Maud", "mau", "terlinden", "maud@terlinden.example "):
        [person] = look(tessa, text).people
        assert (person.name, person.case_key) == ("Maud", newest.key)
    assert look(tessa, "-maud first").people == ()


def test_absorbed_contact_is_found_as_the_one_who_lives_on(tessa: Agent, channel: Channel) -> None:
    a_case(channel)
    a_case(channel, who="ann", thread_id="other")
    maud, ann = Contact.objects.order_by("pk")
    Contact.objects.filter(pk=ann.pk).update(merged_into=maud)
    Identity.objects.update(contact=maud)
    list(rebuild())
    assert [row.contact_id for row in ContactSearch.objects.all()] == [maud.pk]
    [person] = look(tessa, "ann").people
    assert person.name == "Maud"


# -- filling


def rows() -> list[list[dict[str, Any]]]:
    """All that can be found."""
    return [list(model.objects.order_by("pk").values()) for model in (MessageSearch, NoteSearch, ContactSearch)]


@by_the_journal
def test_search_says_how_far_it_is_behind_and_catches_up(tessa: Agent, channel: Channel) -> None:
    follow()
    assert search_lag_seconds(at=database_now()) == 0
    said(channel)
    assert search_lag_seconds(at=database_now() + timedelta(seconds=90)) > 89
    follow()
    assert search_lag_seconds(at=database_now()) == 0


@by_the_journal
def test_rebuild_makes_what_following_made_and_removes_what_should_not_be_there(tessa: Agent, channel: Channel) -> None:
    case = a_case(channel, "Crème of 24.90")
    answers(tessa, case)
    add_note(case_id=case.pk, text="A note", author=acts(tessa), idempotency_key=new_uuid())
    gone = said(channel, "Gone", who="ann")
    follow()
    before = rows()
    MessageSearch.objects.filter(message__conversation__case=case).delete()
    NoteSearch.objects.all().delete()
    ContactSearch.objects.all().delete()
    assert list(rebuild())[-1] == 4
    assert [
        list(model.objects.order_by("pk").values()) for model in (MessageSearch, NoteSearch, ContactSearch)
    ] == before
    Message.objects.filter(pk=gone.message_id).update(deleted_at=database_now())
    list(rebuild())
    assert not MessageSearch.objects.filter(pk=gone.message_id).exists()


@by_the_journal
def test_journal_read_again_from_its_beginning_changes_nothing(tessa: Agent, channel: Channel) -> None:
    a_case(channel)
    follow()
    before = list(MessageSearch.objects.values())
    EventReader.objects.filter(name="search").delete()
    follow()
    assert list(MessageSearch.objects.values()) == before


def test_search_that_takes_too_long_says_so_and_spoils_nothing(
    tessa: Agent, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_case(channel, "Words")
    follow()
    monkeypatch.setattr(plans, "TIMEOUT", "1ms")
    monkeypatch.setattr("hark.kernel.fulltext.STEMS", "SELECT pg_sleep(1), %s::text[], %s::text[]")
    with pytest.raises(SearchTooSlow):
        search(tessa, asked_for("words", known_to(tessa), at=database_now()))
    assert Message.objects.count() == 1
