"""Why the unsure lane asks, and what corrections have changed so far: only what is true, brand by brand."""

from hark.conversations.models.learning import LearntModel
from hark.conversations.queries.learning import BrandLearning, learning_of_brands
from hark.conversations.queries.spam import SpamLearning
from hark.organisation.models import Agent, Brand
from hark.organisation.queries import inboxes_visible_to
from hark.understanding.corrections import LEAST


def lane_lines(agent: Agent) -> list[str]:
    """One line a brand of the agent's inboxes. Three queries."""
    brands = list(Brand.objects.filter(pk__in=inboxes_visible_to(agent).values("brand")).order_by("name"))
    return [f"{one.brand.name}: {learning_line(one)}" for one in learning_of_brands(brands)]


def learning_line(one: BrandLearning) -> str:
    """What a brand has learnt."""
    model = one.model
    if model is None:
        return f"{_so_far(one)}{_wanted(one)}"
    told = [f"model {model.number} learnt from {_corrections(model.examples)}{_by(model.agents)}"]
    if trial := trial_words(model):
        told.append(trial)
    if model.held_by:
        told.append(f"{model.held_by.name} went back to it, so corrections wait until somebody lets it learn anew")
    return "; ".join(told) + "."


def spam_line(one: SpamLearning) -> str:
    """What a brand has learnt about spam."""
    model = one.model
    if model is None:
        so_far = (
            f"agents called {one.spam} message{'' if one.spam == 1 else 's'} spam so far"
            if one.judged
            else "no marks yet"
        )
        return f"{so_far}. It learns once they have called {LEAST} messages spam and have answered {LEAST} others."
    told = [f"model {model.number} learnt from {model.relevant} spam and {model.examples - model.relevant} others"]
    if model.others:
        told.append(f"of {model.others} that are none, judged unseen, it would have held {model.held}")
    if trial := trial_words(model):
        told.append(trial)
    if model.held_by:
        told.append(f"{model.held_by.name} went back to it, so marks wait until somebody lets it learn anew")
    return "; ".join(told) + "."


def trial_words(model: LearntModel) -> str:
    """How it did on the newest corrections, which were kept from it; empty where they were too few."""
    if not model.tested:
        return ""
    return (
        f"of the newest {model.tested}, not shown to it, it judged {model.right} rightly, what was in use before "
        f"{model.right_before}"
    )


def _so_far(one: BrandLearning) -> str:
    return "no corrections yet. " if not one.judged else f"{_corrections(one.judged)} so far. "


def _wanted(one: BrandLearning) -> str:
    missing = LEAST - one.judged
    if missing > 0:
        return f"It learns once agents have judged {missing} more."
    return "It learns within a minute from what agents agree on (without the encoder from three of either side on)."


def _corrections(number: int) -> str:
    return f"{number} correction{'' if number == 1 else 's'}"


def _by(agents: int) -> str:
    return f" by {agents} agents" if agents != 1 else " by one agent"
