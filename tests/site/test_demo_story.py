"""What every demo shows of reading: its posts are read as the story needs them, and wait for the correction."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from hark.channels.kit.counting import length
from hark.channels.kit.rules import ONE_MESSAGE, ONE_REPLY, TOO_LATE, UNASKED
from hark.channels.simulated import Simulated
from hark.channels.testing.stand_in import StandIn
from hark.channels.types import Account
from hark.conversations.actions.corrections import correct
from hark.conversations.actions.learning import keep_model
from hark.conversations.models import Case, Correction, Message
from hark.conversations.queries.cases import case_rows
from hark.conversations.queries.places import places_of
from hark.conversations.queries.writing import ways_to_answer
from hark.conversations.types import Status, Visibility
from hark.kernel.time import now
from hark.organisation.models import Channel
from hark.organisation.types import Role
from hark.site.demo import correcting
from hark.site.demo.cast import BRAND, BY_ACCOUNT, INBOXES, STAGES
from hark.site.demo.correcting import Correcting, judge
from hark.site.demo.player import PAST_BEATS, Player, answer_of, event_of
from hark.site.demo.seed import connect
from hark.site.demo.story import (
    AFTER_CORRECTION,
    COPIED,
    COPIES,
    CUES,
    EVERY_POST,
    JUDGED_BEFORE,
    LOOK_ALIKE,
    MOVE,
    PEOPLE,
    REVIEW,
    SERIES,
    WINDOW,
    Cue,
    post_id,
)
from hark.site.demo.story import UNASKED as OVERHEARD
from hark.site.demo.traffic import Post, Traffic, post_of
from hark.understanding import BrandProfile, Context, HistoryItem, Models, analyse, load_models, moods
from hark.understanding.corrections import RelevanceCorrection, learn
from hark.workspace.actions.acts import author_of
from hark.workspace.queries.composing import ways_shown
from hark.workspace.queries.lists import row_shown
from tests.conversations.desk import an_agent, answers
from tests.journey.makers import make_inbox
from tests.journey.venue import arrive, drain
from tests.workspace.makers import World, known, make_world, say

PLUM = BrandProfile("plum", BRAND.name, BRAND.handles, BRAND.products, BRAND.exclude, BRAND.about, BRAND.language)


@pytest.fixture(scope="module", params=["whole", "linear"])
def models(request: pytest.FixtureRequest) -> Models:
    found = load_models(linear=request.param == "linear")
    if request.param == "whole" and found.deep is None:
        pytest.skip("the encoder's files are not here")
    return found


def labels(models: Models, *texts: str) -> list[str]:
    found = analyse(texts, [Context(brand="plum")] * len(texts), models, {"plum": PLUM})
    return [one.relevance.label for one in found if one.relevance]


def test_one_more_correction_changes_how_the_next_dog_is_judged_and_not_the_network(models: Models) -> None:
    dog, network = (cue.text for cue in AFTER_CORRECTION)
    assert labels(models, LOOK_ALIKE.text, dog, network) == ["relevant"] * 3
    before = [RelevanceCorrection("plum", cue.text, relevant=about) for cue, about in JUDGED_BEFORE]
    near = models.deep.near if models.deep else None
    five = learn(before, {"plum": PLUM}, models.prior, near)
    assert bool(five) is bool(near), "over words alone it takes three of either side"
    assert labels(replace(models, brands=five), LOOK_ALIKE.text, dog)[0] == "relevant", "what is judged next is wrong"
    assert labels(replace(models, brands=five), dog) != ["irrelevant"]
    last = RelevanceCorrection("plum", LOOK_ALIKE.text, relevant=False)
    learnt = replace(models, brands=learn([*before, last], {"plum": PLUM}, models.prior, near))
    assert labels(learnt, dog, network) == ["irrelevant", "relevant"]


def test_dogs_stay_in_the_stream(models: Models) -> None:
    """They open no case: none is both about the company and a complaint or pressing, as `journey.opening` asks."""
    dogs = [LOOK_ALIKE.text, *(cue.text for cue, about in JUDGED_BEFORE if not about)]
    for reading in analyse(dogs, [Context(brand="plum")] * len(dogs), models, {"plum": PLUM}):
        calls = reading.complaint >= 0.5 or reading.urgency.level in ("high", "critical")
        assert not (calls and reading.relevance and reading.relevance.label == "relevant")


def test_who_did_not_write_to_us_still_becomes_a_case(models: Models) -> None:
    [reading] = analyse([OVERHEARD.text], [Context(brand="plum")], models, {"plum": PLUM})
    assert reading.relevance
    assert reading.relevance.label == "relevant"
    assert reading.complaint >= 0.5


def test_series_gets_angrier(models: Models) -> None:
    levels = []
    for place, cue in enumerate(SERIES):
        history = tuple(HistoryItem("contact", earlier.text) for earlier in SERIES[:place])
        context = Context(brand="plum", author="gus", history=history, addressed=True)
        [mood] = moods([context], analyse([cue.text], [context], models, {"plum": PLUM}), models, {"plum": PLUM})
        levels.append(mood.value)
    assert levels == sorted(levels, reverse=True), levels
    assert levels[-1] < -0.5 < levels[0]


def test_one_complaint_stands_on_five_sites_and_every_post_fits_its_place() -> None:
    assert len({cue.account for cue in COPIES}) == 5
    assert all(COPIED in cue.text for cue in COPIES)
    for cue in EVERY_POST:
        caps = Simulated().caps_for(Account("", settings={"like": BY_ACCOUNT[cue.account].like}))
        assert caps.max_length is None or length(cue.text, caps.unit) <= caps.max_length
        assert cue.who in PEOPLE
    assert len({post_of(cue).id for cue in EVERY_POST}) == len(EVERY_POST)


def test_every_seed_tells_the_story_and_the_series_ends_before_ones_eyes() -> None:
    for seed in (1, 2):
        told = [post for _, post in zip(range(400), Traffic(seed), strict=False)]
        assert [post.id for post in told if post.id.startswith("story-")] == [
            post_of(cue).id for cue in sorted(CUES, key=lambda cue: cue.beat)
        ]
    assert list(islice(Traffic(1), 50)) == list(islice(Traffic(1), 50))
    assert [cue.beat > PAST_BEATS for cue in SERIES] == [False, False, True, True]


@pytest.mark.django_db
def test_one_case_names_the_public_places_where_the_same_was_told(tmp_path: Path) -> None:
    inboxes = {name: make_inbox(name) for name, _ in INBOXES}
    with StandIn(tmp_path / "venue.jsonl") as stand_in:
        wires = [connect(BY_ACCOUNT[cue.account], inboxes[BY_ACCOUNT[cue.account].inbox], stand_in) for cue in COPIES]
    for wire, cue in zip(wires, COPIES, strict=True):
        arrive(Channel.objects.get(key=wire.channel_key), event_of(post_of(cue)))
        drain()
    told = Case.objects.filter(contact__name=PEOPLE["hedda"][0], inbox=inboxes["Care, public"])
    assert [place.venue for case in told for place in places_of(case)] == ["simulated"] * 3


HOME = "http://127.0.0.1:8420"


class Played:
    """The demo's accounts with their stand-in, and Tessa who may answer at all of them."""

    def __init__(self, stand_in: StandIn) -> None:
        inboxes = {name: make_inbox(name) for name, _ in INBOXES}
        self.wires = [connect(stage, inboxes[stage.inbox], stand_in) for stage in STAGES]
        self.channels = {wire.account: Channel.objects.get(key=wire.channel_key) for wire in self.wires}
        self.tessa = an_agent("Tessa", role=Role.OWNER)

    def tell(self, post: Post, *events: dict[str, Any]) -> None:
        arrive(self.channels[post.account], event_of(post, home=HOME), *events)
        drain()

    def case(self, cue: Cue) -> Case:
        return Case.objects.get(conversations__messages__external_id=post_id(cue.thread))


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Played]:
    with StandIn(tmp_path / "venue.jsonl") as stand_in:
        yield Played(stand_in)


