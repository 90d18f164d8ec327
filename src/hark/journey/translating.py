"""From a passenger to what `conversations` takes: messages, deletions, echoes, receipts, made fit to be stored."""

from hark.channels import registry
from hark.channels.kit.words import storable
from hark.conversations.types import Deletion, Echo, IncomingMessage, ReceiptSeen, SeenFile, Visibility
from hark.journey.authors import ourselves, own_id
from hark.journey.opening import reason_to_open
from hark.journey.passengers import Passenger

OURS = frozenset({"backfilled", "automatic", "settled", "must_purge", "consent_start"})  # acted on, not kept


def incoming_message(one: Passenger) -> IncomingMessage:
    """A message, or an edit under the id of the original. What has no id gets one that stays when it is read again."""
    inbound, arrival = one.inbound, one.arrival
    reading = dict(one.reading or {})
    return IncomingMessage(
        arrival_id=arrival.id,
        channel_id=one.channel.pk,
        inbox_id=one.channel.inbox_id,
        external_id=storable(inbound.external_id or own_id(one)),
        thread_id=_thread_id(one),
        identity_id=one.author.identity_id if one.author else 0,
        contact_id=one.author.contact_id if one.author else 0,
        visibility=_visibility(one),
        kind=inbound.message_kind or inbound.kind,
        text=storable(inbound.text or ""),
        sent_at=inbound.sent_at or arrival.received_at,
        received_at=arrival.received_at,
        case_reason="" if one.held else reason_to_open(inbound, reading, one.channel.inbox.brand, one.own, one.account),
        reading=reading,
        parent_id=storable(inbound.parent_id or ""),
        subject=storable(inbound.subject),
        permalink=storable(inbound.permalink or ""),
        rating=inbound.rating,
        targets_us=inbound.targets_us,
        problem=storable(inbound.problem or ""),
        backfilled="backfilled" in inbound.policy,
        automatic="automatic" in inbound.policy,
        letter=inbound.letter,
        quote_from=inbound.quote_from,
        html=storable(inbound.html or ""),
        hidden_text=storable(inbound.hidden_text),
        reply_until=inbound.expires_reply_at,
        policy=tuple(storable(word) for word in inbound.policy if word not in OURS),
        files=tuple(SeenFile(one.ref, one.name, one.size, one.content_id, one.inline) for one in inbound.attachments),
        held=one.held,
    )


def deletion(one: Passenger) -> Deletion:
    """A deletion; its words go at once where the venue demands it."""
    inbound = one.inbound
    purge = "must_purge" in inbound.policy or registry.venue(one.channel.venue).caps.must_purge_on_delete
    at = inbound.sent_at or one.arrival.received_at
    return Deletion(one.channel.pk, storable(inbound.external_id or ""), at, purge=purge)


def echo(one: Passenger) -> Echo:
    """A message of our own account that came back."""
    inbound, arrival = one.inbound, one.arrival
    return Echo(
        arrival_id=arrival.id,
        channel_id=one.channel.pk,
        inbox_id=one.channel.inbox_id,
        external_id=storable(inbound.external_id or own_id(one)),
        thread_id=_thread_id(one),
        author=ourselves(one),
        visibility=_visibility(one),
        kind=inbound.message_kind or "message",
        text=storable(inbound.text or ""),
        sent_at=inbound.sent_at or arrival.received_at,
        received_at=arrival.received_at,
        client_ref=inbound.client_ref or "",
        parent_id=storable(inbound.parent_id or ""),
        subject=storable(inbound.subject),
        permalink=storable(inbound.permalink or ""),
        letter=inbound.letter,
    )


def receipt(one: Passenger) -> ReceiptSeen:
    """What became of a message of ours."""
    inbound = one.inbound
    about = storable(inbound.state_of or inbound.external_id or "")
    return ReceiptSeen(one.channel.pk, about, inbound.state or "", inbound.client_ref or "")


def _thread_id(one: Passenger) -> str:
    return storable(one.inbound.thread_id or one.inbound.root_id or "")


def _visibility(one: Passenger) -> Visibility:
    """What the venue does not say counts as private: so it is never shown to more people than it was meant for."""
    return Visibility(one.inbound.visibility or "private")
