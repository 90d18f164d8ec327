"""From answers, hits and evidence to one reading: levels, flags, abstentions and the reasons, strongest first."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hark.understanding.heads import Answers, sentiment_head
from hark.understanding.language import FEWEST_LETTERS, UNDETERMINED, Tongue
from hark.understanding.lexicon import bare
from hark.understanding.loading import Models
from hark.understanding.mood import message_score
from hark.understanding.normalise import duplicate_key
from hark.understanding.reasons import Places, ruled, worded
from hark.understanding.relevance import Evidence, explained
from hark.understanding.rules import Called, Hit
from hark.understanding.signals import signals_of
from hark.understanding.types import (
    EMOTIONS,
    FEELINGS,
    FLAGS,
    LEVELS,
    OTHER,
    BrandProfile,
    Context,
    Emotion,
    Flags,
    Intent,
    Level,
    Reading,
    Reason,
    Relevance,
    Sentiment,
    Urgency,
)

FEWEST_READ = 3  # letters below which every head abstains
MANY_TRIES = 4  # unanswered messages from which the case presses
SPEAKS = 0.5  # the decision point of the two-class heads
NAMED = {
    "safety": "wording of danger",
    "legal": "wording of a legal step",
    "press": "wording of the press",
    "leave": "wording of somebody who leaves",
    "outage": "wording of an outage",
    "abuse": "insulting wording",
    "presses": "pressing wording",
    "alarms": "wording of danger or loss at this moment",
}
RAISING: dict[str, Level] = {"alarms": "critical", "safety": "high", "presses": "high"}  # warnings that raise urgency
ASKED_FOR = ("please", "help", "bitte", "hilfe", "aide", "svp", "ayuda", "favor", "aiuto", "ajuda", "hulp", "graag")

Shares = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Passage:
    """A text on its way through the stages."""

    raw: str
    clean: str
    form: str
    words: list[str]
    tongue: Tongue
    context: Context
    brand: BrandProfile | None
    shown: Evidence | None
    relevance: Relevance | None
    letters: int
    intent: Intent = field(default_factory=Intent)


@dataclass(frozen=True, slots=True)
class _Case:
    """One passage with everything that was found out about it."""

    passage: Passage
    row: int
    found: Answers
    shares: Shares
    hits: list[Hit]
    warned: frozenset[str]
    models: Models
    places: Places

    @property
    def sets(self) -> frozenset[str]:
        """Flags and signals that rules or heads set."""
        return frozenset(hit.rule.sets for hit in self.hits) | self.warned

    @property
    def complains(self) -> bool:
        """By the linear head."""
        return self.found.complaint[self.row] >= SPEAKS

    @property
    def begs(self) -> bool:
        """Does it hold a question mark or a word of asking?"""
        return "?" in self.passage.clean or bool(set(ASKED_FOR) & set(self.passage.words))

    @property
    def asks(self) -> bool:
        """Is something wanted of the reader?"""
        return self.complains or self.found.asks[self.row] >= SPEAKS


def reading_of(
    passage: Passage, row: int, found: Answers, shares: Shares, calling: list[int], models: Models
) -> Reading:
    """Put the reading of one passage together; `calling` are the places of words that call for rules."""
    words = {word.removeprefix("#").removesuffix("'s") for word in passage.words}
    called = Called({bare(passage.words[place]) for place in calling}, words)
    hits = models.rules.hits(passage.clean, passage.tongue.guess, called, passage.brand)
    warned = _warned(passage, row, found, models)
    case = _Case(passage, row, found, shares, hits, warned, models, Places(passage.raw, passage.clean))
    abstain = _abstentions(case)
    blank = not passage.form and not passage.words
    signals = () if blank else signals_of(passage.clean, passage.form, case.sets, passage.context.history)
    urgency, pressing = _urgency(case, blank=blank)
    sentiment = _sentiment(case)
    return Reading(
        language=passage.tongue.code,
        relevance=passage.relevance,
        sentiment=sentiment,
        intensity=0.0 if "sentiment" in abstain else round(found.intensity[row], 4),
        offensive=round(found.offensive[row], 4),
        complaint=round(found.complaint[row], 4),
        urgency=urgency,
        flags=Flags(**dict.fromkeys(case.sets & set(FLAGS), True)),
        score=None if blank else message_score(sentiment.positive, sentiment.negative, signals),
        signals=signals,
        duplicate_key=duplicate_key(passage.form, passage.context.brand, passage.context.author),
        abstain=abstain,
        model_version=models.version,
        reasons=tuple(_reasons(case, abstain, pressing)),
        emotion=_emotion(case),
        intent=passage.intent,
    )


def _warned(passage: Passage, row: int, found: Answers, models: Models) -> frozenset[str]:
    """What the warning heads set, in the languages they know, unless a figure of speech or contentment is about."""
    said = found.warnings[row]
    if not said or found.feeling(row) == "positive" or passage.tongue.code not in models.heads["safety"].languages:
        return frozenset()
    # The encoder hears a figure of speech by itself; words alone do not.
    return frozenset() if not found.deep[row] and models.rules.figurative(passage.clean, passage.tongue.guess) else said


def _sentiment(case: _Case) -> Sentiment:
    """Rounded so that the three still sum to 1."""
    negative, neutral, _ = (round(p, 4) for p in case.found.sentiment[case.row])
    return Sentiment(case.found.feeling(case.row), negative, neutral, round(1.0 - negative - neutral, 4))


def _emotion(case: _Case) -> Emotion:
    """Rounded so that the four still sum to 1."""
    chances = case.found.emotion[case.row]
    head = [round(p, 4) for p in chances[:-1]]
    label = EMOTIONS[chances.index(max(chances))] if max(chances) >= SPEAKS else "none"
    return Emotion(label, (*head, round(1.0 - sum(head), 4)))


def _abstentions(case: _Case) -> tuple[str, ...]:
    """The fields that nothing may act on, in the order of the output."""
    names = []
    code = case.passage.tongue.code
    heads, row, found = case.models.heads, case.row, case.found
    few = case.passage.letters < FEWEST_READ
    sureness = {
        "sentiment": (sentiment_head(case.passage.tongue.guess), max(found.sentiment[row])),
        "offensive": ("offensive", _surer(found.offensive[row])),
        "complaint": ("complaint", _surer(found.complaint[row])),
        "emotion": ("emotion", max(found.emotion[row])),
    }

    def asked(head: str) -> float:
        return max(found.surest(head, heads[head], row), heads[head].stricter.get(code, 0.0))

    if code == UNDETERMINED:
        names.append("language")
    if case.passage.relevance and case.passage.relevance.label == "unsure":
        names.append("relevance")
    for name, (head, sure) in sureness.items():
        if few or code not in heads[head].languages or sure < asked(head):
            names.append(name)
            names.extend(["intensity"] if name == "sentiment" else [])
    if few or case.passage.intent.label == OTHER:
        names.append("intent")
    if few or (_floor(case)[0] == "low" and (code not in heads["asks"].languages or _unsure_to_ask(case))):
        names.append("urgency")
    return tuple(names)


def _surer(p: float) -> float:
    return max(p, 1.0 - p)


def _unsure_to_ask(case: _Case) -> bool:
    return _surer(case.found.asks[case.row]) < case.found.surest("asks", case.models.heads["asks"], case.row)


def _floor(case: _Case) -> tuple[Level, list[Hit]]:
    """The level that rules ask for, and the rules that ask for it."""
    floors = [(_hit_floor(hit, case), hit) for hit in case.hits]
    top = max((LEVELS.index(level) for level, _ in floors), default=0)
    return LEVELS[top], [hit for level, hit in floors if LEVELS.index(level) == top and top > 0]


def _hit_floor(hit: Hit, case: _Case) -> Level:
    """A rule's floor: some count only where something is asked, some are raised by a day or an hour."""
    rule = hit.rule
    if rule.when != "always" and not (case.complains or (rule.when == "asked" and case.begs)):
        return "low"
    if rule.by_deadline != "low" and "deadline" in case.sets:
        return max(rule.floor, rule.by_deadline, key=LEVELS.index)
    return rule.floor