@pytest.mark.django_db
def test_rules_of_the_venues_that_are_played_refuse_with_their_reasons(played: Played) -> None:
    for cue in (MOVE, OVERHEARD, WINDOW):
        played.tell(post_of(cue))
    reviewed = replace(post_of(REVIEW), hours_ago=1)
    played.tell(reviewed, answer_of(reviewed, 60))

    [late] = ways_to_answer(played.tessa, played.case(WINDOW))
    assert (late.visibilities, late.closed_because) == ((), TOO_LATE)
    [review] = ways_to_answer(played.tessa, played.case(REVIEW))
    assert (review.closed_because, played.case(REVIEW).status) == (ONE_REPLY, Status.WAITING)
    [overheard] = ways_shown(played.tessa, played.case(OVERHEARD))
    public = overheard.kinds[0]
    assert (public.why_not, public.there) == (UNASKED, f"{HOME}/demo/venue/?post={post_id(OVERHEARD.thread)}")

    case = played.case(MOVE)
    [way] = ways_to_answer(played.tessa, case)
    assert set(way.visibilities) == {Visibility.PUBLIC, Visibility.PRIVATE}
    answers(played.tessa, case, "We are sorry, and look into it.", visibility=Visibility.PUBLIC)
    answers(played.tessa, case, "Please tell me your number here.", visibility=Visibility.PRIVATE)
    [way] = ways_to_answer(played.tessa, case)
    assert (way.visibilities, way.refusals) == ((Visibility.PUBLIC,), {Visibility.PRIVATE: ONE_MESSAGE})


