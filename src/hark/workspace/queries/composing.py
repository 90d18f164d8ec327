"""What can be written on a case, who would read it, and why not."""

from collections.abc import Iterator
from dataclasses import replace

from hark.conversations.models import Case
from hark.conversations.queries.outgoing import needs_approval
from hark.conversations.queries.writing import Way, ways_to_answer
from hark.conversations.signature import signature
from hark.conversations.types import FORM, MAIL, Visibility
from hark.organisation.models import Agent
from hark.organisation.types import Right
from hark.workspace.queries.channels import place_name, venue_name
from hark.workspace.queries.words import clock_face, until
from hark.workspace.types import KindShown, WayShown, WindowShown

PUBLIC = KindShown("public", "Public reply", "globe", "Reply in public", "Everyone can read this.")
LIMITED = KindShown(
    "limited", "Limited reply", "globe", "Reply to those who can read it", "Others than the customer can read this."
)
OUTSIDE = KindShown("private", "Outside", "out", "Send outside", "Outside: the customer never sees this.", "")
PRIVATE = KindShown("private", "Private", "lock", "Reply in private", "Only the customer reads this.")
NOTE = KindShown("note", "Note", "note", "Keep the note", "Only colleagues read this. It never leaves.")
MOVED = {"en": "We have written to you privately."}  # by the language of the brand; elsewhere the agent writes it
KINDS = {Visibility.PUBLIC: PUBLIC, Visibility.LIMITED: LIMITED, Visibility.PRIVATE: PRIVATE}


def ways_shown(agent: Agent, case: Case) -> list[WayShown]:
    """The ways to answer a case in words, the conversation that was written to last first."""
    brand = case.inbox.brand
    return [_way(agent, way, brand.public_signature, brand.language) for way in ways_to_answer(agent, case)]


def first_kind(ways: list[WayShown]) -> str:
    """What the composer opens with: the audience of the message answered where a reply is possible, else a note.

    Where a rule of the venue shuts every way, it opens with that audience all the same, since there the reason stands.
    Nothing becomes public by itself: a private talk opens private, and only a talk that is public opens public.
    """
    kinds = {kind.kind: kind.why_not for kind in ways[0].kinds} if ways else {}
    asked = str(ways[0].way.answers.visibility) if ways and ways[0].way.answers else "private"
    if not kinds.get(asked, "closed"):
        return asked
    if not kinds.get("private", "closed"):
        return "private"
    shut = asked in kinds and kinds[asked] in ways[0].way.refusals.values()
    return asked if shut else "note"


def _way(agent: Agent, way: Way, how: str, language: str) -> WayShown:
    channel = way.conversation.channel
    place, whole = venue_name(channel.venue), place_name(channel.venue, channel.name)
    sign = signature(agent.name, how, Visibility.PUBLIC)
    left = getattr(way.conversation, "left_address", None)
    when = "too" if channel.venue == FORM else "once they have left"
    then = f"; by e-mail to {left.address} {when}" if left else ""
    person = (way.answers and way.answers.identity and (way.answers.identity.handle or way.answers.identity.name)) or ""
    return WayShown(
        way=way,
        key=way.conversation.key,
        name=f"Outside: {person or whole}" if way.outside else whole,
        to=f"Reply to {person}, {whole}{then}" if person else f"Reply, {whole}{then}",
        kinds=tuple(_kinds(agent, way, place, how)),
        seen=way.newest_message_id,
        limit=way.max_length - len(f" {sign}") if way.max_length and sign else way.max_length,
        unit=way.unit,
        copies=", ".join(way.copies),
        talk_of_many=channel.venue == MAIL and not way.outside,
        window=_window(way),
        aside=_aside(agent, way),
        line=MOVED.get(language, ""),
    )


def _aside(agent: Agent, way: Way) -> str:
    """Who could read a line in public beside a private reply; empty where none can go along."""
    if way.outside or Visibility.PRIVATE not in way.visibilities or not agent.may(Right.ANSWER):
        return ""
    others = (each for each in way.visibilities if each != Visibility.PRIVATE)
    return next((each for each in others if not needs_approval(agent, way.conversation.channel, each)), "")


def _window(way: Way) -> WindowShown | None:
    """How long the venue still takes an answer, where it says so."""
    ends, at = way.standing.window_ends, way.standing.at
    if ends is None or at is None or ends <= at:
        return None
    return WindowShown(ends, until(ends, at), clock_face(int((ends - at).total_seconds())))


def _kinds(agent: Agent, way: Way, place: str, how: str) -> Iterator[KindShown]:
    if way.outside:
        yield replace(OUTSIDE, why_not=_why_not(agent, way, place, Visibility.PRIVATE))
        return
    for visibility in _offered(way):
        yield _kind(agent, way, place, visibility, how)


def _offered(way: Way) -> tuple[Visibility, ...]:
    """Public (or limited) and private always stand there, so that a missing one can say why."""
    shared = Visibility.LIMITED if Visibility.LIMITED in way.visibilities else Visibility.PUBLIC
    return (shared, Visibility.PRIVATE)


def _kind(agent: Agent, way: Way, place: str, visibility: Visibility, how: str) -> KindShown:
    kind, sign = KINDS[visibility], signature(agent.name, how, visibility)
    said = "The customer and those in copy read this." if way.copies else kind.readers
    readers = f"{said} Signed {sign}." if sign else said
    if needs_approval(agent, way.conversation.channel, visibility):
        readers += " A colleague approves it first."
    why_not = _why_not(agent, way, place, visibility)
    return replace(kind, readers=readers, why_not=why_not, sign=sign, there=_there(agent, way) if why_not else "")


def _there(agent: Agent, way: Way) -> str:
    """Where an agent can answer with his own hands what Hark may not."""
    return way.answers.permalink if way.answers and agent.may(Right.ANSWER) else ""


def _why_not(agent: Agent, way: Way, place: str, visibility: Visibility) -> str:
    if not agent.may(Right.ANSWER):
        return "Your role does not answer customers. You can leave a note."
    if way.closed_because:
        return way.closed_because
    if visibility in way.visibilities:
        return ""
    if refused := way.refusals.get(visibility):
        return refused
    if visibility == Visibility.PRIVATE:
        return f"{place} does not let us write to this person in private."
    return "This talk is private. Nothing in it can be made public."
