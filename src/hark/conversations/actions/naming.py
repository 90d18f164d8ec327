"""Names that people give to tags, saved replies, macros and views: one line, and no two alike."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction

from hark.channels.kit.words import storable
from hark.conversations.errors import NameInUse, NameMissing

LONGEST_NAME = 80


def named(text: str) -> str:
    """The name as it is stored: one line. Raises NameMissing when it is blank or longer than 80 characters."""
    name = " ".join(storable(text).split())
    if not name or len(name) > LONGEST_NAME:
        raise NameMissing
    return name


@contextmanager
def unique() -> Iterator[None]:
    """One transaction, in which a name that is in use raises NameInUse."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError:
        raise NameInUse from None
