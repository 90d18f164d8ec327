"""The nightly recount: counters of load are compared with what is in hand."""

import logging

from hark.kernel.tasks import periodic
from hark.routing.queries import drift

logger = logging.getLogger(__name__)


@periodic("routing.recount", "25 3 * * *")
def recount() -> None:
    """Name every difference in the log. Nothing is repaired: a difference is a bug, and its trace must stay."""
    for one in drift():
        logger.error("%s %s: counted %s, stored %s", one.what, one.subject, one.counted, one.stored)
