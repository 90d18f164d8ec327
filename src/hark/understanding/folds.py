"""The mood fold around readings: it scores what was not scored yet, then folds. State comes in, none is kept."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from hark.understanding.analyse import Brands, analyse
from hark.understanding.loading import Models
from hark.understanding.mood import LAST, Scored, mood
from hark.understanding.ngrams import tokens
from hark.understanding.normalise import canonical, normalise
from hark.understanding.signals import signals_of
from hark.understanding.types import Context, Mood, Reading


def moods(contexts: Sequence[Context], readings: Sequence[Reading], models: Models, brands: Brands) -> list[Mood]:
    """The mood after each message: over the contact's own last messages in its history, and the message itself.

    History without a score is read here, all of it in one batch; an item with a score is never read again.
    """
    unread: list[tuple[str, Context]] = []
    for context in contexts:
        unread.extend(_unread(context))
    known = analyse([text for text, _ in unread], [before for _, before in unread], models, brands)
    read = iter(known)
    return [_mood(context, reading, read, models) for context, reading in zip(contexts, readings, strict=True)]


def _own_places(context: Context) -> list[int]:
    """Where in the history the contact's own last messages stand: one place is left for the message at hand."""
    own = [place for place, item in enumerate(context.history) if item.author == "contact"]
    return own[-LAST:]


def _unread(context: Context) -> list[tuple[str, Context]]:
    """Texts of the contact without a score, each with the history that stood before it."""
    return [
        (context.history[place].text, replace(context, history=context.history[:place]))
        for place in _own_places(context)
        if context.history[place].score is None
    ]


def _mood(context: Context, reading: Reading, read: Iterator[Reading], models: Models) -> Mood:
    folded = []
    for place in _own_places(context):
        item = context.history[place]
        if item.score is None:
            earlier = next(read)
            score, signals = earlier.score, earlier.signals
        else:
            score, signals = item.score, _signals(item.text, context.language_hint, models)
        if score is not None:
            folded.append(Scored(score, item.sent_at, signals))
    if reading.score is not None:
        folded.append(Scored(reading.score, context.sent_at, reading.signals))
    return mood(folded)


def _signals(text: str, language: str | None, models: Models) -> tuple[str, ...]:
    """What an already scored message shows for the reasons in words: cursing, insults, shouting."""
    clean = normalise(text)
    called = models.rules.called_by(tokens(clean.lower()))
    hits = models.rules.hits(clean, language or "en", called)
    return signals_of(clean, canonical(clean), (hit.rule.sets for hit in hits), ())
