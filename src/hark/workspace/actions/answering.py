"""Replies with their variables filled in: one by a macro, with its acts, or the same to many, each in its own words."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from hark.conversations.actions.holding import send
from hark.conversations.actions.saved_replies import tell_macro
from hark.conversations.models import Case, Macro, Message
from hark.conversations.queries.access import conversations_visible_to, get_case
from hark.conversations.queries.saved_replies import filled, macros_for, values_for
from hark.conversations.types import Visibility
from hark.kernel.errors import HarkError, NotFound
from hark.organisation.models import Agent
from hark.workspace.actions.acts import ACTS, Inverse, author_of
from hark.workspace.actions.many import Outcome, each


class StaysUnknown(HarkError):
    """A placeholder of the text is not known here, so it was not sent."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer goes, who reads it, and what its writer has seen there: said by the page, never guessed here.

    `despite` are findings that he has looked at and overruled.
    """

    conversation_key: str
    visibility: Visibility
    seen_message_id: int | None
    idempotency_key: UUID
    despite: tuple[str, ...] = ()


def run_macro(*, agent: Agent, case_key: str, macro_key: str, place: Place | None) -> Outcome:
    """Run a macro on a case: its reply at `place`, then its acts, and a word on the timeline; all of it or nothing.

    Raises NotFound for a case, or a macro of the case's inbox, that is not there.
    """
    macro = macros_for(get_case(agent, case_key)).filter(key=macro_key).first()
    if macro is None:
        raise NotFound
    return each(agent, [case_key], lambda case: _run(agent, case, macro, place))


def _run(agent: Agent, case: Case, macro: Macro, place: Place | None) -> Inverse:
    back: list[tuple[str, str]] = []
    if macro.text:
        if place is None:
            raise NotFound
        back = list(_answer(agent, case, macro.text, place))
    for act, value in macro.acts:
        now = Case.objects.select_related("assignee").get(pk=case.pk)
        back = [*ACTS[act](agent, now, value), *back]
    tell_macro(case_id=case.pk, macro=macro, actor=author_of(agent))
    return tuple(back)


def reply_to_many(*, agent: Agent, text: str, places: Sequence[tuple[str, Place]]) -> Outcome:
    """Answer many cases, (case key, place) each, in one text with each one's variables; one transaction a case.

    Every rule of a single reply holds for each: the gate, the venue's length, nothing newer than what was seen.
    """
    where = dict(places)
    return each(agent, list(where), lambda case: _answer(agent, case, text, where[case.key]))


def _answer(agent: Agent, case: Case, text: str, place: Place) -> Inverse:
    found = filled(text, values_for(case, agent))
    if found.unknown:
        raise StaysUnknown(", ".join(found.unknown))
    conversation = conversations_visible_to(agent).filter(case=case, key=place.conversation_key).first()
    if conversation is None:
        raise NotFound
    sent = send(
        case_id=case.pk,
        conversation_id=conversation.pk,
        author=author_of(agent),
        text=found.text,
        visibility=place.visibility,
        idempotency_key=place.idempotency_key,
        seen_message_id=place.seen_message_id,
        despite=place.despite,
    )
    return (("take_back" if isinstance(sent, Message) else "take_held_back", sent.key),)