def _urgency(case: _Case, *, blank: bool) -> tuple[Urgency, list[Reason]]:
    """The larger of head and rules: the head tells asking from chatter, rules raise it above that."""
    if blank:
        return Urgency("low"), []
    level, hits = _floor(case)
    reasons = [ruled("urgency", hit.rule.why, hit.span, case.places) for hit in hits]
    tries = _tries(case)
    if tries >= MANY_TRIES and level in ("low", "normal"):
        level, reasons = "high", [Reason("urgency", f"message number {tries} without an answer")]
    pressing = [name for name in RAISING if name in case.warned and not _ruled_out(name, case)]
    raised: Level = RAISING[pressing[0]] if pressing else "low"
    if LEVELS.index(raised) > LEVELS.index(level):
        level = raised
        shares = case.shares[:, case.models.heads[pressing[0]].start]
        reasons = [_by_words(case, "urgency", shares, NAMED[pressing[0]])]
    if level == "low" and case.asks:
        level = "normal"
    return Urgency(level, tuple(reason.why for reason in reasons)), reasons


def _ruled_out(name: str, case: _Case) -> bool:
    """A legal matter presses by its date: where rules read one and see none, the wording alone does not raise it."""
    legal = any(hit.rule.sets == "legal" for hit in case.hits)
    return name == "presses" and legal and "deadline" not in case.sets


