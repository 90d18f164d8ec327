"""The same complaint on five sites: messages with the same words are put together, following the journal.

Nothing here is in the way of the mail: the journey does not wait for it, and a second or two later it is done.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta

from django.db import transaction

from hark.conversations.models import Message, Repeat, SameWords, WordBand
from hark.conversations.queries.same_words import READER, Said, met, own_words, said
from hark.kernel.actions import hold_reader, move_reader
from hark.kernel.db import execute
from hark.kernel.queries import events_after, reader_position
from hark.kernel.time import database_now
from hark.understanding.passed_on import is_passed_on
from hark.understanding.sameness import CROWDED, bands_of, by_votes, same_words

FOLLOWED = 500
REMEMBERED = timedelta(days=7)  # for how long after a text was first said another one is compared with it
COMPARED = 8  # texts that one message is compared with letter by letter, beside its author's own
FOLLOWS = frozenset({"message.received", "message.edited"})
FORGOTTEN_AT_ONCE = 50_000
FORGET = """
    DELETE FROM conversations_wordband WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM conversations_wordband WHERE said_date < %s LIMIT %s))
"""


def follow_repeats() -> bool:
    """Put together what was said since last time; True when there may be more.

    One transaction, one worker at a time; the reader's place moves with what was written. An event only says which
    messages to look at: they are read as they are now, so that doing it twice, or late, changes nothing.
    """
    return bool(events_after(reader_position(READER), limit=1)) and _follow()


@transaction.atomic
def _follow() -> bool:
    place = hold_reader(READER)
    events = events_after(place, limit=FOLLOWED) if place else []
    if not events:
        return False
    told = {event.data["message"]: event.kind for event in events if event.kind in FOLLOWS and event.data["message"]}
    ids = dict(Message.objects.filter(key__in=told).values_list("pk", "key")) if told else {}
    _part(number for number, key in ids.items() if told[key] == "message.edited")
    fold_repeats(message_ids=ids)
    move_reader(name=READER, position=events[-1].position)
    return len(events) == FOLLOWED


def _part(edited: Iterable[int]) -> None:
    """What says something else now is compared anew; a first message stays what the others said like it."""
    ids = list(edited)
    if ids:
        Repeat.objects.filter(message__in=ids).exclude(words__in=ids).delete()


@transaction.atomic
def fold_repeats(*, message_ids: Collection[int]) -> None:
    """Put each of these messages to those of its brand that say the same, or remember it as the first to say so.

    In the caller's transaction where there is one; those who do it at the same time may each make a first. Idempotent.
    Six queries however many messages, bounded by the messages and not by what was ever said.
    """
    new = [one for one in said(message_ids) if one.words_id is None and one.utterance.form]
    if not new:
        return
    since = (database_now() - REMEMBERED).date()
    folding = _Folding(new, {one.id: _bands(one) for one in new if one.utterance.is_long and one.said_date >= since})
    own = own_words({one.contact_id for one in new}, since=since)
    folding.read({number for one in new for number in own.get(one.contact_id, ())})
    for one in new:
        folding.take_in(one, own.get(one.contact_id, ()))
    folding.write()


def _bands(one: Said) -> list[int]:
    bands: list[int] = bands_of([one.utterance.form], [str(one.brand_id)])[0].tolist()
    return bands


class _Folding:
    """One batch: what is compared with what, and what comes of it."""

    def __init__(self, new: list[Said], bands: Mapping[int, list[int]]) -> None:
        self.bands = bands
        self.pool = {one.id: one for one in new}
        self.words = {one.id: one.words_id for one in new}
        self.waiting = set(
            self.pool
        )  # what comes later in the batch is compared with what came before, not the other way
        self.before: dict[int, list[tuple[int, int]]] = {}  # message → (band, first message) from the database
        self.here: dict[int, list[int]] = {}  # band → first messages of this batch
        self.firsts: dict[int, bool] = {}  # texts that are said more than once from now on: passed on?
        self.alone: list[int] = []
        order = list(bands)
        for place, band, message in met([bands[number] for number in order]):
            self.before.setdefault(order[place], []).append((band, message))

    def read(self, more: Collection[int]) -> None:
        """Get the words of all that something may be compared with."""
        near = {who for pairs in self.before.values() for who in by_votes(pairs, most=COMPARED)}
        for one in said((near | set(more)) - set(self.pool)):
            self.pool[one.id], self.words[one.id] = one, one.words_id

    def take_in(self, one: Said, own: Collection[int]) -> None:
        """Find who said it before, else let it be the first."""
        self.waiting.discard(one.id)
        keys = self.bands.get(one.id, ())
        here = [(band, who) for band in keys for who in self.here.get(band, ())]
        near = by_votes([*self.before.get(one.id, ()), *here], most=COMPARED)
        first = next((who for who in dict.fromkeys([*near, *own]) if self._same(one, who)), None)
        if first is not None:
            self._join(one, first)
            return
        self.alone.append(one.id)
        for band in keys:
            there = self.here.setdefault(band, [])
            if len(there) <= CROWDED:
                there.append(one.id)

    def _same(self, one: Said, who: int) -> bool:
        other = self.pool.get(who)
        if other is None or other.id == one.id or other.id in self.waiting or other.brand_id != one.brand_id:
            return False
        return same_words(other.utterance, one.utterance)

    def _join(self, one: Said, who: int) -> None:
        words = self.words[who]
        if words is None:
            self.words[who] = words = who
            self.firsts[who] = is_passed_on(self.pool[who].text)
        self.words[one.id] = words

    def write(self) -> None:
        """Three statements."""
        new = [SameWords(first_id=first, passed_on=passed_on) for first, passed_on in sorted(self.firsts.items())]
        SameWords.objects.bulk_create(new, ignore_conflicts=True)
        told = {number: words for number, words in self.words.items() if words is not None}
        changed = [(number, words) for number, words in sorted(told.items()) if self.pool[number].words_id is None]
        Repeat.objects.bulk_create([Repeat(message_id=m, words_id=w) for m, w in changed], ignore_conflicts=True)
        rows = [
            WordBand(band=band, message_id=number, said_date=self.pool[number].said_date)
            for number in self.alone
            for band in set(self.bands.get(number, ()))
        ]
        WordBand.objects.bulk_create(rows, ignore_conflicts=True)


def forget_bands() -> int:
    """Forget by what texts of more than a week ago are found: nothing is compared with them any more. How many rows.

    In portions of their own transactions. What was put together stays together.
    """
    before, gone = (database_now() - REMEMBERED).date(), 0
    while portion := execute(FORGET, [before, FORGOTTEN_AT_ONCE]):
        gone += portion
    return gone
