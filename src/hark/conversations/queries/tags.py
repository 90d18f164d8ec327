"""Tags, and which cases carry them."""

from collections.abc import Collection

from django.db.models import QuerySet

from hark.conversations.models import Case, CaseTag, Tag


def tags_offered() -> QuerySet[Tag]:
    """The tags that can be put on a case, by name."""
    return Tag.objects.filter(retired_at=None).order_by("name")


def tags_of(case: Case) -> list[Tag]:
    """The tags of a case, by name. One query."""
    return list(Tag.objects.filter(pk__in=CaseTag.objects.filter(case=case).values("tag")).order_by("name"))


def tag_names(case_ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """The names of the tags of these cases. One query."""
    found: dict[int, tuple[str, ...]] = {}
    rows = CaseTag.objects.filter(case__in=case_ids).order_by("tag__name")
    for case_id, name in rows.values_list("case_id", "tag__name"):
        found[case_id] = (*found.get(case_id, ()), name)
    return found
