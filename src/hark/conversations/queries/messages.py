"""Messages as pages show them: with their reading, its corrections, duplicates, earlier texts and delivery state."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Q

from hark.conversations.models import Message, MessageHtml, MessageVersion, Reading
from hark.conversations.queries.access import messages_visible_to
from hark.conversations.queries.appearance import author_name, icon_of
from hark.conversations.queries.files import FileShown, files_of_messages
from hark.conversations.queries.participants import pending_writers
from hark.conversations.queries.readings import ReadingShown, corrected, corrections_of, newest_readings
from hark.conversations.types import FORM, MAIL, TOLD, Direction, FileState
from hark.delivery.models import OutboxItem
from hark.delivery.queries import change_words, delivery_words, parts_of
from hark.delivery.types import DeliveryWords, OutboxState, words_of_change
from hark.organisation.models import Agent, Channel
from hark.organisation.types import Right

Parts = Mapping[UUID | None, Sequence[OutboxItem]]
LATE = timedelta(minutes=10)
DUPLICATES_TOLD = 200
DUPLICATES_SEEN = 500  # newest among which those that an agent may see are looked for


@dataclass(frozen=True, slots=True)
class AlsoPosted:
    """The same words elsewhere."""

    venue: str
    channel: str
    who: str
    sent_at: datetime
    permalink: str
    case_key: str


@dataclass(frozen=True, slots=True)
class AlsoCameTo:
    """Another of our addresses to which the same mail came; its case, where that is another one."""

    channel: str
    case_key: str


@dataclass(frozen=True, slots=True)
class FormattedShown:
    """How a message was formatted can be shown.

    `remote` pictures lie elsewhere; once an agent `wanted` them so many have `arrived`. `hidden_text` is what the
    sender had hidden from people's eyes.
    """

    html: bool
    remote: int
    wanted: bool
    arrived: int
    hidden_text: str


@dataclass(frozen=True, slots=True)
class MessageShown:
    """A message with all that is said of it. `also_posted` are its duplicates, `delivery` is there for ours only.

    `late`: it reached us long after it was written. `versions` are earlier texts, oldest first. `pending`: its writer
    has to be let in before he is answered. `automatic` says why no person wrote it, and is empty where one did. From
    the code point `quote_from` on it is a quotation. `original`: its bytes may be opened. `outside` names who
    is asked outside, where it belongs to such a talk. `left`: ours, and the venue has it. `change` is how far a change
    of it has come, `change_text` what it shall say then (None: nothing, it is gone). `told`: answered at the venue,
    as only an agent has told us so far.
    """

    id: int
    key: str
    conversation_key: str
    case_key: str
    case_title: str
    who: str
    ours: bool
    mine: bool
    native: bool
    told: bool
    visibility: str
    icon: str
    kind: str
    venue: str
    channel: str
    subject: str
    text: str
    sent_at: datetime
    late: bool
    edited_at: datetime | None
    deleted_at: datetime | None
    versions: tuple[tuple[datetime, str, str], ...]
    rating: int | None
    permalink: str
    problem: str
    reading: ReadingShown | None
    also_posted: tuple[AlsoPosted, ...]
    delivery: DeliveryWords | None
    pending: bool
    automatic: str
    also_came_to: tuple[AlsoCameTo, ...]
    quote_from: int | None
    files: tuple[FileShown, ...]
    formatted: FormattedShown | None
    original: bool
    outside: str = ""
    left: bool = False
    change: DeliveryWords | None = None
    change_text: str | None = None


def messages_shown(agent: Agent, messages: Sequence[Message], *, at: datetime) -> list[MessageShown]:
    """Messages as the timeline shows them, in the order given; they come from the gate. At most twelve queries."""
    ids, may_open = [message.pk for message in messages], agent.may(Right.ORIGINALS)
    copies = _copies(agent, messages)
    waiting = pending_writers({one.conversation_id for one in messages if one.channel.venue == MAIL})
    readings, corrections, versions = newest_readings(ids), corrections_of(ids), _versions(ids)
    files, formatted = files_of_messages(ids), _formatted(ids)
    parts = parts_of(item for message in messages for item in (message.outbox_item, message.change_item))
    duplicates = _also_posted(agent, {row.duplicate_key for row in readings.values() if row.duplicate_key})
    nearly = _nearly_posted(agent, messages)

    def _shown(message: Message) -> MessageShown:
        reading = readings.get(message.pk)
        alike = (duplicates.get(reading.duplicate_key, {}) if reading else {}) | nearly.get(message.pk, {})
        case = message.conversation.case
        change = message.change_item
        outside = _outside(message)
        return MessageShown(
            id=message.pk,
            key=message.key,
            conversation_key=message.conversation.key,
            case_key=case.key if case else "",
            case_title=case.title if case else "",
            who=author_name(message),
            ours=message.direction == Direction.OUTBOUND,
            mine=message.agent_id == agent.pk,
            native=message.native,
            told=message.native and (message.external_id or "").startswith(TOLD),
            visibility=message.visibility,
            icon=icon_of(message.kind),
            kind=message.kind,
            venue=message.channel.venue,
            channel=message.channel.name,
            subject=message.conversation.subject,
            text=message.text,
            sent_at=message.sent_at,
            late=message.received_at - message.sent_at > LATE and not message.backfilled,
            edited_at=message.edited_at,
            deleted_at=message.deleted_at,
            versions=tuple(versions.get(message.pk, ())),
            rating=message.rating,
            permalink=message.permalink,
            problem=message.problem,
            reading=corrected(reading, corrections.get(message.pk, ())) if reading and not outside else None,
            also_posted=_elsewhere(message, alike, copies.get(message.pk, ())),
            delivery=_delivery(message, parts, at),
            pending=(message.conversation_id, message.identity_id) in waiting,
            automatic=_automatic(message),
            also_came_to=tuple(one for pk, one in copies.get(message.pk, {}).items() if pk != message.pk),
            quote_from=message.quote_from,
            files=files.get(message.pk, ()),
            formatted=formatted.get(message.pk),
            original=may_open and bool(message.problem) and message.arrival_id is not None,
            outside=outside,
            left=is_published(message),
            change=_change(message, parts, at),
            change_text=words_of_change(change.payload) if change else None,
        )

    return [_shown(message) for message in messages]


def _delivery(message: Message, parts: Parts, at: datetime) -> DeliveryWords | None:
    item, state = message.outbox_item, message.channel.state
    return delivery_words(item, channel_state=state, at=at, parts=parts.get(item.reply, ())) if item else None


def _change(message: Message, parts: Parts, at: datetime) -> DeliveryWords | None:
    item, state = message.change_item, message.channel.state
    return change_words(item, channel_state=state, at=at, parts=parts.get(item.reply, ())) if item else None


def _outside(message: Message) -> str:
    """Who is asked outside in the message's talk; empty in a talk with the customer."""
    talk = message.conversation
    return (talk.contact.name or "Somebody") if talk.outside else ""


