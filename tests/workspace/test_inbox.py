"""The inbox and the stream, as pages and as the fragments that keep them true."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hark.conversations.models import Message, MessageVersion
from hark.conversations.types import Visibility
from hark.intake.models import Arrival
from hark.kernel.time import database_now
from hark.routing.actions import place, route, set_presence
from hark.routing.types import NewWork
from tests.workspace.fixtures import SignedIn, page_of
from tests.workspace.makers import World, case_of, crowd, heard, known, maud, say
from tests.workspace.parking import park

HTMX: dict[str, str] = {"HX-Request": "true"}


def test_list_shows_who_clock_words_mood_and_why(world: World, signed_in: SignedIn) -> None:
    _, said = maud(world)
    page = page_of(signed_in(world.tessa).get("/?view=all"))
    assert "Maud Terlinden" in page
    assert "Third time I ask @plumcare" in page
    assert "<b>Breached</b>" in page
    assert "mentions you" in page
    assert f'href="/case/{case_of(said[-1]).key}/?view=all"' in page


def test_case_shows_ledger_with_evidence_readers_and_the_contact(world: World, signed_in: SignedIn) -> None:
    _, said = maud(world)
    page = page_of(signed_in(world.tessa).get(f"/case/{case_of(said[0]).key}/"))
    assert '<mark class="evidence">took the money twice</mark>' in page
    assert "Complaint" in page
    assert "is-private" in page
    assert "is-public" in page
    assert 'class="chart moodline"' in page
    assert "@maudterl" in page


def test_case_alone_is_sent_when_the_list_is_there(world: World, signed_in: SignedIn) -> None:
    case = case_of(say(world.chat, known("ann"), "Hello?"))
    body = page_of(signed_in(world.tessa).get(f"/case/{case.key}/", headers=HTMX))
    assert 'id="case"' in body
    assert 'id="contact"' in body
    assert 'id="rows"' not in body


@pytest.mark.parametrize("path", ["/?view=all", "/stream/", "/inbox/pulse/?view=all"])
def test_number_of_queries_does_not_grow_with_rows(world: World, signed_in: SignedIn, path: str) -> None:
    client = signed_in(world.tessa)

    def fill(number: int) -> None:
        for place_ in range(number):
            say(world.square, known(f"p{number}{place_}", name="Ann"), f"Hello {number}{place_}")
            say(
                world.square,
                known(f"s{number}{place_}"),
                f"plum {number}{place_}",
                case_reason="",
                visibility=Visibility.PUBLIC,
            )

    assert queries_of(client, path, fill, 2) == queries_of(client, path, fill, 9)


def test_number_of_queries_does_not_grow_with_messages_of_a_case(world: World, signed_in: SignedIn) -> None:
    client, author = signed_in(world.tessa), known("ann")
    case = case_of(say(world.chat, author, "Hello 0", ago=90))

    def fill(number: int) -> None:
        for place_ in range(number):
            say(world.chat, author, f"Hello {number}{place_}", ago=50 - place_)

    path = f"/case/{case.key}/"
    assert queries_of(client, path, fill, 2) == queries_of(client, path, fill, 12)


def queries_of(client: Client, path: str, fill: Callable[[int], None], number: int) -> int:
    """How many queries the page takes after `number` more rows."""
    fill(number)
    client.get(path)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(path).status_code == 200
    return len(seen)


def test_newer_cases_are_counted_and_held_back_until_asked_for(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.tessa)
    shown = [case_of(message).key for message in crowd(world)]
    late = case_of(say(world.chat, known("ann"), "Urgent!", ago=5000)).key
    foot = pulse(client, shown=shown, complete="1")
    assert "1 newer held back" in foot
    assert late not in foot
    assert late in page_of(client.get("/inbox/rows/?view=all"))
    assert "newer held back" not in pulse(client, shown=[*shown, late], complete="1")


def test_line_that_left_the_view_says_so_and_stays(world: World, signed_in: SignedIn) -> None:
    client, case = signed_in(world.tessa), case_of(say(world.chat, known("ann"), "Hello?"))
    client.post(f"/case/{case.key}/status/", {"act": "resolve"})
    line = pulse(client, shown=[case.key], changed=[case.key])
    assert f'id="row-{case.key}"' in line
    assert "row--gone" in line
    assert "Resolved" in line


def pulse(client: Client, **asked: Any) -> str:
    """The fragment around the list."""
    words = {name: ",".join(value) if isinstance(value, list) else value for name, value in asked.items()}
    return page_of(client.get("/inbox/pulse/", {"view": "all", **words}, headers=HTMX))


def test_list_goes_on_behind_the_first_page(world: World, signed_in: SignedIn) -> None:
    for number in range(52):
        say(world.square, known(f"p{number}"), f"Hello {number}", ago=100 - number)
    client = signed_in(world.tessa)
    first = page_of(client.get("/?view=all"))
    after = first.split("after=")[1].split('"')[0]
    second = page_of(client.get(f"/inbox/rows/?view=all&after={after}"))
    assert first.count("data-row=") == 50
    assert second.count("data-row=") == 2
    assert "Show more" not in second


def test_offer_shows_why_and_is_answered_from_the_page(world: World, signed_in: SignedIn) -> None:
    client, case = signed_in(world.tessa), case_of(say(world.chat, known("ann"), "Hello?"))
    set_presence(agent_id=world.tessa.pk, presence="available")
    work = NewWork(case.pk, case.inbox_id, "chat", (), database_now(), 60)
    place([work])
    route()
    page = page_of(client.get("/"))
    assert "Offered to you" in page
    assert "Why? It helps the next offer" in page
    key = page.split('data-offer="')[1].split('"')[0]
    told = client.post(f"/offer/{key}/accept/", headers=HTMX)
    assert f"/case/{case.key}/?view=mine" in told["HX-Trigger"]
    case.refresh_from_db()
    assert case.assignee == world.tessa


def test_stream_shows_verdicts_with_why_and_steps_noise_back(world: World, signed_in: SignedIn) -> None:
    heard(world)
    page = page_of(signed_in(world.tessa).get("/stream/"))
    assert "the fruit: cake, cinnamon" in page
    assert "Not sure" in page
    assert page.count("heard--noise") == 2
    noise = page_of(signed_in(world.tessa).get("/stream/?judged=irrelevant"))
    assert noise.count("data-heard=") == 2


def test_corrected_stream_post_says_by_whom(world: World, signed_in: SignedIn) -> None:
    message = heard(world)[1]
    client = signed_in(world.tessa)
    client.post(f"/message/{message.key}/correct/", {"relevance": "relevant"}, headers=HTMX)
    page = page_of(client.get("/stream/?judged=relevant"))
    assert message.key in page
    assert "corrected by Tessa Okonedo" in page


def test_parked_arrival_is_shown_as_text_replayed_and_discarded_only_when_sure(
    world: World, signed_in: SignedIn
) -> None:
    client, key = signed_in(world.owner), park(world.chat)
    assert "it is not JSON" in page_of(client.get("/parked/"))
    page = page_of(client.get(f"/parked/{key}/"))
    assert "&lt;script&gt;alert(1)" in page
    client.post(f"/parked/{key}/settle/", {"act": "discard"})
    assert Arrival.objects.get(key=key).state == "parked"
    client.post(f"/parked/{key}/settle/", {"act": "replay"})
    assert Arrival.objects.get(key=key).state == "received"
    other = park(world.chat)
    client.post(f"/parked/{other}/settle/", {"act": "discard", "sure": "yes"})
    assert Arrival.objects.get(key=other).state == "discarded"


def test_edited_deleted_and_repeated_messages_are_told_apart(world: World, signed_in: SignedIn) -> None:
    author, twin = known("ann"), known("ann2")
    repeated = {"reads": {"duplicate_key": "same words"}, "visibility": Visibility.PUBLIC}
    first = say(world.square, author, "Charged twice, nobody answers.", ago=50, **repeated)
    say(world.square, twin, "Charged twice, nobody answers.", ago=40, **repeated)
    edited = say(world.square, author, "I ment Tuesday.", ago=30, thread_id="other")
    MessageVersion.objects.create(message=edited, text="I ment Teusday.", replaced_at=database_now())
    Message.objects.filter(pk=edited.pk).update(edited_at=database_now())
    gone = say(world.square, author, "Something rash.", ago=20, thread_id="third")
    Message.objects.filter(pk=gone.pk).update(deleted_at=database_now())
    page = page_of(signed_in(world.tessa).get(f"/case/{case_of(first).key}/"))
    assert "1 more with the same words" in page
    assert "1 earlier text" in page
    assert "I ment Teusday." in page
    assert "Deleted by the author" in page


def test_what_a_case_says_itself_is_not_folded_under_it_again(world: World, signed_in: SignedIn) -> None:
    repeated = {"reads": {"duplicate_key": "same words"}, "visibility": Visibility.PUBLIC}
    first = say(world.square, known("ann"), "Charged twice, nobody answers.", ago=50, **repeated)
    again = say(world.square, known("ann"), "Charged twice, nobody answers.", ago=40, thread_id="page", **repeated)
    assert case_of(first) == case_of(again)
    page = page_of(signed_in(world.tessa).get(f"/case/{case_of(first).key}/"))
    assert "Said at 2 places" in page.replace("</b>", "").replace("<b>", "")
    assert "more with the same words" not in page


def test_address_of_a_stranger_that_would_run_is_no_link(world: World, signed_in: SignedIn) -> None:
    message = say(world.square, known("eve", url="javascript:alert(1)"), "Hi", permalink="javascript:alert(2)")
    page = page_of(signed_in(world.tessa).get(f"/case/{case_of(message).key}/"))
    assert "javascript:" not in page
