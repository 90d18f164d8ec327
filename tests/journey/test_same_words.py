"""The same complaint on five sites, through the journey: one line, one case, brands and templates apart."""

from datetime import timedelta
from typing import Any

import pytest

from hark.conversations.actions import joining
from hark.conversations.actions.judging import judge_alike, open_case_for_all
from hark.conversations.actions.repeats import fold_repeats, follow_repeats, forget_bands
from hark.conversations.models import Case, Correction, Message, Repeat, SameWords, WordBand
from hark.conversations.queries.places import places_of
from hark.conversations.queries.same_words import MET
from hark.conversations.queries.stream import Label, said_page, stream_page, stream_totals
from hark.conversations.types import Author
from hark.kernel.db import execute, fetch_all
from hark.kernel.errors import NotFound
from hark.kernel.ids import public_key
from hark.organisation.actions.people import add_team
from hark.organisation.models import Agent, Brand, Channel, Inbox
from hark.organisation.types import Role
from hark.understanding.sameness import Utterance, same_words
from tests.conversations.desk import acts, an_agent
from tests.journey.makers import make_channel, make_inbox
from tests.journey.venue import arrive, direct, drain

pytestmark = pytest.mark.django_db
by_the_journal = pytest.mark.django_db(transaction=True)

BURNT = "My new kettle from Plum burst into flames this morning and nobody there picks up the phone"
COPIES = (
    BURNT,
    "RT @maud: my new kettle from Plum burst into flames this morning and nobody there picks up the phone!!",
    "MY NEW KETTLE from Plum burst into flames this morning, and nobody there pick up teh phone https://t.co/xyz",
    "new kettle from Plum burst into flames this morning and nobody picks up the phone",
    "Same here: my new kettle from Plum burst into flames this morning and nobody there picks up the phone @plumcare",
)


def heard(number: int | str, text: str, who: str = "u1", **more: Any) -> dict[str, Any]:
    """A post that nobody addressed to us."""
    shape = {
        "type": "post",
        "audience": "public",
        "thread": f"t{number}",
        "permalink": f"https://square.example/{number}",
    }
    return direct(number, who=who, text=text, **{**shape, **more})


def together() -> None:
    """What the worker does a moment after the journey, without waiting for the journal."""
    drain()
    fold_repeats(message_ids=list(Message.objects.values_list("pk", flat=True)))


def follow() -> None:
    """The same by the journal, which shows only what is committed."""
    drain()
    while follow_repeats():
        pass


@pytest.fixture
def inbox() -> Inbox:
    return make_inbox()


@pytest.fixture
def venues(inbox: Inbox) -> list[Channel]:
    return [make_channel(inbox, network=network) for network in ("square", "bay", "forum")]


@pytest.fixture
def owner() -> Agent:
    return an_agent("Ada", role=Role.OWNER)


def five_copies(venues: list[Channel]) -> None:
    """Five copies by four authors on three venues: Maud says it on two days."""
    people = ("maud", "bram", "oda", "maud", "juno")
    for number, (text, who) in enumerate(zip(COPIES, people, strict=True)):
        arrive(venues[0 if who == "maud" else number % 3], heard(number, text, who))
    together()


def test_five_copies_on_three_venues_are_one_line(venues: list[Channel], owner: Agent) -> None:
    five_copies(venues)
    arrive(venues[0], heard("x", "My Plum SIM arrived in two days, which is faster than I had thought it would be"))
    together()
    other, line = stream_page(owner, Label.ALL).rows
    assert other.fold is None
    assert line.fold is not None
    assert (line.fold.messages, line.fold.authors, line.fold.venues, line.fold.passed_on) == (5, 4, 3, False)
    assert line.text == COPIES[-1], "the line stands where the newest stands"
    assert {row.text for row in said_page(owner, line.id)} == set(COPIES)
    total = stream_totals(owner)[Label.ALL]
    assert (total.messages, total.authors) == (6, 5), "whoever says it twice is one author"


def test_copies_that_come_one_batch_later_join_the_first(venues: list[Channel], owner: Agent) -> None:
    for number, text in enumerate(COPIES):
        arrive(venues[number % 3], heard(number, text, f"u{number}"))
        together()
    [line] = stream_page(owner, Label.ALL).rows
    assert line.fold is not None
    assert (line.fold.messages, line.fold.authors) == (5, 5)
    first = Message.objects.earliest("pk")
    assert SameWords.objects.get().first_id == first.pk
    assert set(WordBand.objects.values_list("message", flat=True)) == {first.pk}, "copies leave no bands"


