"""The settings page of readings: agreement as it is, models to go back to, the noise of the week for a second look."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hark.conversations.actions.corrections import correct
from hark.conversations.actions.figures import count_left_aside, count_weeks
from hark.conversations.actions.learning import keep_model
from hark.conversations.models import BrandModel, Correction, LeftAside, Message, ReadingWeek
from hark.conversations.queries.figures import drawn_for, left_aside
from hark.conversations.types import Visibility
from hark.kernel.time import database_now
from hark.organisation.models import Agent
from hark.workspace.actions.acts import author_of
from tests.conversations.desk import answers
from tests.workspace.fixtures import SignedIn, page_of
from tests.workspace.makers import World, an_intent, case_of, known, make_corner, say

PATH = "/settings/readings/"
HTMX = {"HX-Request": "true"}
WEIGHTS = {"examples": 8, "bias": 0.1, "prior_gain": 0.2, "words": {"7": 0.5}, "near": []}


def a_model(world: World, *, take: bool = True, **more: Any) -> BrandModel:
    """A model of the brand."""
    figures: dict[str, Any] = {
        "base": "test", "weights": WEIGHTS, "probe": None, "newest_correction": 1, "examples": 8, "relevant": 5,
        "cancelled": 0, "agents": 2, "tested": 0, "right": 0, "right_before": 0,
    }  # fmt: skip
    return keep_model(brand=world.brand, at=database_now(), take=take, **{**figures, **more})


def noise(world: World, number: int, *, why: str = "“plum” is how the ordinary word is used", **more: Any) -> Message:
    """A post that was left aside."""
    reads = {"label": "irrelevant", "p": 0.02, "about": (why,)}
    place = {"visibility": Visibility.PUBLIC, "kind": "post", "case_reason": "", "thread_id": f"n{number}"}
    return say(world.square, known(f"n{number}"), f"plum cake {number}", reads=reads, **{**place, **more})


def judged(message: Message, agent: Agent, field: str, value: str) -> None:
    """An agent's word."""
    correct(message_id=message.pk, field=field, value=value, author=author_of(agent))


def week_of(world: World) -> dict[str, tuple[int, int]]:
    """Field → (looked at, changed), counted now."""
    count_weeks(at=database_now())
    rows = ReadingWeek.objects.filter(brand=world.brand)
    found: dict[str, tuple[int, int]] = {}
    for row in rows:  # around Monday a message of a minute ago is of the week before
        looked, changed = found.get(row.field, (0, 0))
        found[row.field] = (looked + row.looked_at, changed + row.changed)
    return found


def test_answered_counts_as_looked_at_and_corrected_as_changed(world: World) -> None:
    first = say(world.chat, known("ann"), "It fails.", reads={"mood": "negative"})
    say(world.chat, known("bob"), "Nobody has answered me.")
    assert week_of(world) == {}
    answers(world.tessa, case_of(first))
    fields = ("relevance", "sentiment", "complaint", "urgency", "offensive")  # the others are left open
    assert week_of(world) == dict.fromkeys(fields, (1, 0))
    judged(first, world.tessa, "sentiment", "neutral")
    judged(first, world.ruben, "complaint", "true")
    judged(first, world.ruben, "complaint", "false")
    assert week_of(world)["sentiment"] == (1, 1)
    assert week_of(world)["complaint"] == (1, 0), "what is taken back was no change"


def test_offence_emotion_and_intent_are_corrected_in_the_form_shown_and_counted(
    world: World, signed_in: SignedIn
) -> None:
    own = an_intent(world)
    said = say(world.chat, known("ann"), "Well, thank you so much.", reads={"offensive": 0.9})
    said.readings.update(data={**said.readings.get().data, "abstain": [], "signals": ["curse"]})
    page = page_of(signed_in(world.tessa).get(f"/case/{case_of(said).key}/"))
    assert "Curses, at nobody" in page
    assert f'<option value="{own.name}">{own.name}</option>' in page
    form = {"offensive": "false", "emotion": "anger", "intent": own.name}
    was = {"was_offensive": "true", "was_emotion": "none", "was_intent": "other"}
    sent = signed_in(world.tessa).post(f"/message/{said.key}/correct/", {**form, **was}, headers=HTMX)
    assert sent.status_code == 204
    told = dict(Correction.objects.values_list("field", "new_value"))
    assert told == form
    page = page_of(signed_in(world.ruben).get(f"/case/{case_of(said).key}/"))
    assert "Curses, at nobody" not in page
    assert "Emotion: none of these, now anger (Tessa Okonedo" in page
    assert f'<option value="{own.name}" selected>{own.name}</option>' in page
    assert f"<span>{own.name}</span>" in page
    counted = week_of(world)
    assert [counted[field] for field in form] == [(1, 1)] * 3
    rows = page_of(signed_in(world.owner).get(PATH))
    assert all(f'<th scope="row">{name}</th>' in rows for name in ("Offensive", "Emotion", "Intent"))


