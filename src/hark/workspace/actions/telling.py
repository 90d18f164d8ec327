"""Notices are told outside Hark, to those who want it: by e-mail, gathered, and by web push, at once."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from django.conf import settings
from django.db import transaction

from hark.channels.types import Outbound, Target
from hark.conversations.actions.noticing import gather_for_mail
from hark.conversations.queries.notices import newest_to_push, unread_elsewhere, waiting_for_mail, wishes_of
from hark.conversations.types import Medium
from hark.delivery import actions as delivery
from hark.delivery.types import About, pack
from hark.kernel import secrets, webpush
from hark.kernel.time import database_now
from hark.kernel.webpush import Push, PushGone, PushLater, Subscription
from hark.organisation.actions import pushing
from hark.organisation.models import Agent, Channel, PushSubscription
from hark.organisation.queries import desk_settings, subscriptions_due
from hark.workspace.queries.telling import Told, mail_off_address, told_of

GATHERED = timedelta(minutes=5)
MAILED_WITHIN = timedelta(days=1)  # what was made while no mailbox was named, or none worked, is not sent for ever
PUSHED_WITHIN = timedelta(minutes=30)
AT_THE_DESK = timedelta(seconds=60)  # so long after the last move of a hand the desk itself tells
KEPT_SECONDS = 1800
MOST_PUSHES = 3


def mail_notices(*, at: datetime) -> int:
    """Put one mail into the out-box for each agent whose oldest unread notice has waited five minutes.

    What was read meanwhile is left out. One transaction an agent; a notice is in one mail, whatever dies. Returns how
    many mails there are.
    """
    desk = desk_settings()
    if desk is None or desk.mailbox is None:
        return 0
    waiting = waiting_for_mail(waited_since=at - GATHERED, since=at - MAILED_WITHIN)
    return sum(_mail(agent, desk.mailbox, naming=desk.notices_name_cases, at=at) for agent in waiting)


@transaction.atomic
def _mail(agent: Agent, mailbox: Channel, *, naming: bool, at: datetime) -> bool:
    rows = gather_for_mail(agent=agent, since=at - MAILED_WITHIN)
    if not rows or Channel.objects.filter(venue=mailbox.venue, external_id__iexact=agent.email).exists():
        return False  # a mail to a mailbox of ours would come back as a customer's
    told = told_of(rows, naming=naming)
    subject = told[0].words if len(told) == 1 else f"{len(told)} {_what(told)} with news in Hark"
    number = uuid5(NAMESPACE_URL, f"hark:notices:{agent.key}:{rows[-1].pk}")
    outbound = Outbound(
        id=number, target=Target(person=agent.email), visibility="private", text=_letter(agent, told),
        author_kind="bot", subject=subject, unsubscribe=mail_off_address(agent),
    )  # fmt: skip
    delivery.enqueue(
        channel_id=mailbox.pk, idempotency_key=number, thread=f"notices|{agent.key}", inbox_id=mailbox.inbox_id,
        payload=pack(outbound, About("")), not_before=at,
    )  # fmt: skip
    return True


def _what(told: Sequence[Told]) -> str:
    return "cases" if all(one.path.startswith("/case/") for one in told) else "cases and channels"


def _letter(agent: Agent, told: Sequence[Told]) -> str:
    here = settings.HARK_BASE_URL
    parts = ["\n".join(filter(None, (one.words, one.about, here + one.path))) for one in told]
    end = f"What you hear of, and where: {here}/notices/settings/\nNo more of these mails: {mail_off_address(agent)}"
    return "\n\n".join([*parts, end]) + "\n"


def push_notices(*, at: datetime) -> int:
    """Tell the browsers whose person is not at the desk of what is unread; returns how many were told.

    A browser is claimed before anything leaves and moved on after its service has taken it: a crash tells it the same
    again, in the same place on its screen. No transaction is open meanwhile.
    """
    browsers = subscriptions_due(at=at, idle_since=at - AT_THE_DESK)
    newest = newest_to_push({row.agent_id for row in browsers}, since=at - PUSHED_WITHIN) if browsers else {}
    behind = [row for row in browsers if row.told_id < newest.get(row.agent_id, 0)]
    wishes = wishes_of([row.agent for row in behind]) if behind else {}
    return sum(_tell(row, at) for row in behind if wishes[row.agent_id].works(at))


def _tell(row: PushSubscription, at: datetime) -> bool:
    notices = list(unread_elsewhere(row.agent, Medium.PUSH, after=row.told_id, since=at - PUSHED_WITHIN))
    if not notices or not pushing.claim_subscription(row=row, at=at):
        return False
    desk = desk_settings()
    told = told_of(notices, naming=bool(desk and desk.notices_name_cases))
    to = Subscription(row.endpoint, row.p256dh, row.auth)
    try:
        for push in pushes_of(told):
            webpush.send(push, to, identity=pushing.push_key())
    except PushLater as later:
        pushing.subscription_failed(row=row, at=database_now(), after_seconds=later.after_seconds)
    except (PushGone, webpush.NoSubscription):
        pushing.end_subscription(row=row)
    else:
        pushing.subscription_told(row=row, told_id=notices[-1].pk, at=database_now())
        return True
    return False


def pushes_of(told: Sequence[Told]) -> list[Push]:
    """One push a case; where there are many, one for all of them. Of one case the newest takes the others' place."""
    if len(told) > MOST_PUSHES:
        hurries = any(one.hurries for one in told)
        return [_push(f"{len(told)} {_what(told)} with news", "", "/notices/", told[-1].id, hurries=hurries)]
    return [_push(one.words, one.about, one.path, one.id, hurries=one.hurries) for one in told]


def _push(title: str, body: str, path: str, number: int, *, hurries: bool) -> Push:
    shown = {"title": title, "body": body, "path": path, "tag": f"hark-{number}"}
    return Push(
        json.dumps(shown, ensure_ascii=False).encode(),
        secrets.sign("topic of a push", path.encode())[:32],
        KEPT_SECONDS,
        "high" if hurries else "normal",
    )
