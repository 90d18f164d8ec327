"""An encounter off-line, noted at the desk: stored like whatever else arrives, then read like it."""

from collections.abc import Iterable
from dataclasses import replace

from django.db import transaction

from hark.channels.encounter import Met, NotedFile, body_of, heading
from hark.conversations.actions.encounters import expect_in_case
from hark.conversations.actions.standing import acting_agent
from hark.conversations.models import Case
from hark.conversations.queries.files import largest_file
from hark.intake.actions.storing import accept
from hark.intake.types import NewArrival
from hark.kernel import storage
from hark.kernel.cards import without_cards
from hark.kernel.files import plain_name, type_of
from hark.kernel.time import database_now
from hark.organisation.actions.channels import AlreadyConnected, connect_channel
from hark.organisation.models import Agent, Channel, Inbox
from hark.organisation.types import Right
from hark.workspace.actions.acts import author_of
from hark.workspace.queries.encounters import VENUE, channel_of


@transaction.atomic
def note_encounter(*, agent: Agent, met: Met, inbox: Inbox, case: Case | None) -> None:
    """Store an encounter as an arrival of the inbox; it joins `case`, or opens one unless it is settled.

    One transaction; the same `met.id` twice is one encounter. Raises NotFound, NotAllowed, CaseMerged.
    """
    acting_agent(author_of(agent), Right.ANSWER)
    own = inbox.brand.own_numbers
    said, done, place, name = (without_cards(text, own)[0] for text in (met.said, met.done, met.place, met.name))
    met = replace(met, said=said, done=done, place=place, name=name)
    channel = _channel(agent, inbox)
    if case:
        subject, author = heading(met.way, met.place), author_of(agent)
        expect_in_case(case_id=case.pk, channel=channel, thread_key=met.id, subject=subject, author=author)
    arrival = NewArrival(
        dedupe_key=met.id,
        lane_key=met.id,
        headers={"noted-by": agent.key},
        body=body_of(met),
        received_at=database_now(),
    )
    accept(channel_id=channel.pk, arrivals=[arrival])


def kept(name: str, chunks: Iterable[bytes]) -> NotedFile:
    """A scan or photo, stored before the encounter is. Raises FileTooLarge, StorageAway."""
    stored = storage.store(chunks, most=largest_file())
    name = plain_name(name)
    return NotedFile(stored.sha256, name, type_of(stored.head, name), stored.size)


def _channel(agent: Agent, inbox: Inbox) -> Channel:
    """The inbox's channel for encounters, made with the first one."""
    if channel := channel_of(inbox):
        return channel
    try:
        return connect_channel(
            actor=agent.key, venue=VENUE, external_id=inbox.key, name=f"Encounters, {inbox.name}", inbox=inbox,
            settings={}, secrets={},
        )  # fmt: skip
    except AlreadyConnected:
        return Channel.objects.get(venue=VENUE, external_id=inbox.key)