@by_the_journal
def test_doing_it_twice_changes_nothing(venues: list[Channel]) -> None:
    five_copies(venues)
    follow()
    before = (list(Repeat.objects.values_list()), WordBand.objects.count())
    fold_repeats(message_ids=list(Message.objects.values_list("pk", flat=True)))
    execute("UPDATE kernel_eventreader SET xid = 0, event_id = 0 WHERE name = 'same_words'")
    follow()
    assert (list(Repeat.objects.values_list()), WordBand.objects.count()) == before


def test_brands_are_never_folded_together(venues: list[Channel], owner: Agent) -> None:
    pear = Brand.objects.create(name="Pear", key=public_key("brand"))
    other = Inbox.objects.create(name="Pear", key=public_key("inbox"), brand=pear)
    arrive(venues[0], heard(1, BURNT, "u1"))
    arrive(make_channel(other), heard(2, BURNT, "u2"))
    together()
    assert [row.fold for row in stream_page(owner, Label.ALL).rows] == [None, None]


def test_short_words_of_different_people_stay_apart_and_those_of_one_do_not(
    venues: list[Channel], owner: Agent
) -> None:
    for number, who in enumerate(("u1", "u2", "u2")):
        arrive(venues[0], heard(number, "Plum, thank you so much!", who))
    together()
    folds = [row.fold for row in stream_page(owner, Label.ALL).rows]
    assert [fold and (fold.messages, fold.authors) for fold in folds] == [(2, 1), None]


def test_a_form_that_each_fills_in_is_not_the_same_complaint(venues: list[Channel], owner: Agent) -> None:
    said = "Hello Plum, could you please tell me where my order number {} is, it should be here by now"
    for number in range(3):
        arrive(venues[0], heard(number, said.format(48_100 + number), f"u{number}"))
    together()
    assert [row.fold for row in stream_page(owner, Label.ALL).rows] == [None] * 3


@pytest.mark.parametrize(
    "text",
    [
        "Plum Recalls Forty Thousand Kettles After Fires In Three Countries https://news.example/1",
        "Thank you so much for your help and have a lovely day everyone",
    ],
)
def test_headlines_and_polite_phrases_are_folded_as_what_they_are(
    text: str, venues: list[Channel], owner: Agent
) -> None:
    for number in range(3):
        arrive(venues[number], heard(number, text, f"u{number}"))
    together()
    [line] = stream_page(owner, Label.ALL).rows
    assert line.fold is not None
    assert (line.fold.messages, line.fold.passed_on) == (3, True)


def test_everybody_sees_and_counts_only_his_share(venues: list[Channel], owner: Agent) -> None:
    night = make_inbox("Night")
    far = make_channel(night, network="far")
    five_copies(venues)
    arrive(far, heard("f1", BURNT, "nils"), heard("f2", BURNT, "nora"))
    together()
    agents = {name: an_agent(name) for name in ("Tessa", "Nils")}
    for agent, place in ((agents["Tessa"], venues[0].inbox), (agents["Nils"], night)):
        team = add_team(name=agent.name)
        team.agents.add(agent)
        place.teams.add(team)
    seen = {
        name: [
            (row.fold.messages, row.fold.authors, row.fold.venues)
            for row in stream_page(agent, Label.ALL).rows
            if row.fold
        ]
        for name, agent in (*agents.items(), ("Ada", owner))
    }
    assert seen == {"Tessa": [(5, 4, 3)], "Nils": [(2, 2, 1)], "Ada": [(7, 6, 4)]}
    assert len(said_page(agents["Nils"], Message.objects.latest("pk").pk)) == 2
    with pytest.raises(NotFound):
        said_page(agents["Nils"], Message.objects.earliest("pk").pk)
    judge_alike(message_id=Message.objects.latest("pk").pk, value="irrelevant", author=acts(agents["Nils"]))
    assert Correction.objects.count() == 2, "he judges what he sees"


def test_one_judgement_judges_all_and_the_next_takes_it_back(venues: list[Channel], owner: Agent) -> None:
    five_copies(venues)
    [line] = stream_page(owner, Label.ALL).rows
    author = acts(owner)
    assert judge_alike(message_id=line.id, value="irrelevant", author=author) == 5
    assert [row.id for row in stream_page(owner, Label.NOISE).rows] == [line.id]
    assert stream_totals(owner)[Label.NOISE].messages == 5
    assert judge_alike(message_id=line.id, value="irrelevant", author=author) == 5
    assert Correction.objects.count() == 5
    judge_alike(message_id=line.id, value="relevant", author=author)
    assert stream_page(owner, Label.NOISE).rows == ()
    assert stream_totals(owner)[Label.RELEVANT].messages == 5