def is_published(message: Message) -> bool:
    """Is it a reply written in Hark that can be read at its venue?"""
    item = message.outbox_item
    if item is None or message.automatic or message.deleted_at is not None:
        return False
    begun = item.parts > 1 and item.state == OutboxState.CANCELLED and message.external_id is not None
    return item.state == OutboxState.SENT or begun  # of one that was given up half-way the first posts are there


def _automatic(message: Message) -> str:
    """Why no person wrote it; empty where one did."""
    item = message.outbox_item
    if not message.automatic or item is None:
        return "Written by a machine, so nobody has to answer" if message.automatic else ""
    if message.channel_id == message.conversation.channel_id:
        return "Sent by Hark itself when the mail came"
    address = item.payload["target"]["person"]
    if item.payload["author_kind"] == "bot":
        return f"The closed talk, by e-mail to {address}: the visitor asked for it"
    if message.conversation.channel.venue == FORM:
        return f"Sent by e-mail to {address}, which was left in the form"
    return f"Gone on by e-mail to {address}: the visitor had left the chat"


def _copies(agent: Agent, messages: Sequence[Message]) -> dict[int, dict[int, AlsoCameTo]]:
    """Each mail with the same mail as it came to others of our addresses, by message, as far as the agent may see."""
    mails = [one for one in messages if one.channel.venue == MAIL and one.external_id]
    if not mails:
        return {}
    seen = messages_visible_to(agent).filter(
        channel__in=_mail_channels(), external_id__in=[one.external_id for one in mails]
    )
    same: dict[str | None, list[Message]] = {}
    for copy in seen.select_related("channel", "conversation__case").order_by("pk"):
        same.setdefault(copy.external_id, []).append(copy)
    return {
        one.pk: {one.pk: _came_to(one, one), **{copy.pk: _came_to(copy, one) for copy in same.get(one.external_id, ())}}
        for one in mails
    }


