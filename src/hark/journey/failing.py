"""Why something failed: is the database away, did others hold a lock, or is it the thing itself?"""

import psycopg
from django.db import InterfaceError, OperationalError

from hark.kernel.errors import HarkError
from hark.kernel.loops import describe as kind_of
from hark.kernel.loops import place_of

CONTENTION = frozenset({"40P01", "40001", "55P03", "57014"})  # deadlock, serialisation, lock and statement timeouts
LOST = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)


def is_contention(error: BaseException) -> bool:
    """Did it meet a lock that others held? Then it may well succeed when it is done again."""
    return _state(error) in CONTENTION


def is_database_away(error: BaseException) -> bool:
    """Is there no database to work with? Then nothing is wrong with the work, and nobody is to blame it."""
    return isinstance(error, LOST) and not is_contention(error) and not _is_about_the_data(error)


def describe(error: BaseException) -> str:
    """The cause for people, without what customers wrote: Hark's own sentence, else the type and the place."""
    if isinstance(error, HarkError):
        return error.message
    return f"{kind_of(error)} at {place_of(error)}"


def _state(error: BaseException) -> str:
    cause = error.__cause__ if isinstance(error.__cause__, psycopg.Error) else error
    return getattr(cause, "sqlstate", None) or ""


def _is_about_the_data(error: BaseException) -> bool:
    """54: a limit of PostgreSQL that this row exceeds, such as a key too long for its index."""
    return _state(error).startswith("54")
