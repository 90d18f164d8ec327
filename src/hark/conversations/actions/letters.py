"""Which conversation a mail belongs to: by tokens, then by what it refers to and who takes part. Never by the subject.

The contact of every writer is locked by `contacts.actions.recognise` before this, so that what one person writes, also
to several of our addresses at once, is threaded by one worker at a time.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from hark.channels.accounts import account_of
from hark.channels.registry import venue
from hark.channels.types import Letter, Outbound
from hark.contacts.models import Identity
from hark.conversations.models import Conversation, Participant
from hark.conversations.types import Echo, IncomingMessage
from hark.kernel.db import execute, fetch_all
from hark.organisation.models import Channel

# A name is looked for in all channels of the inbox: the same mail to two of our addresses is one matter there.
NAMED = """
    SELECT c.inbox_id, r.hash, v.id, r.channel_id, v.channel_id, h.inbox_id, v.thread_key, r.token, r.recipient
    FROM conversations_threadref r JOIN organisation_channel c ON c.id = r.channel_id
    JOIN conversations_conversation v ON v.id = r.conversation_id JOIN organisation_channel h ON h.id = v.channel_id
    WHERE r.hash = ANY(%s) AND c.inbox_id = ANY(%s) ORDER BY r.id
"""
WRITE_NAMES = """
    INSERT INTO conversations_threadref (channel_id, hash, conversation_id, token, recipient)
    SELECT channel, hash, conversation, token, recipient
    FROM unnest(%s::bigint[], %s::bytea[], %s::bigint[], %s::bool[], %s::text[])
        AS new (channel, hash, conversation, token, recipient) ORDER BY hash, channel
    ON CONFLICT (hash, channel_id) DO NOTHING
"""
WRITE_PARTICIPANTS = """
    INSERT INTO conversations_participant (conversation_id, identity_id, pending)
    SELECT conversation, identity, bool_and(pending)
    FROM unnest(%s::bigint[], %s::bigint[], %s::bool[]) AS new (conversation, identity, pending)
    GROUP BY conversation, identity ORDER BY conversation, identity
    ON CONFLICT (conversation_id, identity_id) DO NOTHING
"""
WRITE_BESIDE = """
    INSERT INTO conversations_namedbeside (conversation_id, address, name)
    SELECT DISTINCT ON (conversation, address) conversation, address, name
    FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS new (conversation, address, name)
    ORDER BY conversation, address
    ON CONFLICT (conversation_id, address) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Named:
    """A conversation under one of its names. `thread`: its channel and key; `came_by`: the channel of the name.

    `inbox_id` is its own inbox: a chat that goes on by mail may lie in another one than the mailbox.
    """

    thread: tuple[int, str]
    came_by: int
    inbox_id: int
    token: bool = False
    recipient: str = ""


@dataclass(slots=True)
class Known:
    """What is known of the names in a batch: the conversations, and who takes part in them (True: still pending)."""

    names: dict[tuple[int, bytes], list[Named]] = field(default_factory=lambda: defaultdict(list))
    people: dict[tuple[int, str], dict[int, bool]] = field(default_factory=lambda: defaultdict(dict))
    addresses: dict[int, str] = field(default_factory=dict)

    def named(self, message: IncomingMessage, names: Iterable[str]) -> Iterable[Named]:
        """The conversations under these names in the message's inbox, in the order of the names."""
        for name in names:
            yield from self.names.get((message.inbox_id, hash_of(name)), ())


def find_threads(messages: Sequence[IncomingMessage]) -> list[IncomingMessage]:
    """The messages, each mail with the conversation it belongs to: the first of these rules that fits.

    1. It is there already, or came to another address of the inbox: where it is.
    2. It names a token: there; whoever is not the one it was given to, and does not take part, is pending.
    3. It refers to a mail of a conversation in which its writer takes part: there.
    4. Otherwise it begins a conversation. An empty name fits nothing, a forged sender joins nothing.
    """
    letters = [one for one in messages if one.letter]
    if not letters:
        return list(messages)
    known = _known(letters)
    placed = {}
    for one in sorted(letters, key=lambda each: each.sent_at):
        placed[id(one)] = found = _placed(one, known)
        _remember(found, one.inbox_id, known)
    return [placed.get(id(one), one) for one in messages]


def _placed(one: IncomingMessage, known: Known) -> IncomingMessage:
    letter = one.letter or Letter()
    own = list(known.named(one, [letter.own]))
    for place in own:
        if one.identity_id in known.people[place.thread]:
            return _there(one, place, known, copy=place.came_by != one.channel_id)
    if not letter.forged:
        named = list(known.named(one, [*letter.tokens, *letter.references]))
        for place in named:
            if place.token:
                return _there(one, place, known)
        for place in named:
            if known.people[place.thread].get(one.identity_id) is False:
                return _there(one, place, known)
    # A Message-ID that somebody else has used before must not lead into his conversation.
    key = f"{letter.own}#{one.identity_id}" if own or not letter.own else letter.own
    return replace(one, thread_id=key if letter.own else one.external_id, thread_channel_id=one.channel_id)


