"""Spam under its own name, marked and unmarked by one key; praise on the pages of those it is about."""

import pytest

from hark.conversations.actions.corrections import correct
from hark.conversations.actions.praise import named_in, note_praise
from hark.conversations.actions.spam import mark_case_spam
from hark.conversations.models import Case, Message, Praise
from hark.conversations.queries.stream import Label, stream_counts
from hark.conversations.types import Visibility
from hark.kernel.time import database_now
from hark.workspace.actions.acts import author_of
from hark.workspace.queries.praise import counts_in_words
from tests.conversations.desk import answers
from tests.workspace.fixtures import SignedIn, page_of
from tests.workspace.makers import World, case_of, known, reading, say

HTMX = {"HX-Request": "true"}


def heard(world: World, text: str, who: str = "w1") -> Message:
    """A public post that opened no case."""
    return say(world.square, known(who), text, visibility=Visibility.PUBLIC, case_reason="", thread_id=text[:12])


def praised(world: World, text: str, who: str = "ann", **more: object) -> Message:
    """Praise, noted as the journey does it."""
    told = {**reading(text, mood="positive"), "kind": {"label": "praise", "why": "because"}}
    message = say(world.chat, known(who), text, reading=told, **more)  # type: ignore[arg-type]
    note_praise([message.pk])
    return message


def test_spam_of_the_stream_stands_under_its_own_name_and_comes_back(world: World, signed_in: SignedIn) -> None:
    post, client = heard(world, "Buy plum followers"), signed_in(world.tessa)
    sent = client.post(f"/message/{post.key}/spam/", {"spam": "yes"}, headers=HTMX)
    assert "Spam: 1 message. They stand under Spam." in sent.headers["HX-Trigger"]
    for label in ("all", "relevant"):
        assert "Buy plum followers" not in page_of(client.get(f"/stream/?judged={label}"))
    page = page_of(client.get("/stream/?judged=spam"))
    assert "Buy plum followers" in page
    assert "called spam by Tessa Okonedo" in page
    assert stream_counts(world.tessa)[Label.SPAM] == 1
    assert client.post(f"/message/{post.key}/spam/", {"spam": "no"}, headers=HTMX).status_code == 204
    assert "Buy plum followers" in page_of(client.get("/stream/?judged=all"))
    assert "Buy plum followers" not in page_of(client.get("/stream/?judged=spam"))


def test_case_is_spam_by_one_act_found_by_the_filter_and_taken_back(world: World, signed_in: SignedIn) -> None:
    case, client = case_of(say(world.chat, known("ann"), "SEO backlinks")), signed_in(world.tessa)
    done = client.post("/acts/", {"act": "spam", "cases": case.key}, headers=HTMX)
    assert done.status_code == 200
    assert "Spam: 1 case." in page_of(done)
    for view in ("all", "resolved", "unassigned"):
        assert "SEO backlinks" not in page_of(client.get(f"/inbox/rows/?view={view}", headers=HTMX))
    assert "SEO backlinks" in page_of(client.get("/inbox/rows/?view=f~spam.yes", headers=HTMX))
    page = page_of(client.get(f"/case/{case.key}/"))
    assert "It is no spam" in page
    assert "called the case spam" in page
    client.post("/acts/", {"act": "not_spam", "cases": case.key}, headers=HTMX)
    assert Case.objects.get(pk=case.pk).status == "open"
    assert "SEO backlinks" in page_of(client.get("/inbox/rows/?view=all", headers=HTMX))


def test_opening_it_again_says_that_it_is_no_spam(world: World, signed_in: SignedIn) -> None:
    case = case_of(say(world.chat, known("ann"), "SEO backlinks"))
    mark_case_spam(case_id=case.pk, actor=author_of(world.tessa))
    signed_in(world.tessa).post(f"/case/{case.key}/status/", {"act": "reopen"}, headers=HTMX)
    case.refresh_from_db()
    assert (case.spam, case.status) == (False, "open")
    assert not Message.objects.filter(spam=True).exists()


def test_settings_tell_what_was_learnt_about_spam(world: World, signed_in: SignedIn) -> None:
    case = case_of(say(world.chat, known("ann"), "SEO backlinks"))
    mark_case_spam(case_id=case.pk, actor=author_of(world.tessa))
    page = page_of(signed_in(world.owner).get("/settings/readings/"))
    assert "Agents called 1 message spam so far. It learns once they have called 3" in page


def test_praise_finds_who_answered_last_and_whoever_is_named(world: World, signed_in: SignedIn) -> None:
    first = say(world.chat, known("ann"), "It fails.", ago=300)
    answers(world.tessa, case_of(first))
    Message.objects.filter(direction="out").update(sent_at=database_now() - (database_now() - first.sent_at) / 2)
    praised(world, "That was quick, I am delighted.", ago=5)
    praised(world, "Great work by Ruben in your shop", "bob", ago=4)
    praised(world, "I love your app", "cleo", ago=3)
    told = {(one.agent.name if one.agent else "", one.why) for one in Praise.objects.all()}
    assert told == {("Tessa Okonedo", "answered"), ("Ruben Asante", "named"), ("", "")}
    mine = page_of(signed_in(world.tessa).get("/praise/"))
    assert "That was quick" in mine
    assert "Tessa Okonedo answered before" in mine
    assert "Great work by Ruben" not in mine
    assert "In thirty days 1 message by 1 person." in mine
    assert 'href="/praise/">1 message by 1 person</a>' in page_of(signed_in(world.tessa).get("/today/"))
    team = page_of(signed_in(world.ruben).get("/praise/?of=team"))
    assert all(words in team for words in ("That was quick", "Great work by Ruben", "I love your app"))
    assert "In thirty days 3 messages by 3 people." in team
    nobody = page_of(signed_in(world.stranger).get("/praise/?of=team"))
    assert "That was quick" not in nobody, "what one may not see is not told"


def test_praise_is_counted_by_people_and_not_when_it_was_none(world: World) -> None:
    one = praised(world, "Thank you Tessa, great", ago=5)
    praised(world, "Thank you again Tessa, great", ago=4)
    other = praised(world, "Well done Ruben", "bob", ago=3)
    told = (
        "3 messages by 2 people",
        [("Tessa Okonedo", "2 messages by 1 person"), ("Ruben Asante", "1 message by 1 person")],
    )
    assert counts_in_words(world.tessa, at=database_now()) == told
    correct(message_id=one.pk, field="sentiment", value="negative", author=author_of(world.tessa))
    mark_case_spam(case_id=case_of(other).pk, actor=author_of(world.tessa))
    left = ("1 message by 1 person", [("Tessa Okonedo", "1 message by 1 person")])
    assert counts_in_words(world.tessa, at=database_now()) == left
    correct(message_id=one.pk, field="sentiment", value="positive", author=author_of(world.tessa))
    assert counts_in_words(world.tessa, at=database_now())[0] == "2 messages by 1 person"


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("Thanks Ruben!", [2]),
        ("thanks ruben!", []),  # a name in small letters may be a word
        ("Thanks to Tessa and Ruben", [1, 2]),
        ("Sam Lee was great", [3]),
        ("Sam was great", []),  # two are called so
        ("You were great.\nRuben", []),  # a signature
        ("Cheers from Tess", []),
    ],
)
def test_names_are_found_where_they_can_only_mean_one(text: str, who: list[int]) -> None:
    names = {1: "Tessa Okonedo", 2: "Ruben Asante", 3: "Sam Lee", 4: "Sam Bo"}
    assert named_in(text, names, "Maud") == who
    assert named_in("Thanks Ruben", names, "Ruben Smith") == [], "the writer's own name"
