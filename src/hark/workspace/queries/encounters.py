"""Who can be met, and where what was said may belong."""

from hark.contacts.models import Contact, Identity
from hark.conversations.models import Case
from hark.conversations.queries.access import cases_visible_to, contacts_visible_to
from hark.conversations.queries.asking import asked_for
from hark.conversations.queries.found import PersonFound, known_to, people_found
from hark.conversations.types import Status
from hark.kernel.errors import NotFound
from hark.kernel.time import now
from hark.organisation.models import Agent, Channel, Inbox

VENUE = "encounter"
CASES_OFFERED = 10


def people_called(agent: Agent, words: str) -> tuple[PersonFound, ...]:
    """The people of this name, handle or address whom the agent may see."""
    return people_found(agent, asked_for(words, known_to(agent), at=now())) if words.strip() else ()


def get_contact(agent: Agent, key: str) -> Contact:
    """The person with this key; raises NotFound, the same for one whom the agent may not see."""
    contact = contacts_visible_to(agent).filter(key=key, merged_into=None).first()
    if contact is None:
        raise NotFound
    return contact


def cases_offered(agent: Agent, contact: Contact) -> list[Case]:
    """The person's cases that are not resolved, the newest first."""
    alive = cases_visible_to(agent).filter(contact=contact, merged_into=None).exclude(status=Status.RESOLVED)
    return list(alive.select_related("inbox").order_by("-opened_at")[:CASES_OFFERED])


def known_as(contact: Contact) -> dict[str, str]:
    """The identity under which somebody whom Hark knows is met: the one that is surest and oldest."""
    rows = sorted(contact.identities.all(), key=_surest)
    if not rows:
        return {"person": contact.key, "name": contact.name}
    row = rows[0]
    names = {"handle": row.handle, "name": row.name}
    return {"person": row.key, "network": row.network, "scope": row.scope, **names}


def channel_of(inbox: Inbox) -> Channel | None:
    """Where encounters of this inbox arrive; None before the first."""
    return Channel.objects.filter(venue=VENUE, external_id=inbox.key).first()


def _surest(row: Identity) -> tuple[int, int]:
    return ("proved", "observed", "claimed").index(row.verified), row.pk
