"""The demo's colleagues judge five posts; and when you have judged the sixth, two more are posted."""

from collections.abc import Sequence

from django.db import DatabaseError, connection, transaction

from hark.conversations.actions.corrections import correct
from hark.conversations.models import BrandModel, Correction, Message
from hark.conversations.types import Author
from hark.kernel.errors import HarkError
from hark.kernel.time import monotonic
from hark.organisation.models import Agent
from hark.site.demo.story import AFTER_CORRECTION, JUDGED_BEFORE, LOOK_ALIKE, Cue, post_id

COLLEAGUES = ("ines@plum.example", "milo@plum.example")  # who see the public inbox, by turns
TAKEN_AFTER_SECONDS = 3.0  # every process takes a new model with its next batch


class Correcting:
    """Watches the demo's own database, once a beat; call `step` until the demo ends."""

    def __init__(self) -> None:
        """Nothing is judged yet."""
        self.judged = False
        self.learnt_at: float | None = None
        self.told = False

    def step(self) -> Sequence[Cue]:
        """Let the colleagues judge what has come in; the posts that are due now, mostly none."""
        if self.told:
            return ()
        try:
            return self._step()
        except (HarkError, DatabaseError):  # the traffic goes on whatever happens to its readers
            return ()
        finally:
            connection.close()  # a beat is long, and this thread is the only one here that asks

    def _step(self) -> Sequence[Cue]:
        self.judged = self.judged or judge()
        if self.judged and self.learnt_at is None and is_learnt(LOOK_ALIKE):
            self.learnt_at = monotonic()
        if self.learnt_at is None or monotonic() - self.learnt_at < TAKEN_AFTER_SECONDS:
            return ()
        self.told = True
        return AFTER_CORRECTION


@transaction.atomic
def judge() -> bool:
    """All five at once, as soon as all have come in and been read; False: not yet."""
    wanted = {post_id(cue.thread): about for cue, about in JUDGED_BEFORE}
    rows = Message.objects.filter(external_id__in=wanted, readings__isnull=False).order_by("pk").distinct()
    found = list(rows.values_list("pk", "external_id"))
    if len(found) < len(wanted):
        return False
    agents = list(Agent.objects.filter(email__in=COLLEAGUES).order_by("email"))
    for turn, (message, name) in enumerate(found):
        agent = agents[turn % len(agents)]
        author = Author(agent.pk, agent.key, agent.name)
        value = "relevant" if wanted[str(name)] else "irrelevant"
        correct(message_id=message, field="relevance", value=value, author=author)
    return True


def is_learnt(cue: Cue) -> bool:
    """Has anybody said whether this post is about the company, and is a model in use that has learnt from it?"""
    said = Correction.objects.filter(message__external_id=post_id(cue.thread), field="relevance")
    newest = said.order_by("-id").values_list("pk", flat=True).first()
    return newest is not None and BrandModel.objects.filter(active=True, newest_correction__gte=newest).exists()