def test_intent_that_the_brand_does_not_have_is_no_correction(world: World, signed_in: SignedIn) -> None:
    said = say(world.chat, known("ann"), "Hello?")
    form = {"intent": "conquer_the_world", "was_intent": "other"}
    signed_in(world.tessa).post(f"/message/{said.key}/correct/", form, headers=HTMX)
    assert not Correction.objects.exists()


def test_judged_in_the_stream_counts_for_that_field_and_what_was_open_not_at_all(world: World) -> None:
    confirmed, changed = noise(world, 1), noise(world, 2)
    judged(confirmed, world.tessa, "relevance", "irrelevant")
    judged(changed, world.tessa, "relevance", "relevant")
    [doubt] = [noise(world, 3)]
    doubt.readings.update(relevance="unsure", data={**doubt.readings.get().data, "abstain": ["relevance"]})
    judged(doubt, world.tessa, "relevance", "relevant")
    assert week_of(world) == {"relevance": (2, 1)}


def test_relevance_that_an_address_settled_is_no_agreement(world: World) -> None:
    message = say(world.chat, known("ann"), "It fails.", reads={"p": 0.99})
    answers(world.tessa, case_of(message))
    assert "relevance" not in week_of(world)


def test_page_shows_agreement_where_enough_was_looked_at(world: World, signed_in: SignedIn) -> None:
    monday = database_now().date() - timedelta(days=database_now().weekday())
    for back, (looked, changed, base) in enumerate([(200, 8, "2026.2+bbbbbbbb"), (4, 0, "2026.1+aaaaaaaa")]):
        ReadingWeek.objects.create(
            brand=world.brand, week=monday - timedelta(weeks=back), field="complaint", looked_at=looked,
            changed=changed, bases=[base],
        )  # fmt: skip
    page = page_of(signed_in(world.owner).get(PATH))
    assert "96 %" in page
    assert "192 of 200" in page
    assert "few" in page
    assert "4 of 4" in page
    assert "new models: 2026.2+bbbbbbbb" in page
    assert "new models: 2026.1" not in page, "before it nothing is known"


def test_going_back_and_learning_anew_by_the_page(world: World, signed_in: SignedIn) -> None:
    a_model(world)
    a_model(world, tested=4, right=3, right_before=2)
    a_model(world, take=False, tested=4, right=1, right_before=3)
    client = signed_in(world.owner)
    page = page_of(client.get(PATH))
    assert "3 of 4, before 2" in page
    assert "kept back: worse on the newest" in page
    act = f"{PATH}{world.brand.key}/act/"
    assert client.post(act, {"model": "1"}).status_code == 302
    assert BrandModel.objects.get(active=True).number == 1
    assert "in use, Ada Owner went back to it" in page_of(client.get(PATH))
    assert client.post(act, {"model": "77"}).status_code == 404
    assert client.post(act, {"learn": "anew"}).status_code == 302
    assert BrandModel.objects.get(active=True).held_by is None
    assert signed_in(world.tessa).post(act, {"model": "2"}).status_code == 404
    assert signed_in(world.tessa).get(PATH).status_code == 404


def test_noise_is_counted_by_rule_and_drawn_the_same_all_day(world: World, signed_in: SignedIn) -> None:
    said = [noise(world, number) for number in range(30)]
    noise(world, 31, why="“cake” is on the brand's list of look-alikes")
    say(world.chat, known("ann"), "A case is not aside", reads={"label": "irrelevant", "p": 0.1})
    for _ in range(2):  # twice is as once
        count_left_aside(at=database_now())
    at = database_now()
    assert [(one.why, one.number) for one in left_aside(world.brand, at=at)] == [
        ("“…” is how the ordinary word is used", 30),
        ("“…” is on the brand's list of look-alikes", 1),
    ]
    first = [row.id for row in drawn_for(world.owner, world.brand, day=at.date())]
    assert len(first) == len(set(first)) == 20
    assert first == [row.id for row in drawn_for(world.owner, world.brand, day=at.date())]
    assert first != [row.id for row in drawn_for(world.owner, world.brand, day=at.date() + timedelta(days=1))]
    judged(said[0], world.tessa, "relevance", "relevant")
    page = page_of(signed_in(world.owner).get(PATH))
    assert "31 messages were read as noise" in page
    assert page.count("data-heard=") == 20


