"""The reading as a whole: total, deterministic, independent of its neighbours, honest about what it does not know."""

import subprocess
import sys
from dataclasses import asdict
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hark.understanding.analyse import analyse
from hark.understanding.folds import moods
from hark.understanding.loading import Models
from hark.understanding.types import FLAGS, Context, HistoryItem, Reading
from tests.paths import shared
from tests.understanding.conftest import PLUM, Read

HOSTILE = [
    "",
    " ",
    "\n\t",
    "\x00",
    "\ud800",
    "a\ud800b\udfff",
    "\u200b\u200b",
    "\U0001f621\U0001f621",
    "!!!???",
    "مرحبا، لم تصل الشحنة بعد",
    "\u202eesrever\u202c",
    "ＦＵＬＬ ｗｉｄｔｈ",
    "e" * 100_000,
    "fire " * 20_000,
    "𝖈𝖍𝖆𝖗𝖌𝖊𝖗 caught fire",
    "&amp;&#0;&#xD800;&nbsp;",
    "שלום, החשבון שגוי",
    "<script>alert(1)</script>",
    "0" * 5_000,
    "@a" * 3_000,
    "http://x" * 2_000,
    "\u0301" * 500,
    "ᄀᄀᄀ각ᆨᆨ",
    "İİİ ß ŉ",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!͖̬̰̙̗̿̋ͥͥ̂ͣ̐́́͜͞",
]
TEXTS = [
    "My flight leaves tomorrow and nobody answers, this is terrible",
    "thanks so much, lovely people",
    "Plum took my money twice and I want a refund",
    "ich warte seit drei Wochen auf meine Rechnung",
    "😡😡",
]


def same(one: Reading, other: Reading) -> bool:
    return asdict(one) == asdict(other)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_any_text_gets_a_reading(read: Read, text: str) -> None:
    reading = read(text, brand="plum", author="ann", history=(HistoryItem("contact", text), HistoryItem("agent", text)))
    check(reading, text)


@given(st.text(alphabet=st.characters(codec=None), max_size=300))
@settings(deadline=None, max_examples=150)
def test_random_text_gets_a_reading(models: Models, text: str) -> None:
    check(analyse([text], [Context(brand="plum")], models, {"plum": PLUM})[0], text)


def test_naughty_strings_get_a_reading(models: Models) -> None:
    lines = shared("data", "hostile", "naughty-strings", "blns.txt").read_text(encoding="utf-8").splitlines()
    for line, reading in zip(lines, analyse(lines, [Context()] * len(lines), models, {}), strict=True):
        check(reading, line)


def check(reading: Reading, text: str) -> None:
    feeling = reading.sentiment
    assert feeling.negative + feeling.neutral + feeling.positive == pytest.approx(1.0, abs=1e-3)
    assert all(0.0 <= p <= 1.0 for p in (reading.offensive, reading.complaint))
    assert -1.0 <= reading.intensity <= 1.0
    assert reading.reasons
    if reading.urgency.level in ("high", "critical"):
        assert reading.urgency.reasons
    for reason in reading.reasons:
        assert reason.why.strip()
        if reason.span:
            assert 0 <= reason.span[0] < reason.span[1] <= len(text)
    assert set(reading.as_json()["flags"]) == set(FLAGS)


def test_same_input_gives_the_same_reading_whatever_stands_beside_it(models: Models) -> None:
    contexts = [Context(brand="plum", author=str(place)) for place in range(len(TEXTS))]
    together = analyse(TEXTS, contexts, models, {"plum": PLUM})
    crowd = analyse(HOSTILE + TEXTS, [Context()] * len(HOSTILE) + contexts, models, {"plum": PLUM})[len(HOSTILE) :]
    for place, (text, context) in enumerate(zip(TEXTS, contexts, strict=True)):
        alone = analyse([text], [context], models, {"plum": PLUM})[0]
        assert same(alone, together[place])
        assert same(alone, crowd[place])


def test_readings_are_the_same_in_another_process() -> None:
    code = (
        "from hark.understanding.loading import load_models\n"
        "from hark.understanding.analyse import analyse\n"
        "from hark.understanding.types import Context\n"
        f"print([r.as_json() for r in analyse({TEXTS!r}, [Context()]*{len(TEXTS)}, load_models(), {{}})])\n"
    )
    outputs = {subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout for _ in range(2)}
    assert len(outputs) == 1
    assert outputs.pop()


def test_reading_needs_no_django_and_no_network() -> None:
    code = (
        "import socket, sys\n"
        "def refused(*a, **k): raise OSError('network touched')\n"
        "socket.socket.connect = socket.create_connection = socket.getaddrinfo = refused\n"
        "from hark.understanding.loading import load_models\n"
        "from hark.understanding.analyse import analyse\n"
        "from hark.understanding.types import Context\n"
        "import hark.understanding.command\n"
        "assert analyse(['Bonjour, ma commande est en retard'], [Context()], load_models(), {})[0].language == 'fr'\n"
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'django', 'sklearn', 'scipy', 'requests', 'httpx'}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_contexts_and_texts_must_pair(models: Models) -> None:
    with pytest.raises(ValueError, match="as many"):
        analyse(["a"], [], models, {})
    assert analyse([], [], models, {}) == []


def test_danger_is_critical_with_its_words_marked(read: Read) -> None:
    text = "hello \U0001f525 the charger caught fire in my son's room"
    reading = read(text)
    assert reading.flags.safety
    assert reading.urgency.level == "critical"
    assert text[slice(*(reading.reasons[0].span or (0, 0)))] == "caught fire"


