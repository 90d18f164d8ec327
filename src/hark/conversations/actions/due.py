"""Files that wait for a job: to be fetched, or to be made anew."""

from hark.kernel.tasks import defer

FETCH = "conversations.fetch_files"


def have_fetched() -> None:
    """Have a job look for files that are due; several calls are one job."""
    defer(FETCH, once=FETCH)
