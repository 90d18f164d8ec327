"""From public to private in one act: the private answer, and a line for all others that says so."""

from typing import Unpack

from django.db import transaction

from hark.conversations.actions.reply import NewReply, line_key, reply
from hark.conversations.errors import CannotReply
from hark.conversations.models import Message
from hark.conversations.types import Visibility


@transaction.atomic
def move_to_private(*, line: str, readers: Visibility, **new: Unpack[NewReply]) -> Message:
    """Answer in private what stands before others, and say so to them (`readers`) with a `line`; gives the private one.

    Both are replies with keys of their own, looked over like every reply. The line comes first, so that the one answer
    which some venues allow in public is not used up, and is one post, without files. One transaction: what stops one
    of the two stops both. The same key twice gives the same two. Raises what `reply` raises.
    """
    if new["visibility"] != Visibility.PRIVATE or readers == Visibility.PRIVATE:
        raise CannotReply("A line in public goes along with a private reply only.")
    along = NewReply(**{
        **new, "text": line, "visibility": readers, "idempotency_key": line_key(new["idempotency_key"]), "files": (),
        "whole": True,
    })  # fmt: skip
    reply(**along)
    return reply(**new)