def _there(one: IncomingMessage, place: Named, known: Known, *, copy: bool = False) -> IncomingMessage:
    channel_id, key = place.thread
    invited = place.token and place.recipient == known.addresses.get(one.identity_id, "")
    pending = known.people[place.thread].get(one.identity_id, not invited)
    home = replace(one, thread_id=key, thread_channel_id=channel_id, inbox_id=place.inbox_id)
    return replace(home, pending=pending, copy=copy)


def _remember(one: IncomingMessage, came_to: int, known: Known) -> None:
    """What later mails of the batch may refer to; `came_to` is the inbox of the mailbox."""
    thread = (one.thread_channel_id or one.channel_id, one.thread_id)
    known.people[thread].setdefault(one.identity_id, one.pending)
    if one.letter and one.letter.own:
        known.names[came_to, hash_of(one.letter.own)].append(Named(thread, one.channel_id, one.inbox_id))


def _known(letters: Sequence[IncomingMessage]) -> Known:
    known = Known()
    said = [one.letter for one in letters if one.letter]
    names = {name for each in said for name in (each.own, *each.tokens, *each.references) if name}
    rows = fetch_all(NAMED, [[hash_of(name) for name in names], list({one.inbox_id for one in letters})])
    threads = {}
    for inbox_id, digest, number, came_by, channel_id, home, key, token, recipient in rows:
        threads[number] = (channel_id, key)
        known.names[inbox_id, bytes(digest)].append(Named((channel_id, key), came_by, home, token, recipient))
    people = Participant.objects.filter(conversation__in=threads)
    for number, identity_id, pending in people.values_list("conversation_id", "identity_id", "pending"):
        known.people[threads[number]][identity_id] = pending
    writers = Identity.objects.filter(pk__in={one.identity_id for one in letters})
    known.addresses = dict(writers.values_list("pk", "key"))
    return known


def write_down(placed: Sequence[tuple[IncomingMessage, int]]) -> None:
    """Keep the names of stored mails, who wrote them and whom they named, with their conversations' ids.

    In the running transaction. Whoever was only named takes no part: an agent may copy him in.
    """
    if not placed:
        return
    named = [(one.channel_id, one.letter.own, number) for one, number in placed if one.letter and one.letter.own]
    _write_names([(channel, hash_of(own), number, False, "") for channel, own, number in named])
    people = [(number, one.identity_id, one.pending) for one, number in placed]
    execute(WRITE_PARTICIPANTS, [list(column) for column in zip(*people, strict=True)])
    beside = [(number, *other) for one, number in placed if one.letter for other in one.letter.beside]
    if beside:
        execute(WRITE_BESIDE, [list(column) for column in zip(*beside, strict=True)])


def told_apart(one: IncomingMessage) -> IncomingMessage:
    """A mail under an id of its own, because another one with other words bears its Message-ID."""
    return replace(one, external_id=f"{one.external_id}#{hashlib.sha256(one.text.encode()).hexdigest()[:12]}")


def expect_answers(channel: Channel, conversation: Conversation, outbound: Outbound) -> None:
    """Keep the names by which the answer to what leaves by `channel` will speak of it; in its transaction."""
    marks = venue(channel.venue).marks(account_of(channel), outbound)
    recipient = outbound.target.person.lower()
    _write_names([(channel.pk, hash_of(mark), conversation.pk, True, recipient) for mark in marks])


def thread_of_echo(echo: Echo) -> tuple[int, str] | None:
    """The conversation in which we have answered by our own mail program; None where it is none of those known.

    Our own folder of sent mail may name any conversation.
    """
    letter = echo.letter
    names = [name for name in (letter.own, *letter.references) if name] if letter else []
    if not names:
        return None
    rows = fetch_all(NAMED, [[hash_of(name) for name in names], [echo.inbox_id]])
    found = {bytes(digest): (channel_id, key) for _, digest, _, _, channel_id, _, key, _, _ in reversed(rows)}
    return next((found[hash_of(name)] for name in names if hash_of(name) in found), None)


def write_down_echo(echo: Echo, conversation_id: int) -> None:
    """Keep the name of a mail of ours."""
    if echo.letter and echo.letter.own:
        _write_names([(echo.channel_id, hash_of(echo.letter.own), conversation_id, False, "")])


def hash_of(name: str) -> bytes:
    """A name as it is kept."""
    return hashlib.sha256(name.encode("utf-8", "replace")).digest()


def _write_names(rows: Collection[tuple[int, bytes, int, bool, str]]) -> None:
    if rows:
        execute(WRITE_NAMES, [list(column) for column in zip(*rows, strict=True)])