def test_span_is_in_code_points_of_the_given_text(read: Read) -> None:
    text = "\u202a&lt;b&gt; ﬁrst \U0001f621 it ca\u200bught fire"
    span = next(reason.span for reason in read(text).reasons if reason.field == "flags.safety")
    assert span is not None
    assert text[slice(*span)] == "ca\u200bught fire"


def test_anger_is_not_urgency(read: Read) -> None:
    reading = read("THIS IS THE WORST FUCKING COFFEE I EVER HAD!!!")
    assert reading.urgency.level in ("low", "normal")
    assert not reading.flags.abuse
    assert "shouting" in reading.signals
    assert "curse" in reading.signals


def test_date_raises_a_legal_threat(read: Read) -> None:
    assert read("My lawyer will write to you").urgency.level == "normal"
    assert read("My lawyer will write to you by Friday").urgency.level == "high"


def test_fourth_unanswered_message_presses(read: Read) -> None:
    asked = HistoryItem("contact", "where is my refund?")
    reading = read("where is my refund? please answer", history=(asked, asked, asked))
    assert reading.urgency.level == "high"
    assert "message number 4 without an answer" in reading.urgency.reasons
    answered = HistoryItem("agent", "we are looking")
    assert read("where is my refund? please answer", history=(asked, asked, answered)).urgency.level == "normal"


def test_too_few_letters_silence_all(read: Read) -> None:
    silent = {"sentiment", "intensity", "offensive", "complaint", "urgency", "emotion", "intent", "language"}
    assert set(read("ok").abstain) == silent
    assert read("").score is None
    assert read("").intensity == 0.0


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("bhai kya hua, mera order abhi tak nahi aya hai", "hi"),
        ("aap log kuch karo yaar, bahut problem hai", "hi"),
        ("मेरा ऑर्डर अभी तक नहीं आया है", "hi"),
        ("ek jo ke se par ka ho", "und"),  # words that stand in other languages too never tell it alone
        ("Nahi is a cafe near the station, ki and ka are on the menu there", "en"),
    ],
)
def test_hindi_is_told_in_either_script(read: Read, text: str, code: str) -> None:
    assert read(text).language == code


def test_language_that_is_read_badly_is_left_open(read: Read) -> None:
    assert "sentiment" in read("bhai kya bakwas service hai, mera order abhi tak nahi aya").abstain


def test_short_text_takes_the_language_of_the_thread_then_of_the_brand(read: Read) -> None:
    assert read("danke!").language == "und"
    assert read("danke!", language_hint="de").language == "de"
    assert read("merci", brand="plum").language == "en"
    assert read("Guten Tag, meine Rechnung stimmt schon wieder nicht", language_hint="fr").language == "de"


def test_offence_is_not_claimed_outside_english(read: Read) -> None:
    assert "offensive" in read("Das ist wirklich eine bodenlose Frechheit von euch").abstain


def test_irrelevant_text_gets_no_worked_out_head_reasons(read: Read) -> None:
    fields = {reason.field for reason in read("plum jam is the best jam, so happy", brand="plum").reasons}
    assert fields == {"relevance"}


def test_repeats_and_unanswered_messages_lower_the_score(read: Read) -> None:
    text = "my parcel has not arrived and nobody tells me anything"
    first, again = read(text), read(text.replace("nobody", "noone"), history=(HistoryItem("contact", text),))
    assert {"repeat", "unanswered:2"} <= set(again.signals)
    assert (again.score or 0.0) < (first.score or 0.0)


def test_json_has_every_field_of_the_documented_shape(models: Models) -> None:
    context = Context(brand="plum", author="ann", sent_at=datetime(2026, 1, 1, tzinfo=UTC))
    reading = analyse(["Plum is down again, hopeless"], [context], models, {"plum": PLUM})[0]
    mood = moods([context], [reading], models, {"plum": PLUM})[0]
    shape = reading.as_json(mood)
    assert set(shape) == {
        "language",
        "relevance",
        "sentiment",
        "intensity",
        "offensive",
        "complaint",
        "emotion",
        "intent",
        "urgency",
        "mood",
        "flags",
        "duplicate_key",
        "abstain",
        "reasons",
        "model_version",
    }
    assert set(shape["mood"]) == {"score", "value", "slope", "level"}
    assert any(reason["field"] == "mood" for reason in shape["reasons"])
    assert shape["model_version"] == models.version
    assert set(shape["emotion"]["p"]) == {"anger", "joy", "optimism", "sadness"}
    assert sum(shape["emotion"]["p"].values()) == pytest.approx(1.0, abs=1e-3)
    assert set(shape["intent"]) == {"label", "p"}


def test_mood_reads_what_has_no_score_and_never_agents(models: Models) -> None:
    angry = "you lied to me, this is a disgrace and I am furious"
    history = (HistoryItem("contact", angry), HistoryItem("agent", angry), HistoryItem("contact", "x", None, -0.5))
    context = Context(history=history)
    readings = analyse(["hello again"], [context], models, {})
    folded = moods([context], readings, models, {})[0]
    without = Context(history=(HistoryItem("contact", "x", None, -0.5),))
    assert folded.value < moods([without], readings, models, {})[0].value
    kept = Context(history=(HistoryItem("contact", angry, None, 0.9), HistoryItem("contact", angry, None, 0.9)))
    assert moods([kept], analyse([""], [kept], models, {}), models, {})[0].value == 0.9
