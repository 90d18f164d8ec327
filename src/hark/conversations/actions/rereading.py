"""Reading old messages again: started, paused, gone on with, cancelled; and what a batch of new readings changes.

New readings stand beside the old ones and count from then on, because they are newer; corrections lie over both and are
never touched. A run is one row: a worker that dies leaves it as it was after the last whole batch.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from hark.conversations.actions.praise import settle_praise
from hark.conversations.actions.searching import index_messages
from hark.conversations.actions.staging_readings import READING, fold_moods, reading_row
from hark.conversations.actions.standing import acting_agent
from hark.conversations.errors import AlreadyReadingAgain, NothingToReadAgain, NotReadingAgain
from hark.conversations.models import Hurried, Message, Reading, Rereading
from hark.conversations.queries.readings import corrections_of, newest_readings, shown_value
from hark.conversations.queries.rereading import FIELDS, OldBatch, readable_again
from hark.conversations.types import Author, RereadingState
from hark.kernel.db import copy_rows
from hark.kernel.ids import public_key
from hark.kernel.time import database_now
from hark.organisation.actions.audit import audit
from hark.organisation.models import Brand
from hark.organisation.types import Right

LEASE = timedelta(seconds=30)
OVER = {"alive": None, "leased_until": None}
Data = Mapping[str, Any]


@transaction.atomic
def read_again(*, brand: Brand | None = None, since: datetime | None = None, actor: Author | None = None) -> Rereading:
    """Have what is stored now read again by the workers. `actor`: None for the command line.

    One transaction. Raises NotAllowed, AlreadyReadingAgain, NothingToReadAgain.
    """
    agent = acting_agent(actor, Right.BRANDS) if actor else None
    newest = Message.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    total = readable_again(brand=brand, since=since, from_id=newest + 1).count()
    if not total:
        raise NothingToReadAgain
    try:
        with transaction.atomic():
            run = Rereading.objects.create(
                key=public_key("reread"),
                brand=brand,
                since=since,
                started_by=agent,
                started_at=database_now(),
                place=newest + 1,
                total=total,
            )
    except IntegrityError as error:
        raise AlreadyReadingAgain from error
    told = {"brand": brand.key if brand else "", "since": since.isoformat() if since else ""}
    audit("readings.again", run.key, messages=total, **told)
    return run


@transaction.atomic
def set_rereading(*, state: RereadingState, actor: Author | None = None) -> Rereading:
    """Pause the run, go on with it, or cancel it; what is written stays. Saying it twice changes nothing.

    Raises NotAllowed, NotReadingAgain.
    """
    if actor:
        acting_agent(actor, Right.BRANDS)
    run = Rereading.objects.select_for_update(no_key=True).filter(alive=True).first()
    if run is None:
        raise NotReadingAgain
    if run.state == state:
        return run
    run.state, run.problem, run.leased_until = state, "", None
    if state == RereadingState.CANCELLED:
        run.alive, run.ended_at = None, database_now()
    run.save(update_fields=["state", "alive", "ended_at", "problem", "leased_until"])
    audit(f"readings.{state}", run.key, messages=run.done)
    return run


def lease_rereading() -> Rereading | None:
    """Take the running one for half a minute; None when there is none, or another worker is at it."""
    at = database_now()
    free = Rereading.objects.filter(alive=True, state=RereadingState.RUNNING).exclude(leased_until__gt=at)
    if not free.update(leased_until=at + LEASE):
        return None
    return Rereading.objects.select_related("brand").filter(alive=True).first()


def release_rereading(*, run_id: int) -> None:
    """Let another worker go on at once."""
    Rereading.objects.filter(pk=run_id).update(leased_until=None)


@transaction.atomic
def end_rereading(*, run_id: int) -> None:
    """All is read."""
    over = {"state": RereadingState.DONE, "ended_at": database_now(), **OVER}
    Rereading.objects.filter(pk=run_id, state=RereadingState.RUNNING).update(**over)


@transaction.atomic
def stop_rereading(*, run_id: int, problem: str) -> None:
    """Pause it, with a word on why, until a person goes on with it."""
    stopped = {"state": RereadingState.PAUSED, "problem": problem, "leased_until": None}
    Rereading.objects.filter(pk=run_id, state=RereadingState.RUNNING).update(**stopped)


@transaction.atomic
def keep_batch(*, run_id: int, batch: OldBatch, readings: Mapping[int, Data]) -> bool:
    """Store the new readings of a batch beside the old, fold moods anew, and move on; all of it or nothing.

    False when the run was paused, cancelled or moved on meanwhile: nothing is written then. A message that was edited
    or deleted while it was read keeps what it has. An empty reading counts as one that could not be read.
    """
    run = Rereading.objects.select_for_update(no_key=True).get(pk=run_id)
    if run.state != RereadingState.RUNNING or run.place != batch.place:
        return False
    new = _still_so(batch, readings)
    before = newest_readings(new)
    _write(new, before)
    _compare(run, new, before)
    run.place, run.done = batch.then, run.done + len(batch.messages)
    run.unread += sum(not readings.get(one.id) for one in batch.messages)
    run.leased_until = database_now() + LEASE
    run.save()
    return True


def note_hurried(message_ids: Collection[int]) -> None:
    """These were read by their words alone, in the caller's transaction; the encoder reads them later."""
    if message_ids:
        Hurried.objects.bulk_create([Hurried(message_id=number) for number in message_ids], ignore_conflicts=True)


