"""Pictures that a formatted message names on the web, fetched once an agent has asked for them."""

import html
import re

from django.db import transaction

from hark.channels.kit.words import storable
from hark.conversations.actions.standing import acting_agent
from hark.conversations.models import Attachment, MessageHtml
from hark.conversations.queries.access import messages_visible_to
from hark.conversations.types import Author, FileState
from hark.kernel.errors import NotFound
from hark.kernel.ids import public_key
from hark.kernel.time import database_now
from hark.organisation.types import Right

MOST = 50
REMOTE = re.compile(r'data-remote-src="([^"]{1,2000})"')


@transaction.atomic
def want_pictures(*, message_id: int, author: Author) -> MessageHtml:
    """Note that these pictures are wanted, and by whom; the job that fetches files fetches them. Idempotent.

    They are fetched by Hark (never by the agent's browser), made anew and kept. Raises NotFound, NotAllowed.
    """
    agent = acting_agent(author, Right.NOTE)
    visible = messages_visible_to(agent).values("pk")
    formatted = MessageHtml.objects.select_for_update().filter(message__in=visible, pk=message_id).first()
    if formatted is None:
        raise NotFound
    if formatted.remote_wanted_at is None:
        at = database_now()
        addresses = dict.fromkeys(html.unescape(found) for found in REMOTE.findall(formatted.html))
        rows = [
            Attachment(
                key=public_key("file"),
                message_id=message_id,
                state=FileState.WAITING,
                name="picture",
                ref=storable(f"https:{address}" if address.startswith("//") else address),
                remote=True,
                inline=True,
                try_at=at,
                added_at=at,
            )
            for address in list(addresses)[:MOST]
        ]
        Attachment.objects.bulk_create(rows, ignore_conflicts=True)
        formatted.remote_wanted_at, formatted.remote_wanted_by = at, agent
        formatted.save(update_fields=["remote_wanted_at", "remote_wanted_by"])
    return formatted