@pytest.mark.django_db
def test_who_was_asked_into_private_answers_there_in_the_same_case(played: Played, tmp_path: Path) -> None:
    with StandIn(tmp_path / "live.jsonl") as stand_in:
        player = Player(stand_in, (), base_url=HOME, rate=20, seed=1)
        player.post(post_of(MOVE))
        player.follow_up("story-move", private=True)
        question, answer = stand_in.books[MOVE.account].events
    arrive(played.channels[MOVE.account], question)
    drain()
    case = played.case(MOVE)
    answers(played.tessa, case, "Please tell me your number here.", visibility=Visibility.PRIVATE)
    arrive(played.channels[MOVE.account], answer)
    drain()
    assert (answer["text"], answer["audience"]) == (MOVE.after_answer[0], "private")
    assert Case.objects.count() == 1
    ways = ways_to_answer(played.tessa, case)
    assert ways[0].visibilities == (Visibility.PRIVATE,)
    assert ways[0].standing.window_ends


@pytest.mark.django_db
def test_every_account_takes_an_answer_and_seven_stand_in_the_inbox_by_their_names(played: Played) -> None:
    for number, stage in enumerate(stage for stage in STAGES if stage.targets_us != "keyword"):
        who = post_of(MOVE).author
        text = "@plumcare my invoice is wrong for the third time and nobody answers."
        played.tell(Post(stage.account, f"p{number}", f"t{number}", replace(who, id=f"u{number}"), text))
    cases = list(Case.objects.order_by("pk"))
    assert len(cases) == 7
    names = [way.name for case in cases for way in ways_shown(played.tessa, case)]
    assert names == [stage.name for stage in STAGES if stage.targets_us != "keyword"]
    assert all("(simulated)" in name for name in names)
    rows = case_rows(played.tessa, list(Case.objects.select_related("contact", "inbox", "assignee")), at=now())
    assert {row_shown(row).venue for row in rows} == set(names)
    for case in cases:
        [way] = ways_to_answer(played.tessa, case)
        answers(played.tessa, case, "We look into it.", visibility=way.visibilities[0])


def heard(world: World, *cues: object) -> None:
    for cue in cues:
        post = post_of(cue)  # type: ignore[arg-type]
        say(world.square, known(post.author.id), post.text, external_id=post.id, thread_id=post.thread, case_reason="")


@pytest.mark.django_db
def test_colleagues_judge_and_two_posts_wait_for_the_viewers_word(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world()
    monkeypatch.setattr(correcting, "COLLEAGUES", (world.tessa.email, world.ruben.email))
    monkeypatch.setattr(correcting.connection, "close", lambda: None)
    clock = [100.0]
    monkeypatch.setattr(correcting, "monotonic", lambda: clock[0])
    watch = Correcting()
    assert watch.step() == ()
    heard(world, *(cue for cue, _ in JUDGED_BEFORE), LOOK_ALIKE)
    assert not Case.objects.exists()
    assert watch.step() == ()
    said = dict(Correction.objects.values_list("message__external_id", "new_value"))
    assert said == {post_id(cue.thread): "relevant" if about else "irrelevant" for cue, about in JUDGED_BEFORE}
    assert Correction.objects.values("agent").distinct().count() == 2
    assert judge()
    assert Correction.objects.count() == 5
    message = Message.objects.get(external_id=post_id(LOOK_ALIKE.thread))
    correct(message_id=message.pk, field="relevance", value="irrelevant", author=author_of(world.tessa))
    clock[0] += 60
    assert watch.step() == (), "nothing is learnt yet, however long that takes"
    newest = Correction.objects.latest("pk").pk
    figures = dict.fromkeys(("examples", "relevant", "cancelled", "agents", "tested", "right", "right_before"), 0)
    keep_model(
        brand=world.brand, at=now(), take=True, base="b", weights={}, probe=None, newest_correction=newest, **figures
    )
    assert watch.step() == ()
    clock[0] += 5
    assert watch.step() == AFTER_CORRECTION
    assert watch.step() == ()
