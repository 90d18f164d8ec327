"""Who taught what: agents' words on texts, weighed so that nobody bends a brand's model alone. Pure.

Two who disagree on the same words cancel out. From four agents on nobody weighs more than a quarter of a brand's set;
where fewer teach, no more than his equal share; the first twenty corrections of anybody count in any case.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hark.understanding.corrections import RelevanceCorrection
from hark.understanding.normalise import canonical, normalise

MOST_OF_ONE = 0.25  # of a brand's set
COUNTED_ANYWAY = 20  # corrections of one agent


@dataclass(frozen=True, slots=True)
class Vote:
    """An agent's newest word on one message; `order` grows with time."""

    agent: int
    message: int
    text: str
    relevant: bool
    order: int


@dataclass(frozen=True, slots=True)
class Taught:
    """What a brand's votes come to, oldest first. `cancelled`: votes that met their opposite."""

    examples: tuple[RelevanceCorrection, ...]
    agents: int
    cancelled: int


def counted(brand: str, votes: Iterable[Vote]) -> Taught:
    """The examples of a brand: one for the same words, however often they were judged."""
    told: dict[str, dict[int, Vote]] = {}
    for vote in sorted(votes, key=lambda one: one.order):
        told.setdefault(canonical(normalise(vote.text)) or f"#{vote.message}", {})[vote.agent] = vote
    left = [group for by_agent in told.values() if (group := _left_over(list(by_agent.values())))]
    left.sort(key=lambda group: group[-1].order)
    limits = limits_of(Counter(vote.agent for group in left for vote in group))
    given = Counter(vote.agent for group in left for vote in group)
    return Taught(
        tuple(
            RelevanceCorrection(
                brand,
                group[-1].text,
                group[-1].relevant,
                sum(limits[vote.agent] / given[vote.agent] for vote in group),
            )
            for group in left
        ),
        agents=len(given),
        cancelled=sum(map(len, told.values())) - sum(map(len, left)),
    )


def _left_over(votes: Sequence[Vote]) -> list[Vote]:
    """What is left when each yes takes one no away: the newest of the larger side, oldest first."""
    sides = [[vote for vote in votes if vote.relevant is side] for side in (True, False)]
    fewer, more = sorted(sides, key=len)
    return more[len(fewer) :]


def limits_of(given: Mapping[int, int]) -> dict[int, float]:
    """How much each agent's corrections weigh together: their number, or what the share of one allows."""
    if not given:
        return {}
    share = max(MOST_OF_ONE, 1.0 / len(given))
    level = float(max(given.values()))
    if share < 1.0:
        level = max(_level(sorted(given.values()), share), float(COUNTED_ANYWAY))
    return {agent: min(float(number), level) for agent, number in given.items()}


def _level(numbers: Sequence[int], share: float) -> float:
    """The largest weight of one agent that is no more than `share` of all, when everybody is cut at it."""
    for cut in range(len(numbers)):
        # The largest `cut` agents stand at the level L, the others at their numbers: L = share · (rest + cut · L).
        rest = sum(numbers[: len(numbers) - cut])
        level = share * rest / (1.0 - share * cut) if share * cut < 1.0 else float(numbers[0])
        if level >= numbers[len(numbers) - cut - 1]:
            return level
    return float(numbers[0])
