"""The gate: what an agent may see. Everything shown or counted passes it; what it does not give does not exist.

An agent sees the inboxes of the teams he is in; in an inbox with *only assigned* set, only the cases assigned to him.
Whose role says so sees all. A deactivated agent sees nothing.
"""

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q, QuerySet

from hark.contacts.models import Contact
from hark.conversations.models import Case, Conversation, Message, Note
from hark.kernel.errors import NotFound
from hark.organisation.models import Agent, BrandIntent
from hark.organisation.queries import inboxes_visible_to, intent_names, sees_everything, who_may
from hark.organisation.types import Right

BESIDE_A_CASE = ("contact", "inbox__brand", "assignee", "matter__corrected_by")
OWN_INTENTS = ArraySubquery(BrandIntent.objects.filter(brand=OuterRef("inbox__brand")).order_by("name").values("name"))
WAS_MOVED = Exists(Message.objects.filter(conversation__case=OuterRef("pk"), moved=True))
BESIDE = {"own_intents": OWN_INTENTS, "was_moved": WAS_MOVED}


def cases_visible_to(agent: Agent) -> QuerySet[Case]:
    """The cases this agent may see."""
    return Case.objects.filter(case_gate(agent))


def conversations_visible_to(agent: Agent) -> QuerySet[Conversation]:
    """The conversations this agent may see: those of his cases, and those without a case in his inboxes."""
    return Conversation.objects.filter(conversation_gate(agent))


def messages_visible_to(agent: Agent) -> QuerySet[Message]:
    """The messages of the conversations this agent may see."""
    return Message.objects.filter(conversation_gate(agent, "conversation__"))


def notes_visible_to(agent: Agent) -> QuerySet[Note]:
    """The notes on the cases this agent may see."""
    return Note.objects.filter(case_gate(agent, "case__"))


def contacts_visible_to(agent: Agent) -> QuerySet[Contact]:
    """The people behind the conversations this agent may see."""
    return Contact.objects.filter(pk__in=conversations_visible_to(agent).values("contact"))


def get_case(agent: Agent, key: str) -> Case:
    """The case with this public key; raises NotFound, the same for a foreign one as for one that does not exist."""
    found = cases_visible_to(agent).select_related(*BESIDE_A_CASE).annotate(**BESIDE)
    case = found.filter(key=key).first()
    if case is None:
        raise NotFound
    return case


def was_moved(case: Case) -> bool:
    """Did we take a public talk of it to private? No query after `get_case`; yes where nobody has looked."""
    return bool(vars(case).get("was_moved", True))


def own_intents_of(case: Case) -> tuple[str, ...]:
    """The names of the intents of a case's brand. No query after `get_case`."""
    found = vars(case).get("own_intents")
    return intent_names(case.inbox.brand_id) if found is None else tuple(found)


def agents_who_see(case: Case) -> QuerySet[Agent]:
    """The gate from its other side: everybody who may see this case."""
    inside = Q(teams__in=case.inbox.teams.all())
    if case.inbox.only_assigned:
        inside &= Q(pk=case.assignee_id)
    return Agent.objects.filter(inside | who_may(Right.SEE_ALL), is_active=True).distinct()


def case_gate(agent: Agent, at: str = "") -> Q:
    """The gate as a condition on a case reached by the lookup `at`."""
    if sees_everything(agent):
        return Q()
    inboxes = inboxes_visible_to(agent)
    return Q(
        Q(**{f"{at}inbox__only_assigned": False}) | Q(**{f"{at}assignee": agent}),
        **{f"{at}inbox__in": inboxes.values("pk")},
    )


def conversation_gate(agent: Agent, at: str = "") -> Q:
    """The gate as a condition on a conversation. Without a case it is nobody's: hidden where only assigned show."""
    if sees_everything(agent):
        return Q()
    inboxes = inboxes_visible_to(agent).filter(only_assigned=False)
    loose = Q(**{f"{at}case__isnull": True, f"{at}channel__inbox__in": inboxes.values("pk")})
    return case_gate(agent, f"{at}case__") | loose
