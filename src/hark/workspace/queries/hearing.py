"""The stream as a page shows it: what was heard, the verdict as shape and word, and why."""

from collections.abc import Collection
from datetime import datetime

from hark.conversations.models import Message
from hark.conversations.queries.folded import Fold
from hark.conversations.queries.spam import SpamWord
from hark.conversations.queries.stream import HeardRow, Label, Total, said_page, stream_page, stream_totals
from hark.conversations.queries.unaddressed import Unaddressed
from hark.kernel.html import evidence_html
from hark.kernel.time import now
from hark.organisation.models import Agent
from hark.organisation.queries import own_readings
from hark.workspace.queries.channels import venue_name
from hark.workspace.queries.shapes import evidence_spans, reading_words
from hark.workspace.queries.words import day, exact, hour, reach_words
from hark.workspace.types import HeardShown

VERDICTS = {
    "relevant": ("Relevant", "full"), "irrelevant": ("Noise", "crossed"), "unsure": ("Not sure", "dashed"),
    "competitor": ("Competitor", "dashed"),
}  # fmt: skip

PASSED_ON = "A headline, a shared link or a polite phrase: everybody uses it, nobody complains by it"


def heard_page(agent: Agent, label: Label, *, after: str = "") -> tuple[list[HeardShown], str]:
    """One page of the stream, newest first, and where the next one begins."""
    page = stream_page(agent, label, after=after)
    thanks = thanks_for([row.id for row in page.rows if row.reading and row.reading.kind == "praise"])
    return [heard_shown(row, thanks.get(row.id, "")) for row in page.rows], page.next_place


def thanks_for(message_ids: Collection[int]) -> dict[int, str]:
    """The line of thanks of each message's brand. Two queries, none for no message; the messages come from the gate."""
    if not message_ids:
        return {}
    brands = dict(Message.objects.filter(pk__in=message_ids).values_list("pk", "channel__inbox__brand"))
    own = own_readings(set(brands.values()))
    return {number: own[brand].thanks for number, brand in brands.items()}


def said_shown(agent: Agent, message_id: int) -> list[HeardShown]:
    """Every line with the same words as this message, newest first. Raises NotFound."""
    return [heard_shown(row) for row in said_page(agent, message_id)]


def heard_counts(agent: Agent) -> list[tuple[Label, str, str]]:
    """Each label with its count of messages, and how many people said them: who says it often counts once."""
    return [(label, f"{total.messages:,}", by_authors(total)) for label, total in stream_totals(agent).items()]


def by_authors(total: Total) -> str:
    """12 messages by 9 authors."""
    return f"{_many(total.messages, 'message')} by {_many(total.authors, 'author')}"


def fold_words(fold: Fold) -> str:
    """Said 5 times by 4 authors on 3 venues. What was passed on is not said by those who did."""
    verb = "Passed on" if fold.passed_on else "Said"
    venues = f" on {_many(fold.venues, 'venue')}" if fold.venues > 1 else ""
    return f"{verb} {fold.messages:,} times by {_many(fold.authors, 'author')}{venues}"


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def heard_shown(row: HeardRow, thanks: str = "") -> HeardShown:
    """One message with its words."""
    word, shape = VERDICTS.get(row.label, ("Not read", "dashed"))
    if row.spam and row.spam.spam:
        word, shape = "Spam", "crossed"
    changed = row.reading is not None and "relevance" in row.reading.corrected
    sure = "by hand" if changed else _sure(row)
    spans = evidence_spans(row.reading, "relevance") or evidence_spans(row.reading)
    return HeardShown(
        row=row,
        hour=hour(row.sent_at),
        exact=exact(row.sent_at),
        text_html=evidence_html(row.text, spans),
        reading=reading_words(row.reading) if row.reading and row.label != "irrelevant" else None,
        word=word,
        shape=shape,
        sure=_spam_sure(row.spam) if row.spam else sure,
        why=_spam_why(row.spam) if row.spam else _corrected(row) if changed else ", ".join(row.why),
        venue=venue_name(row.venue),
        reach=reach_words(row.followers, row.followers_on, now()),
        care=care_words(row.care, venue_name(row.venue)) if row.care else (),
        thanks=thanks,
        fold=fold_words(row.fold) if row.fold else "",
        fold_title=PASSED_ON if row.fold and row.fold.passed_on else "",
    )


def _spam_why(word: SpamWord) -> str:
    """Who called it spam, or why it was held when it came."""
    return word.why or f"called spam by {word.by}, {_when(word.at)}"


def _spam_sure(word: SpamWord) -> str:
    return "by hand" if word.by else "" if word.p is None else f"{round(100 * word.p)} %"


def _when(at: datetime) -> str:
    said = day(at, now())
    return f"{'' if said == 'Today' else f'{said} '}{hour(at)}"


def care_words(care: Unaddressed, venue: str) -> tuple[str, ...]:
    """Why a complaint stands where it does: how bad it is, how far it is heard, whether we may answer."""
    reach = "reach not known" if care.followers is None else f"{care.followers:,} may read it"
    if not care.shut:
        may = "you may answer it here"
    elif care.at_venue:
        may = f"answer it at {venue}: {care.shut}"
    else:
        may = care.shut
    return ", ".join(care.distress), reach, may


def _corrected(row: HeardRow) -> str:
    """Who judged it last, and when."""
    told = [change for change in row.reading.history if change.field == "relevance"] if row.reading else []
    if not told:
        return ""
    return f"corrected by {told[-1].by}, {_when(told[-1].at)}"


def _sure(row: HeardRow) -> str:
    """How sure the verdict is, as a share of 100; a verdict of noise is as sure as it is not relevant."""
    if row.p is None or row.label == "competitor":
        return ""
    return f"{round(100 * (1 - row.p if row.label == 'irrelevant' else row.p))} %"
