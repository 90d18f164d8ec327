"""Tags: what they are called, and which cases carry them."""

from django.db import transaction

from hark.conversations.actions.cases import changed
from hark.conversations.actions.naming import named, unique
from hark.conversations.actions.standing import acting_agent, locked_case
from hark.conversations.models import Case, CaseTag, Tag
from hark.conversations.types import Author
from hark.kernel.errors import NotFound
from hark.kernel.ids import public_key
from hark.kernel.time import database_now
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


def _both(case_id: int, tag_key: str, actor: Author, version: int | None) -> tuple[Case, Tag]:
    case = locked_case(acting_agent(actor, Right.ANSWER), case_id, version)
    tag = Tag.objects.filter(key=tag_key).first()
    if tag is None:
        raise NotFound
    return case, tag