def _came_to(copy: Message, one: Message) -> AlsoCameTo:
    """Where a copy came, and its case where that is not the one of the mail."""
    case = copy.conversation.case
    return AlsoCameTo(copy.channel.name, case.key if case and case.pk != one.conversation.case_id else "")


def _mail_channels() -> list[int]:
    """A list, so that the index by channel and id is walked."""
    return list(Channel.objects.filter(venue=MAIL).values_list("pk", flat=True))


def _versions(message_ids: list[int]) -> dict[int, list[tuple[datetime, str, str]]]:
    """Until when it said what, and which of us changed it then."""
    found: dict[int, list[tuple[datetime, str, str]]] = {}
    earlier = MessageVersion.objects.filter(message__in=message_ids).select_related("agent").order_by("id")
    for row in earlier:
        found.setdefault(row.message_id, []).append((row.replaced_at, row.text, row.agent.name if row.agent else ""))
    return found


def _formatted(message_ids: list[int]) -> dict[int, FormattedShown]:
    """What is known of the formatting, without reading any of it."""
    here = Q(message__attachments__remote=True, message__attachments__state=FileState.STORED)
    told = MessageHtml.objects.filter(message__in=message_ids).annotate(
        has_html=Q(html__gt=""), wanted=Q(remote_wanted_at__isnull=False), arrived=Count("message__attachments", here)
    )
    rows = told.values_list("message_id", "has_html", "remote", "wanted", "arrived", "hidden_text")
    return {number: FormattedShown(*rest) for number, *rest in rows}


def _elsewhere(message: Message, alike: Mapping[int, AlsoPosted], copies: Collection[int]) -> tuple[AlsoPosted, ...]:
    """Those that stand neither in the message's own case, whose timeline shows them, nor among its copies."""
    case, same = message.conversation.case, {message.pk, *copies}
    return tuple(one for pk, one in alike.items() if pk not in same and not (case and one.case_key == case.key))


def _also_posted(agent: Agent, keys: set[str]) -> dict[str, dict[int, AlsoPosted]]:
    """Messages with the same words, by duplicate key and message: whoever wrote them, through the gate. Two queries."""
    if not keys:
        return {}
    alike = Reading.objects.filter(duplicate_key__in=keys).order_by("-id")
    # From the few words outwards: as one statement the planner may walk over all messages that the agent sees.
    words = dict(alike.values_list("message_id", "duplicate_key")[:DUPLICATES_SEEN])
    visible = messages_visible_to(agent).filter(direction=Direction.INBOUND, pk__in=list(words))
    told = visible.select_related("channel", "identity", "conversation__case").order_by("-pk")
    found: dict[str, dict[int, AlsoPosted]] = {}
    for message in told[:DUPLICATES_TOLD]:
        found.setdefault(words[message.pk], {})[message.pk] = _posted(message)
    return found


def _nearly_posted(agent: Agent, messages: Sequence[Message]) -> dict[int, dict[int, AlsoPosted]]:
    """Messages that say nearly the same, by message: whoever wrote them, but through the gate. `repeat` is at hand."""
    words = {message.pk: message.repeat.words_id for message in messages if hasattr(message, "repeat")}
    if not words:
        return {}
    said = messages_visible_to(agent).filter(repeat__words__in=set(words.values()), deleted_at=None)
    told = said.select_related("channel", "identity", "agent", "conversation__case", "repeat")
    alike: dict[int, dict[int, AlsoPosted]] = {}
    for message in told.order_by("-pk")[:DUPLICATES_TOLD]:
        alike.setdefault(message.repeat.words_id, {})[message.pk] = _posted(message)
    return {number: alike.get(text, {}) for number, text in words.items()}


def _posted(message: Message) -> AlsoPosted:
    case = message.conversation.case
    return AlsoPosted(
        venue=message.channel.venue,
        channel=message.channel.name,
        who=author_name(message),
        sent_at=message.sent_at,
        permalink=message.permalink,
        case_key=case.key if case else "",
    )
