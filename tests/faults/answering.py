"""An agent who answers without pause: `python -m tests.faults.answering DATA`. Ends when its standard input closes.

It calls the product's own action with a key of its own for each reply, and tries again with the same key when the
database went away in the middle, as the page does.
"""

import os
import select
import sys
from pathlib import Path

from hark.kernel.ids import new_uuid
from hark.kernel.time import sleep
from hark.site import boot


def main() -> int:
    """Answer the newest message of every open case, again and again."""
    os.environ.setdefault("HARK_LOG_LEVEL", "ERROR")
    boot.enter(data=Path(sys.argv[1]))
    from django.db import DatabaseError, InterfaceError, connection

    answered = 0
    while not select.select([sys.stdin], [], [], 0)[0]:
        try:
            answered += answer_all()
        except (DatabaseError, InterfaceError):
            connection.close()
        sleep(0.2)
    print(answered)
    return 0


def answer_all() -> int:
    """One reply to each case that waits for us; the number written."""
    from django.db import DatabaseError, InterfaceError, connection

    from hark.conversations.models import Case
    from hark.conversations.types import Status
    from hark.kernel.errors import HarkError

    written = 0
    for case in Case.objects.filter(status=Status.OPEN).order_by("last_inbound_at")[:20]:
        key = new_uuid()
        for _ in range(50):
            try:
                answer(case.pk, key)
                written += 1
                break
            except HarkError:
                break
            except (DatabaseError, InterfaceError):
                connection.close()
                sleep(0.1)
    return written


def answer(case_id: int, key: object) -> None:
    """Write one reply in the case's newest conversation."""
    from hark.conversations.actions.reply import reply
    from hark.conversations.models import Conversation
    from hark.conversations.types import Author, Visibility
    from hark.organisation.models import Agent

    agent = Agent.objects.get()
    conversation = Conversation.objects.filter(case_id=case_id).order_by("-last_inbound_at")[0]
    reply(
        case_id=case_id,
        conversation_id=conversation.pk,
        author=Author(agent.pk, agent.key, agent.name),
        text="We are on it, and will write again today.",
        visibility=Visibility.PRIVATE,
        idempotency_key=key,  # type: ignore[typeddict-item]
        seen_message_id=None,
        send_anyway=True,
    )


if __name__ == "__main__":
    sys.exit(main())
