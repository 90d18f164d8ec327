"""The background work of conversations: files are fetched and swept."""

from hark.conversations.actions.due import FETCH, have_fetched
from hark.conversations.actions.fetching import fetch_next_file, sweep_files
from hark.kernel.tasks import periodic, task

MOST_A_JOB = 200


@task(FETCH)
def fetch_files() -> None:
    """Fetch the files that are due; what is left after many is a job of its own."""
    for _ in range(MOST_A_JOB):
        if not fetch_next_file():
            return
    have_fetched()


@periodic("conversations.fetch_due_files", "* * * * *")
def fetch_due_files() -> None:
    """What was put off, or was left by a worker that died."""
    fetch_files()


@periodic("conversations.sweep_files", "25 4 * * *", tries=3)
def sweep() -> None:
    """Once a night."""
    sweep_files()
