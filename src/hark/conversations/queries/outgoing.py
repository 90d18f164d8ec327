"""What is known where an answer goes: what to look at again, and whether a colleague has to approve it."""

from django.db.models import Q

from hark.contacts.models import Identity
from hark.contacts.types import Verified
from hark.conversations.models import Case, Conversation, HeldReply, Message
from hark.conversations.queries.access import messages_visible_to
from hark.conversations.queries.saved_replies import macros_for, saved_replies_for
from hark.conversations.queries.writing import Way
from hark.conversations.signature import initials
from hark.conversations.types import HELD, Direction, Visibility
from hark.organisation.models import Agent, Brand, Channel
from hark.understanding.outgoing import Finding, Talk, look_over

NEWEST = 200


def findings(
    agent: Agent, case: Case, way: Way, text: str, *, visibility: str, but: HeldReply | Message | None = None
) -> tuple[Finding, ...]:
    """What the author should look at before `text` leaves; nothing in private. `but` is where it stands itself already.

    At most eight queries. The case is at hand with its inbox and brand.
    """
    if visibility == Visibility.PRIVATE or not text.strip():
        return ()
    return look_over(text, _talk(agent, case, way, but))


def needs_approval(agent: Agent, channel: Channel, visibility: str) -> bool:
    """Does what this agent writes here wait for a colleague? Only what others can read."""
    return visibility != Visibility.PRIVATE and (agent.needs_approval or channel.needs_approval)


def _talk(agent: Agent, case: Case, way: Way, but: HeldReply | Message | None) -> Talk:
    conversation, answers = way.conversation, way.answers
    said = messages_visible_to(agent).filter(conversation__contact=conversation.contact_id, deleted_at=None)
    heard = list(said.filter(direction=Direction.INBOUND).order_by("-id").values_list("visibility", "text")[:NEWEST])
    private = [text for visibility, text in heard if visibility == Visibility.PRIVATE]
    claimed = Identity.objects.filter(contact=conversation.contact_id, verified=Verified.CLAIMED)
    brand = case.inbox.brand
    return Talk(
        asked=answers.text[: answers.quote_from] if answers else "",
        in_public="\n".join(text for visibility, text in heard if visibility != Visibility.PRIVATE),
        in_private="\n".join([*private, *claimed.values_list("handle", flat=True)]),
        ours="\n".join([brand.name, brand.about, *brand.handles, *brand.products, *_our_words(case)]),
        earlier=_earlier(conversation, but),
        others=_others(brand),
        initials=initials(agent.name),
    )


def _our_words(case: Case) -> list[str]:
    """What the house says of itself: its saved texts, and the names of its accounts."""
    saved = saved_replies_for(case).values_list("text", flat=True)
    macros = macros_for(case).values_list("text", flat=True)
    accounts = [f"{name} {external}" for name, external in Channel.objects.values_list("name", "external_id")]
    return [*saved, *macros, *accounts]


def _earlier(conversation: Conversation, but: HeldReply | Message | None) -> tuple[str, ...]:
    """Our answers in this thread that others can read, and those that wait."""
    itself = Q(key=but.key if but else "")
    public = Q(deleted_at=None) & ~Q(visibility=Visibility.PRIVATE)
    ours = Message.objects.filter(public, conversation=conversation, direction=Direction.OUTBOUND).exclude(itself)
    waiting = HeldReply.objects.filter(conversation=conversation, state__in=HELD).exclude(itself)
    return (
        *ours.exclude(itself).order_by("-id").values_list("text", flat=True)[:NEWEST],
        *waiting.values_list("text", flat=True),
    )


def _others(brand: Brand) -> tuple[str, ...]:
    rows = Brand.objects.exclude(pk=brand.pk).values_list("name", "handles")
    mine = {brand.name, *brand.handles}
    return tuple(word for name, handles in rows for word in (name, *handles) if word not in mine)