def _tries(case: _Case) -> int:
    """How many messages in a row, this one counted, nobody answered; none where this one only chats."""
    if not case.asks:
        return 0
    count = 1
    for item in reversed(case.passage.context.history):
        if item.author == "agent":
            break
        count += 1
    return count


def _reasons(case: _Case, abstain: tuple[str, ...], pressing: list[Reason]) -> list[Reason]:
    """Rules first, then relevance, then what the heads read; at least one for whatever is shown."""
    found = [
        ruled(f"flags.{hit.rule.sets}", hit.rule.why, hit.span, case.places)
        for hit in case.hits
        if hit.rule.sets in FLAGS
    ]
    ruled_flags = {hit.rule.sets for hit in case.hits}
    for flag in FLAGS:
        if flag in case.warned and flag not in ruled_flags:
            shares = case.shares[:, case.models.heads[flag].start]
            found.append(_by_words(case, f"flags.{flag}", shares, NAMED[flag]))
    found = pressing + found
    verdict = case.passage.relevance
    if case.passage.brand and case.passage.shown and verdict:
        why = explained(case.passage.shown, verdict, case.passage.clean, case.passage.brand)
        found += [Reason(reason.field, reason.why, case.places.back(reason.span)) for reason in why]
    if verdict is None or verdict.label != "irrelevant" or case.passage.context.addressed:
        found += _head_reasons(case, abstain, asked=not pressing)
    return found + _language_reason(case)


def _head_reasons(case: _Case, abstain: tuple[str, ...], *, asked: bool) -> list[Reason]:
    """What the linear heads went by."""
    heads, found = case.models.heads, []
    if case.passage.letters < FEWEST_READ:
        return [Reason("sentiment", "too few letters to read")]
    if "complaint" not in abstain and case.complains:
        found.append(_by_words(case, "complaint", case.shares[:, heads["complaint"].start], "wording of a complaint"))
    found.append(_feeling_reason(case, unsure="sentiment" in abstain))
    if "offensive" not in abstain and case.found.offensive[case.row] >= SPEAKS:
        found.append(_by_words(case, "offensive", case.shares[:, heads["offensive"].start], "offensive wording"))
    if asked and case.asks and not case.complains:
        found.append(_by_words(case, "urgency", case.shares[:, heads["asks"].start], "a question or a wish"))
    return found


def _feeling_reason(case: _Case, *, unsure: bool) -> Reason:
    """Why this feeling: words against the other two classes."""
    head = case.models.heads[sentiment_head(case.passage.tongue.guess)]
    label = case.found.feeling(case.row)
    if unsure:
        return Reason("sentiment", "unsure: the words point in no clear direction")
    if label == "negative" and case.complains:
        return Reason("sentiment", "negative, because it complains")
    if label == "neutral":
        return Reason("sentiment", "no words that weigh strongly either way")
    columns = case.shares[:, head.columns]
    own = columns[:, FEELINGS.index(label)]
    return _by_words(case, "sentiment", own - (columns.sum(axis=1) - own) / 2, f"{label} wording")


def _by_words(case: _Case, field: str, shares: Shares, what: str) -> Reason:
    return worded(field, what, shares.astype(np.float64), case.passage.words, case.places)


def _language_reason(case: _Case) -> list[Reason]:
    """Said only where the text itself did not tell."""
    spoken = case.passage.tongue
    if spoken.source == "text":
        return []
    short = case.passage.letters < FEWEST_LETTERS
    why = "too short to tell the language" if short else "the language is not clear"
    return [Reason("language", f"{why}; taken from the thread, contact or brand" if spoken.source == "hint" else why)]