@transaction.atomic
def keep_hurried(*, batch: OldBatch, readings: Mapping[int, Data]) -> None:
    """Store what the encoder reads in messages that were read in a hurry, beside that, and fold moods anew.

    One transaction; twice is as once. What cannot be read, was edited or deleted meanwhile keeps what it has.
    """
    new = _still_so(batch, readings)
    _write(new, newest_readings(new))
    Hurried.objects.filter(pk__in=[one.id for one in batch.messages]).delete()


def _still_so(batch: OldBatch, readings: Mapping[int, Data]) -> dict[int, dict[str, Any]]:
    """The readings of those whose words are still what was read; locked until the commit."""
    read = {one.id: one.text for one in batch.messages if readings.get(one.id)}
    rows = Message.objects.select_for_update(no_key=True).filter(pk__in=read, deleted_at=None).order_by("pk")
    return {pk: dict(readings[pk]) for pk, text in rows.values_list("pk", "text") if read[pk] == text}


def _write(new: dict[int, dict[str, Any]], before: Mapping[int, Reading]) -> None:
    """The newest reading counts. There is one by each version: where it is not the newest, or says something else now
    (the brand's profile has changed since), it makes room for itself."""
    for pk, old in before.items():
        if old.duplicate_key:  # which messages are alike was found out among all of them, not by the models
            new[pk]["duplicate_key"] = old.duplicate_key
    fresh = {pk: one for pk, one in new.items() if pk not in before or before[pk].data != one}
    for version in {one["model_version"] for one in fresh.values()}:
        Reading.objects.filter(message__in=fresh, model_version=version).delete()
    if fresh:
        rows = [reading_row(pk, one) for pk, one in sorted(fresh.items())]
        copy_rows(f"COPY conversations_reading ({', '.join(READING)}) FROM STDIN BINARY", list(READING.values()), rows)
        contacts = Message.objects.filter(pk__in=fresh).values_list("identity__contact", flat=True)
        fold_moods({contact for contact in contacts if contact is not None})
        index_messages(message_ids=list(fresh))
        settle_praise(fresh)


def _compare(run: Rereading, new: Mapping[int, Data], before: Mapping[int, Reading]) -> None:
    """Add up what is labelled otherwise than before, and who is right where people have said what it is."""
    corrections = corrections_of(before)
    for pk, old in before.items():
        run.compared += 1
        run.model_version = new[pk]["model_version"]
        said = {row.field: row.new_value for row in corrections.get(pk, ())}
        for field in FIELDS:
            was, now = _label(old.data, field), _label(new[pk], field)
            if was != now:
                told = run.changes.setdefault(field, {})
                told[f"{was}>{now}"] = told.get(f"{was}>{now}", 0) + 1
            if field in said:
                for name, right in (("corrected", True), ("before", was == said[field]), ("now", now == said[field])):
                    run.agreement[name] = run.agreement.get(name, 0) + right


def _label(data: Data, field: str) -> str:
    return str(data.get("language", "")) if field == "language" else shown_value(data, field)[0]
