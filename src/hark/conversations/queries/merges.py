"""Which cases went into another."""

from hark.conversations.models import Case, CaseMerge


def live_merge(survivor: Case) -> CaseMerge | None:
    """The newest merge into this case that has not been taken back."""
    return (
        CaseMerge.objects.filter(survivor=survivor, undone_at=None).select_related("absorbed").order_by("-id").first()
    )
