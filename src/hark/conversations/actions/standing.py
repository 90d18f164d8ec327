"""Who acts, on what: rights are looked up anew in the transaction of every act, never taken from the page."""

from django.db.models import QuerySet

from hark.channels.kit.words import storable
from hark.conversations.errors import CaseMerged, ChangedMeanwhile, NewerMessage, NothingWritten, TooLong
from hark.conversations.models import Case, Message
from hark.conversations.queries.access import cases_visible_to
from hark.conversations.types import Author
from hark.kernel.cards import without_cards
from hark.kernel.errors import NotAllowed, NotFound
from hark.organisation.models import Agent
from hark.organisation.types import Right

LONGEST_TEXT = 20_000
NEWER_SHOWN = 20


def acting_agent(author: Author, right: Right | None = None) -> Agent:
    """The agent behind `author`, if active and with this right; else NotAllowed."""
    agent = Agent.objects.filter(pk=author.agent_id, is_active=True).first()
    if agent is None or (right and not agent.may(right)):
        raise NotAllowed
    return agent


def seen_case(agent: Agent, case_id: int) -> Case:
    """The case, if the agent may see it; else NotFound."""
    case = cases_visible_to(agent).filter(pk=case_id).first()
    if case is None:
        raise NotFound
    return case


def stop_if_newer(messages: QuerySet[Message], agent: Agent, seen_message_id: int | None) -> None:
    """Raise NewerMessage with what others have written among these since the agent looked."""
    newer = messages.filter(pk__gt=seen_message_id or 0, deleted_at=None, automatic=False).exclude(agent=agent)
    found = list(
        newer.select_related("channel", "identity", "agent", "outbox_item", "repeat").order_by("id")[:NEWER_SHOWN]
    )
    if found:
        raise NewerMessage(found)


def locked_case(agent: Agent | None, case_id: int, version: int | None = None) -> Case:
    """The case, locked to the end of the transaction, if the agent may see it (None: routing, which may see all).

    Raises NotFound, CaseMerged, and ChangedMeanwhile when it is not at `version` any more. Where a conversation is
    locked too, that one comes first.
    """
    visible = Case.objects.all() if agent is None else cases_visible_to(agent)
    locked = visible.select_for_update(of=("self",), no_key=True).select_related("contact", "inbox")
    case = locked.filter(pk=case_id).first()
    if case is None:
        raise NotFound
    if case.merged_into_id is not None:
        raise CaseMerged
    if version is not None and case.version != version:
        raise ChangedMeanwhile
    return case


def written(text: str, case: Case | None) -> str:
    """The text as it is stored: no NUL, one kind of line end, no card's number. Raises NothingWritten, TooLong.

    Numbers of the pattern of the case's brand (orders, parcels) are no cards.
    """
    text = storable(text).replace("\r\n", "\n").replace("\r", "\n").strip()
    if not text:
        raise NothingWritten
    if len(text) > LONGEST_TEXT:
        raise TooLong(f"at most {LONGEST_TEXT} characters")
    return without_cards(text, case.inbox.brand.own_numbers if case else ())[0]