def test_a_line_stands_on_one_page_only(venues: list[Channel], owner: Agent) -> None:
    for number in range(6):
        arrive(venues[0], heard(f"c{number}", BURNT, f"u{number}"), heard(f"o{number}", f"Plum {number}", f"o{number}"))
    together()
    seen, after = [], ""
    while True:
        page = stream_page(owner, Label.ALL, after=after, limit=2)
        seen += [row.text for row in page.rows]
        after = page.next_place
        if not after:
            break
    assert sorted(seen) == sorted([BURNT, *(f"Plum {number}" for number in range(6))])


def test_a_second_copy_by_one_person_joins_the_open_case(venues: list[Channel], owner: Agent) -> None:
    """Nearly the same words, another thread, another of our accounts in the same network: one case, all its places."""
    other = make_channel(venues[0].inbox)
    for number, (channel, text) in enumerate(((venues[0], COPIES[0]), (other, COPIES[3]), (venues[0], COPIES[2]))):
        arrive(channel, heard(number, text, "maud", targets_us="owned_venue"))
        drain()
    [case] = Case.objects.all()
    assert [place.permalink for place in places_of(case)] == [f"https://square.example/{number}" for number in range(3)]
    assert not any(place.answered for place in places_of(case))
    arrive(other, heard("b", COPIES[0], "bram", targets_us="owned_venue"))
    drain()
    assert Case.objects.count() == 2, "another person has a case of his own"


def test_copies_of_one_batch_join_too(venues: list[Channel]) -> None:
    events = [heard(number, text, "maud", targets_us="owned_venue") for number, text in enumerate(COPIES)]
    arrive(venues[0], *events)
    drain()
    assert Case.objects.count() == 1


def test_another_order_of_one_person_is_another_case(venues: list[Channel]) -> None:
    for number in (48_100, 51_733):
        text = f"Where is my order number {number}? It should be here by now"
        arrive(venues[0], heard(number, text, "maud", targets_us="owned_venue"))
        drain()
    assert Case.objects.count() == 2


def test_a_case_opened_by_hand_takes_all_places_of_its_person(venues: list[Channel], owner: Agent) -> None:
    five_copies(venues)
    mauds = Message.objects.filter(identity__handle="@maud").latest("pk")
    case = open_case_for_all(message_id=mauds.pk, author=Author(owner.pk, owner.key, owner.name))
    assert len(places_of(case)) == 2
    assert case.conversations.count() == 2
    [line] = stream_page(owner, Label.ALL).rows
    assert line.fold is not None
    assert line.fold.messages == 5, "what is in a case still counts"


@by_the_journal
def test_an_edit_takes_a_message_out_of_the_fold(venues: list[Channel], owner: Agent) -> None:
    five_copies(venues)
    follow()
    text = "I was wrong about the kettle, it was the toaster of another company"
    arrive(venues[1], {**heard("e1", text, "bram"), "type": "edit", "of": "p1", "thread": "t1"})
    follow()
    lines = {row.text: row.fold for row in stream_page(owner, Label.ALL).rows}
    assert len(lines) == 2
    assert [fold.messages for fold in lines.values() if fold] == [4]


def test_what_texts_are_found_by_is_forgotten_and_what_is_put_together_is_not(venues: list[Channel]) -> None:
    five_copies(venues)
    assert forget_bands() == 0
    WordBand.objects.update(said_date=Message.objects.earliest("pk").received_at.date() - timedelta(days=8))
    assert forget_bands() > 0
    assert Repeat.objects.count() == 5


def test_a_phrase_that_everybody_uses_costs_no_more_and_the_search_goes_by_index(venues: list[Channel]) -> None:
    five_copies(venues)
    first = WordBand.objects.first()
    assert first is not None
    execute(
        "INSERT INTO conversations_wordband (band, message_id, said_date) "
        "SELECT %s, m.id, now() FROM conversations_message m ON CONFLICT DO NOTHING",
        [first.band],
    )
    assert len(fetch_all(MET, [[0], [first.band]])) <= 17
    plan = "\n".join(row[0] for row in fetch_all(f"EXPLAIN {MET}", [[0], [first.band]]))
    assert "Index" in plan


def test_who_writes_most_costs_no_more_than_others(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []

    def counted(one: Utterance, other: Utterance) -> bool:
        compared.append(1)
        return same_words(one, other)

    monkeypatch.setattr(joining, "same_words", counted)
    arrive(make_channel(inbox), *[direct(number, f"t{number}", text=f"Line {number} is dead") for number in range(120)])
    drain()
    assert Message.objects.count() == 120
    assert 0 < len(compared) <= 120 * joining.COMPARED