def test_draw_shows_nobody_what_another_inbox_heard(world: World) -> None:
    noise(world, 1)
    count_left_aside(at=database_now())
    at = database_now()
    assert drawn_for(world.stranger, world.brand, day=at.date()) == []
    assert len(drawn_for(world.tessa, world.brand, day=at.date())) == 1


def test_old_hours_are_forgotten_and_late_ones_counted_anew(world: World) -> None:
    at = database_now()
    LeftAside.objects.create(
        brand=world.brand, hour=at - timedelta(days=40), why="x", model_version="test", number=1, first=1, last=1
    )
    noise(world, 1)
    count_left_aside(at=at)
    noise(world, 2)
    count_left_aside(at=at)
    assert [row.number for row in LeftAside.objects.all()] in ([2], [1, 1])


def test_page_asks_the_same_number_of_questions_however_much_there_is(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.owner)

    def statements() -> int:
        count_left_aside(at=database_now())
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert client.get(PATH).status_code == 200
        return len(asked)

    noise(world, 1)
    a_model(world)
    judged(noise(world, 2), world.tessa, "relevance", "relevant")
    client.get(PATH)
    before = statements()
    for number in range(3, 40):
        noise(world, number)
    for _ in range(12):
        a_model(world)
    assert statements() == before


def test_lane_says_what_corrections_have_taught_and_no_more(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.tessa)
    lane = "/stream/?judged=unsure"
    assert "Plum: no corrections yet. It learns once agents have judged 3 more." in page_of(client.get(lane))
    judged(noise(world, 1), world.tessa, "relevance", "relevant")
    assert "Plum: 1 correction so far. It learns once agents have judged 2 more." in page_of(client.get(lane))
    for number, value in enumerate(("relevant", "irrelevant"), 2):
        judged(noise(world, number), world.tessa, "relevance", value)
    assert "Plum: 3 corrections so far. It learns within a minute" in page_of(client.get(lane))
    a_model(world, tested=5, right=4, right_before=3)
    page = page_of(client.get(lane))
    assert "Plum: model 1 learnt from 8 corrections by 2 agents; of the newest 5, not shown to it, it judged 4" in page
    assert "Plum:" not in page_of(client.get("/stream/"))


def test_correction_form_shows_model_chance_and_history(world: World, signed_in: SignedIn) -> None:
    agent, channel = make_corner(world, "Words")
    message = say(channel, known("ann"), "It fails.", reads={"mood": "negative", "complaint": 0.9})
    judged(message, agent, "complaint", "false")
    page = page_of(signed_in(agent).get(f"/case/{case_of(message).key}/?view=all"))
    assert 'Read by model <span class="mono">test</span>' in page
    assert "Complaint: yes <b>90 %</b>" in page
    assert "Mood: unhappy <b>80 %</b>" in page
    assert "Complaint: yes, now no (Ann Words, " in page


def test_warnings_are_taken_away_and_added_in_the_same_form(world: World, signed_in: SignedIn) -> None:
    agent, channel = make_corner(world, "Warn")
    message, client = say(channel, known("ann"), "I sue nobody, but it burns."), signed_in(agent)
    path, case = f"/message/{message.key}/correct/", f"/case/{case_of(message).key}/?view=all"
    assert client.post(path, {"warning": "flags.legal"}).status_code == 302
    page = page_of(client.get(case))
    assert '<select name="flags.legal">' in page
    assert '<option value="flags.legal">' not in page
    client.post(path, {"flags.legal": "false", "was_flags.legal": "true", "warning": "flags.safety"})
    page = page_of(client.get(case))
    assert "Legal: yes, now no (Ann Warn, " in page
    assert '<select name="flags.safety">' in page
    assert list(message.corrections.order_by("id").values_list("field", "new_value")) == [
        ("flags.legal", "true"), ("flags.legal", "false"), ("flags.safety", "true"),
    ]  # fmt: skip
    client.post(path, {"warning": "flags.nonsense"})
    assert message.corrections.count() == 3


@pytest.mark.parametrize("asked", ["?brand=brand_unknown", "?brand=%00"])
def test_unknown_brand_is_not_found(world: World, signed_in: SignedIn, asked: str) -> None:
    assert signed_in(world.owner).get(PATH + asked).status_code == 404
