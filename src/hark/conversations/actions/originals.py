"""The bytes a message came in, handed to somebody and written down."""

from django.db import transaction

from hark.conversations.queries.formatted import original_of
from hark.organisation.actions.audit import audit
from hark.organisation.models import Agent


@transaction.atomic
def open_original(*, agent: Agent, key: str) -> tuple[str, bytes]:
    """A file's name and the bytes of a message; that it was opened is in the audit. Raises NotFound."""
    name, body = original_of(agent, key)
    audit("message.original_opened", key)
    return name, body
