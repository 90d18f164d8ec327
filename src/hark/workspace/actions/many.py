"""One act on many cases: each in a transaction of its own, with a word for what was left; and all of it taken back."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.core import signing
from django.db import DatabaseError, transaction

from hark.conversations.actions.standing import locked_case
from hark.conversations.models import Case
from hark.conversations.queries.access import cases_visible_to
from hark.kernel.errors import HarkError, NotAllowed, NotFound
from hark.organisation.models import Agent
from hark.workspace.actions.acts import ACTS, ONLY_BACK, Inverse

MOST = 300
SALT = "hark.workspace.undo"
UNDO_SECONDS = 900
# whatever has happened to the case since
LOOSE = frozenset({"tag", "untag", "take_back", "take_held_back", "unmerge", "merge_back", "hand_back"})


class UndoGone(HarkError):
    """This can no longer be taken back."""


class TooMany(HarkError):
    """That is more than 300 cases at once. Take fewer."""


@dataclass(frozen=True, slots=True)
class Done:
    """An act that was done with one case; `version` is the case's afterwards."""

    case_id: int
    key: str
    version: int
    back: Inverse


@dataclass(frozen=True, slots=True)
class Left:
    """A case that was left as it was, and why."""

    title: str
    why: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an act on many cases. `undo` takes it back; empty where nothing can be."""

    done: tuple[Done, ...]
    left: tuple[Left, ...]
    undo: str = ""


def act_on_many(*, agent: Agent, keys: Sequence[str], act: str, value: str) -> Outcome:
    """Do one act with each of these cases. A case that is not visible, or refuses, is named and harms no other.

    Raises NotFound for an act that there is not, TooMany.
    """
    if act not in ACTS:
        raise NotFound
    return each(agent, keys, lambda case: ACTS[act](agent, case, value))


def each(agent: Agent, keys: Sequence[str], work: Callable[[Case], Inverse]) -> Outcome:
    """Do `work` with each of these cases that the agent may see, one transaction a case, in the order given."""
    if len(keys) > MOST:
        raise TooMany
    found = cases_visible_to(agent).filter(key__in=keys).select_related("contact", "inbox__brand", "assignee")
    cases = {case.key: case for case in found}
    done: list[Done] = []
    left: list[Left] = []
    for key in dict.fromkeys(keys):
        result = _one(cases.get(key), work)
        done.append(result) if isinstance(result, Done) else left.append(result)
    return Outcome(tuple(done), tuple(left), _sealed(agent, done))


def _one(case: Case | None, work: Callable[[Case], Inverse]) -> Done | Left:
    if case is None:
        return Left("A case", "It is gone, or is not yours to see.")
    try:
        with transaction.atomic():
            back = work(case)
            version = Case.objects.values_list("version", flat=True).get(pk=case.pk)
    except (NotFound, NotAllowed):
        return Left(case.title, "It is gone, or your role does not allow this.")
    except HarkError as error:
        return Left(case.title, error.message)
    except DatabaseError:  # a lock that somebody holds for longer than we wait
        return Left(case.title, "Somebody else is changing it just now. Try again.")
    return Done(case.pk, case.key, version, back)


def _sealed(agent: Agent, done: Iterable[Done]) -> str:
    """All that takes it back, signed and bound to the agent: nothing is stored, and nobody can make one up."""
    steps = [[one.case_id, one.version, one.back] for one in done if one.back]
    return signing.dumps({"agent": agent.pk, "steps": steps}, salt=SALT, compress=True) if steps else ""


def undo(*, agent: Agent, sealed: str) -> Outcome:
    """Take acts back, within 15 minutes, case by case; one that has changed since is left as it is now.

    Rights are looked up anew by every act. Raises UndoGone.
    """
    try:
        told = signing.loads(sealed, salt=SALT, max_age=UNDO_SECONDS)
    except signing.BadSignature:
        raise UndoGone from None
    if told["agent"] != agent.pk:
        raise UndoGone
    steps = {case_id: (version, back) for case_id, version, back in told["steps"]}
    keys = cases_visible_to(agent).filter(pk__in=steps).values_list("key", flat=True)
    outcome = each(agent, list(keys), lambda case: _back(agent, case, *steps[case.pk]))
    return Outcome(outcome.done, outcome.left)


def _back(agent: Agent, case: Case, version: int, back: Sequence[Sequence[str]]) -> Inverse:
    if not LOOSE.issuperset(act for act, _ in back):
        locked_case(agent, case.pk, version)
    for act, value in back:
        {**ACTS, **ONLY_BACK}[act](agent, case, value)
    return ()
