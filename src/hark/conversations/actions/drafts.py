"""What an agent has typed and not sent, kept on the server per agent, case and kind (see `DRAFT_KINDS`)."""

from django.db import transaction

from hark.conversations.actions.standing import acting_agent, seen_case
from hark.conversations.models import Case, Draft
from hark.conversations.types import Author
from hark.kernel.actions import record
from hark.kernel.cards import without_cards
from hark.kernel.time import database_now
from hark.kernel.types import NewEvent
from hark.organisation.types import Right

LONGEST_DRAFT = 20_000


@transaction.atomic
def keep_draft(*, case_id: int, kind: str, text: str, author: Author) -> None:
    """Keep what has been typed so far; a blank text drops it. May be repeated. Raises NotFound, NotAllowed."""
    agent = acting_agent(author, Right.NOTE)
    case = seen_case(agent, case_id)
    if not text.strip():
        Draft.objects.filter(case=case, agent=agent, kind=kind).delete()
    else:
        write_draft(case, author, kind, text)
    record([NewEvent("draft.kept", case.key, actor=author.agent_key, agent_id=author.agent_id, data={"kind": kind})])


def drop_draft(*, case_id: int, kind: str, author: Author) -> None:
    """Forget what has been typed."""
    keep_draft(case_id=case_id, kind=kind, text="", author=author)


def write_draft(case: Case, author: Author, kind: str, text: str) -> None:
    """Upsert the draft in the running transaction. Texts beyond 20,000 characters are cut: no venue takes them."""
    kept = text.replace("\x00", "")[:LONGEST_DRAFT]
    Draft.objects.update_or_create(
        case=case,
        agent_id=author.agent_id,
        kind=kind,
        defaults={"text": without_cards(kept, case.inbox.brand.own_numbers)[0], "updated_at": database_now()},
    )
