"""Tags: what they are called, and which cases carry them."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import F

from hark.conversations.actions.cases import changed
from hark.conversations.actions.naming import named, unique
from hark.conversations.actions.standing import acting_agent, locked_case
from hark.conversations.models import Case, CaseTag, Tag
from hark.conversations.types import Author
from hark.kernel.actions import record
from hark.kernel.errors import NotFound
from hark.kernel.ids import public_key
from hark.kernel.time import database_now
from hark.kernel.types import NewEvent
from hark.organisation.actions.audit import audit
from hark.organisation.types import Right


def add_tag(*, name: str, actor: Author) -> Tag:
    """Define a tag. Raises NotAllowed, NameMissing, NameInUse (whatever its case)."""
    acting_agent(actor, Right.TOOLS)
    with unique():
        tag = Tag.objects.create(key=public_key("tag"), name=named(name))
        audit("tag.added", tag.key, actor=actor.agent_key)
    return tag


def change_tag(*, key: str, name: str, retired: bool, actor: Author) -> Tag:
    """Rename a tag everywhere, retire it, or offer it again. Raises NotAllowed, NotFound, NameMissing, NameInUse."""
    acting_agent(actor, Right.TOOLS)
    tag = Tag.objects.filter(key=key).first()
    if tag is None:
        raise NotFound
    before = {"name": tag.name, "retired": tag.retired_at is not None}
    tag.name = named(name)
    tag.retired_at = (tag.retired_at or database_now()) if retired else None
    after = {"name": tag.name, "retired": retired}
    with unique():
        tag.save(update_fields=["name", "retired_at"])
        if before != after:
            fields = [field for field, value in after.items() if value != before[field]]
            audit("tag.changed", tag.key, actor=actor.agent_key, fields=fields)
    return tag


@transaction.atomic
def put_tag(*, case_id: int, tag_key: str, actor: Author, version: int | None = None) -> Case:
    """Put a tag on a case. One transaction; a tag that is there already changes nothing.

    Raises NotFound (case or tag), NotAllowed, ChangedMeanwhile.
    """
    case, tag = _both(case_id, tag_key, actor, version)
    _, new = CaseTag.objects.get_or_create(case=case, tag=tag)
    return changed(case, "case.tagged", actor, tag=tag.key, name=tag.name) if new else case


@transaction.atomic
def take_tag(*, case_id: int, tag_key: str, actor: Author, version: int | None = None) -> Case:
    """Take a tag off a case. One transaction; repeating changes nothing. Raises as `put_tag`."""
    case, tag = _both(case_id, tag_key, actor, version)
    gone, _ = CaseTag.objects.filter(case=case, tag=tag).delete()
    return changed(case, "case.untagged", actor, tag=tag.key, name=tag.name) if gone else case


def put_tags_by_rule(wanted: Iterable[tuple[int, str, str]]) -> None:
    """Put tags on cases because of what was read: (case id, tag key, why), in the caller's transaction.

    A tag that is there, retired or gone changes nothing. Three statements, however many; an event for each new one.
    """
    asked = {(case, key): why for case, key, why in wanted}
    tags = (
        {tag.key: tag for tag in Tag.objects.filter(key__in={key for _, key in asked}, retired_at=None)}
        if asked
        else {}
    )
    if not tags:
        return
    cases = {case.pk: case for case in Case.objects.filter(pk__in={case for case, _ in asked})}
    there = set(CaseTag.objects.filter(case__in=list(cases)).values_list("case", "tag"))
    new = [
        (cases[case], tags[key], why)
        for (case, key), why in asked.items()
        if key in tags and case in cases and (case, tags[key].pk) not in there
    ]
    CaseTag.objects.bulk_create([CaseTag(case=case, tag=tag) for case, tag, _ in new], ignore_conflicts=True)
    Case.objects.filter(pk__in={case.pk for case, _, _ in new}).update(version=F("version") + 1)
    record([
        NewEvent(
            "case.tagged", case.key, inbox_id=case.inbox_id,
            data={"case": case.key, "tag": tag.key, "name": tag.name, "because": why},
        )
        for case, tag, why in new
    ])  # fmt: skip


def _both(case_id: int, tag_key: str, actor: Author, version: int | None) -> tuple[Case, Tag]:
    case = locked_case(acting_agent(actor, Right.ANSWER), case_id, version)
    tag = Tag.objects.filter(key=tag_key).first()
    if tag is None:
        raise NotFound
    return case, tag
