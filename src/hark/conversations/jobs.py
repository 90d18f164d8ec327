"""Background work: files, silences, sleepers, promises about to break; search and the same words follow the journal."""

from hark.conversations.actions.due import FETCH, have_fetched
from hark.conversations.actions.fetching import fetch_next_file, sweep_files
from hark.conversations.actions.figures import count_left_aside, count_weeks
from hark.conversations.actions.going_on import go_on_by_mail
from hark.conversations.actions.holding import release_due
from hark.conversations.actions.looking import forget_past_looks
from hark.conversations.actions.repeats import follow_repeats, forget_bands
from hark.conversations.actions.searching import follow_journal
from hark.conversations.actions.silence import learn_usual_gaps, watch_silence
from hark.conversations.actions.snoozing import BATCH, wake_due
from hark.conversations.actions.warning import warn_of_clocks
from hark.kernel.tasks import periodic, task
from hark.kernel.time import database_now

__all__ = ["fetch_files", "follow_journal", "follow_repeats"]

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


@periodic("conversations.forget_bands", "50 3 * * *", tries=3)
def forget_words() -> None:
    """Once a night."""
    forget_bands()


@periodic("conversations.learn_usual_gaps", "20 2 * * *", tries=3)
def learn_gaps() -> None:
    """Every night."""
    learn_usual_gaps(at=database_now())


@periodic("conversations.watch_silence", "* * * * *")
def watch() -> None:
    """Every minute."""
    watch_silence(at=database_now())


@periodic("conversations.wake_snoozed", "* * * * * */10")
def wake_snoozed() -> None:
    """Wake what was snoozed until now, within ten seconds of its time."""
    while wake_due() == BATCH:
        pass


@periodic("conversations.release_held", "* * * * * */10")
def release_held() -> None:
    """Send the replies whose time has come, stop those under which somebody has written, within ten seconds."""
    while release_due():
        pass


@periodic("conversations.warn", "*/20 * * * * *")
def warn() -> None:
    """Tell of promises that are about to break."""
    warn_of_clocks()


@periodic("conversations.go_on_by_mail", "*/15 * * * * *")
def chats_go_on() -> None:
    """What visitors who have gone did not see goes to the address that they left."""
    at = database_now()
    while go_on_by_mail(at=at):
        pass


@periodic("conversations.forget_looks", "*/10 * * * *")
def forget_looks() -> None:
    """Sweep away who looked at what."""
    forget_past_looks()


@periodic("conversations.count_left_aside", "*/10 * * * *")
def count_noise() -> None:
    """What was left aside in this hour and the two before."""
    count_left_aside(at=database_now())


@periodic("conversations.count_this_week", "*/15 * * * *")
def count_this_week() -> None:
    """How far agents agree with the readings of this week."""
    count_weeks(at=database_now(), weeks=0)


@periodic("conversations.count_last_weeks", "50 1 * * *", tries=3)
def count_last_weeks() -> None:
    """Once a night those before it, in which corrections and answers still fall; and a whole day of noise."""
    at = database_now()
    count_weeks(at=at, weeks=2)
    count_left_aside(at=at, hours=48)
