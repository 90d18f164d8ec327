"""To follow a message, read this: parse → read → recognise → thread → place.

Each stage takes a list of passengers and gives a list of passengers. The first two are pure of effects; the last three
write, in one transaction of the caller, and nothing of it is seen before the commit.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from hark.channels import registry
from hark.channels.types import Inbound, Raw
from hark.contacts.actions import note_wishes
from hark.contacts.actions import recognise as recognise_authors
from hark.conversations.actions import changes
from hark.conversations.actions.rereading import note_hurried
from hark.conversations.actions.thread import thread as thread_messages
from hark.conversations.queries.history import is_known
from hark.conversations.types import ThreadedMessage
from hark.delivery import actions as delivery
from hark.journey.authors import author_of
from hark.journey.following import Asked, follow
from hark.journey.muting import with_mutes
from hark.journey.passengers import UNKNOWN, WRITTEN, Passenger, is_ours, is_said, stored, wish_of
from hark.journey.profiles import with_own
from hark.journey.reading import read_all
from hark.journey.spam import with_spam
from hark.journey.translating import deletion, echo, incoming_message, receipt
from hark.kernel.cards import without_cards
from hark.kernel.errors import HarkError
from hark.routing import actions as routing
from hark.routing.types import NewWork

NOTED = frozenset({"reaction", "profile", "channel_health"})  # kept in the arrival; nothing follows from them yet
CHATTY = frozenset({"chat"})

Passengers = list[Passenger]


class EditBeforeMessage(HarkError):
    """This edits a message that has not reached us."""


def parse(passengers: Sequence[Passenger]) -> Passengers:
    """Translate each arrival by its venue's pure `parse`: as many passengers as it holds events, in their order.

    What the front door could not see is seen here: no card's number goes further.
    """
    return [
        replace(one, place=place, inbound=_without_cards(one, inbound))
        for one in passengers
        for place, inbound in enumerate(registry.venue(one.channel.venue).parse(one.account, _raw(one)))
    ]


def read(passengers: Sequence[Passenger], *, hurried: bool = False) -> Passengers:
    """Read what was written, as one batch; `hurried`: by its words alone, for the encoder to read it later."""
    written = [one for one in passengers if one.inbound.kind in WRITTEN and not is_ours(one)]
    ready = with_own(written)
    told = zip(written, ready, read_all(ready, hurried=hurried) if ready else [], strict=True)
    read_ones = {id(one): replace(own, reading=reading, hurried=hurried) for one, own, reading in told}
    return [read_ones.get(id(one), one) for one in passengers]


def recognise(passengers: Sequence[Passenger]) -> Passengers:
    """Find out who wrote; whoever is new gets an identity and a contact. An edit without an author stays without.

    What is muted or held as spam is marked, now that it is known by whom it is.
    """
    written = [one for one in passengers if one.inbound.kind in WRITTEN and not is_ours(one)]
    named = [one for one in written if one.inbound.kind != "edit" or one.inbound.author]
    known = dict(zip(map(id, named), recognise_authors([author_of(one) for one in named]), strict=True))
    found = [replace(one, author=known[id(one)]) if id(one) in known else one for one in passengers]
    return with_spam(with_mutes(found))


def thread(passengers: Sequence[Passenger]) -> Passengers:
    """Store messages in conversations and cases, then what was said of earlier ones; everybody gets an outcome."""
    _keep_order(passengers)
    settled: dict[int, Passenger] = {}
    for chosen, settle in SETTLERS:
        group = [one for one in passengers if chosen(one)]
        settled.update(zip(map(id, group), settle(group) if group else [], strict=True))
    return [settled.get(id(one)) or replace(one, outcome=_noted(one)) for one in passengers]


def place(passengers: Sequence[Passenger]) -> Passengers:
    """Let what was read have its consequences, then tell routing of every case that needs somebody now."""
    note_hurried(stored(one for one in passengers if one.hurried))
    asked = follow(passengers)
    routing.place([work for one in passengers if (work := _work(one, asked))])
    return list(passengers)


def _without_cards(one: Passenger, inbound: Inbound) -> Inbound:
    own = one.channel.inbox.brand.own_numbers
    text, count = without_cards(inbound.text or "", own)
    subject, more = without_cards(inbound.subject, own)
    return replace(inbound, text=text, subject=subject) if count or more else inbound


def _raw(one: Passenger) -> Raw:
    arrival = one.arrival
    return Raw(arrival.body, arrival.headers, id=str(arrival.id), received_at=arrival.received_at)


def _is(kind: str) -> Callable[[Passenger], bool]:
    return lambda one: one.inbound.kind == kind


def _noted(one: Passenger) -> str:
    return one.inbound.kind if one.inbound.kind in NOTED else UNKNOWN


def _keep_order(passengers: Sequence[Passenger]) -> None:
    deleting = {one.channel.pk for one in passengers if one.inbound.kind == "delete"}
    changes.keep_order(deleting=deleting, adding={one.channel.pk for one in passengers if one.inbound.kind in WRITTEN})


def _settle_messages(said: Sequence[Passenger]) -> Passengers:
    _note_wishes(said)
    told = thread_messages([incoming_message(one) for one in said])
    return [replace(one, threaded=what, outcome=_became(what)) for one, what in zip(said, told, strict=True)]


def _note_wishes(said: Sequence[Passenger]) -> None:
    """Whoever wants no more messages gets none from now on: not those either that wait to be sent."""
    told = [
        (one, one.author.identity_id, wish) for one in said if one.author and (wish := wish_of(one.inbound)) is not None
    ]
    note_wishes([(who, one.inbound.sent_at or one.arrival.received_at, wish) for one, who, wish in told])
    delivery.stop_waiting([(one.channel.pk, author_of(one).key) for one, _, wish in told if wish])


def _settle_edits(edits: Sequence[Passenger]) -> Passengers:
    return [_settle_edit(one) for one in edits]


def _settle_edit(one: Passenger) -> Passenger:
    """An edit that does not say by whom, or where, cannot become the message: it is tried again when that has come.

    One of a message of ours from before we came to read never becomes a customer's message.
    """
    named = one.author is not None and (one.inbound.thread_id or one.inbound.root_id)
    if not is_known(channel_id=one.channel.pk, external_id=one.inbound.external_id or ""):
        if one.inbound.author is not None and one.inbound.author.is_self:
            return replace(one, outcome="foreign")
        if not named:
            raise EditBeforeMessage
    [what] = changes.apply_edit([incoming_message(one)])
    return replace(one, threaded=what, outcome=_became(what))


def _became(what: ThreadedMessage) -> str:
    if what.message_id is not None:
        return "message"
    return "edit" if what.changed else "duplicate"


def _settle_deletions(deletions: Sequence[Passenger]) -> Passengers:
    changes.apply_delete([deletion(one) for one in deletions])
    return [replace(one, outcome="delete") for one in deletions]


def _settle_echoes(echoes: Sequence[Passenger]) -> Passengers:
    outcomes = changes.apply_echo([echo(one) for one in echoes])
    return [replace(one, outcome=outcome) for one, outcome in zip(echoes, outcomes, strict=True)]


def _settle_receipts(receipts: Sequence[Passenger]) -> Passengers:
    ours = changes.apply_receipt([receipt(one) for one in receipts])
    return [
        replace(one, outcome="receipt" if is_ours else "foreign") for one, is_ours in zip(receipts, ours, strict=True)
    ]


def _work(one: Passenger, asked: Mapping[int, Asked]) -> NewWork | None:
    what = one.threaded
    if what is None or what.case_id is None or what.waiting_since is None:
        return None
    more = asked.get(what.case_id, Asked())
    language = (one.reading or {}).get("language", "und")
    return NewWork(
        case_id=what.case_id,
        inbox_id=what.incoming.inbox_id,
        kind="chat" if what.incoming.kind in CHATTY else "async",
        skills=(f"venue:{one.channel.venue}", *((f"language:{language}",) if language != "und" else ()), *more.skills),
        arrived_at=what.waiting_since,
        target_seconds=min(what.target_seconds, more.target_seconds or what.target_seconds),
        holder_id=what.holder_id,
        senior=what.again > 0,
    )


# Messages before what was said of them; the order of arrival does not matter to any of these.
SETTLERS: tuple[tuple[Callable[[Passenger], bool], Callable[[Sequence[Passenger]], Passengers]], ...] = (
    (is_said, _settle_messages),
    (_is("edit"), _settle_edits),
    (lambda one: one.inbound.kind == "delete" and bool(one.inbound.external_id), _settle_deletions),
    (is_ours, _settle_echoes),
    (_is("receipt"), _settle_receipts),
)
