"""What can be done with a case from the desk, by a word and a value; each act says how it is taken back."""

from collections.abc import Callable
from functools import partial

from hark.conversations.actions.again import set_another_matter, set_same_matter
from hark.conversations.actions.branches import move_to_other
from hark.conversations.actions.cases import assign, reopen, resolve, set_waiting, take_back_resolve
from hark.conversations.actions.holding import take_held_back
from hark.conversations.actions.merging import merge, split, unmerge
from hark.conversations.actions.reply import take_back
from hark.conversations.actions.snoozing import snooze, wake
from hark.conversations.actions.spam import mark_case_no_spam, mark_case_spam
from hark.conversations.actions.tags import put_tag, take_tag
from hark.conversations.models import Case, CaseTag, Conversation, Message
from hark.conversations.queries.access import conversations_visible_to, get_case, messages_visible_to
from hark.conversations.types import Author, MacroAct, Status
from hark.kernel.errors import NotFound
from hark.kernel.time import database_now
from hark.organisation.models import Agent
from hark.routing.actions import take
from hark.workspace.queries.snooze import until_of

Inverse = tuple[MacroAct, ...]  # the acts that take it back, in order; none where nothing changed
Act = Callable[[Agent, Case, str], Inverse]
TO_STATUS: dict[str, Callable[..., Case]] = {"resolve": resolve, "reopen": reopen, "wait": set_waiting}


def author_of(agent: Agent) -> Author:
    """Who acts, as the rooms below want it."""
    return Author(agent.pk, agent.key, agent.name)


def _give(agent: Agent, case: Case, value: str) -> Inverse:
    before = case.assignee.key if case.assignee else ""
    to = agent if value == "me" else Agent.objects.filter(key=value, is_active=True).first()
    if value and to is None:
        raise NotFound
    if to is None:
        assign(case_id=case.pk, agent_id=None, actor=author_of(agent))
    else:
        take(case_id=case.pk, agent_id=to.pk, moved_by=None if to == agent else agent.pk)
    return (("give", before),) if before != (to.key if to else "") else ()


def _tag(agent: Agent, case: Case, value: str) -> Inverse:
    there = CaseTag.objects.filter(case=case, tag__key=value).exists()
    put_tag(case_id=case.pk, tag_key=value, actor=author_of(agent))
    return () if there else (("untag", value),)


def _untag(agent: Agent, case: Case, value: str) -> Inverse:
    there = CaseTag.objects.filter(case=case, tag__key=value).exists()
    take_tag(case_id=case.pk, tag_key=value, actor=author_of(agent))
    return (("tag", value),) if there else ()


def _snooze(agent: Agent, case: Case, value: str) -> Inverse:
    before = case.snoozed_until
    snooze(case_id=case.pk, until=until_of(value, database_now()), actor=author_of(agent))
    return (("snooze", before.isoformat()),) if before else (("wake", ""),)


def _wake(agent: Agent, case: Case, _: str) -> Inverse:
    before = case.snoozed_until
    wake(case_id=case.pk, actor=author_of(agent))
    return (("snooze", before.isoformat()),) if before else ()


def _status(agent: Agent, case: Case, _: str, *, act: str) -> Inverse:
    """A snooze that ends with the status begins again when it is taken back."""
    before, rests = case.status, case.snoozed_until
    TO_STATUS[act](case_id=case.pk, actor=author_of(agent))
    if act == "resolve":
        back = [("unresolve", before)] if before != Status.RESOLVED else []
    else:
        back = [(BACK_TO[before], "")] if before != {"reopen": Status.OPEN, "wait": Status.WAITING}[act] else []
    return (*back, ("snooze", rests.isoformat())) if back and rests else tuple(back)


BACK_TO: dict[str, str] = {Status.OPEN: "reopen", Status.WAITING: "wait", Status.RESOLVED: "resolve"}


def _unresolve(agent: Agent, case: Case, value: str) -> Inverse:
    status = Status(value) if value in {Status.OPEN, Status.WAITING} else Status.OPEN
    take_back_resolve(case_id=case.pk, actor=author_of(agent), status=status)
    return (("resolve", ""),)


def _spam(agent: Agent, case: Case, _: str) -> Inverse:
    before, was = case.status, case.spam
    mark_case_spam(case_id=case.pk, actor=author_of(agent))
    return () if was else (("not_spam", before),)


def _not_spam(agent: Agent, case: Case, value: str) -> Inverse:
    """`value` is how it stands then; open, if it says nothing."""
    status = Status(value) if value in Status.values else Status.OPEN
    was = case.spam
    mark_case_no_spam(case_id=case.pk, actor=author_of(agent), status=status)
    return (("spam", ""),) if was else ()


def _merge(agent: Agent, case: Case, value: str) -> Inverse:
    """`value` is the case into which this one goes; taking it back is an act on that one."""
    row = merge(survivor_id=get_case(agent, value).pk, absorbed_id=case.pk, actor=author_of(agent))
    return (("unmerge", row.key),)


def _unmerge(agent: Agent, _: Case, value: str) -> Inverse:
    row = unmerge(merge_key=value, actor=author_of(agent))
    return (("merge", row.survivor.key),)


def _split(agent: Agent, case: Case, value: str) -> Inverse:
    """`value` names a conversation of the case, or the message with which the second problem begins."""
    conversation, message = _where(agent, case, value)
    new = split(
        conversation_id=conversation.pk, actor=author_of(agent), from_message_id=message.pk if message else None
    )
    return (("merge_back", new.key),)


def _merge_back(agent: Agent, case: Case, value: str) -> Inverse:
    merge(survivor_id=case.pk, absorbed_id=get_case(agent, value).pk, actor=author_of(agent))
    return ()


def _another_matter(agent: Agent, case: Case, _: str) -> Inverse:
    set_another_matter(case_id=case.pk, actor=author_of(agent))
    return (("same_matter", ""),) if case.again else ()


def _same_matter(agent: Agent, case: Case, _: str) -> Inverse:
    set_same_matter(case_id=case.pk, actor=author_of(agent))
    return (("another_matter", ""),)


def _hand_over(agent: Agent, case: Case, value: str) -> Inverse:
    """`value` is the other case in the same thread; taking it back is an act on this one."""
    other = get_case(agent, value)
    begins = move_to_other(case_id=case.pk, other_id=other.pk, actor=author_of(agent))
    return (("hand_back", f"{other.key} {begins.key}"),)


def _hand_back(agent: Agent, case: Case, value: str) -> Inverse:
    key, _, message_key = value.partition(" ")
    message = messages_visible_to(agent).filter(key=message_key).first()
    if message is None:
        raise NotFound
    other = get_case(agent, key)
    move_to_other(case_id=other.pk, other_id=case.pk, actor=author_of(agent), from_message_id=message.pk)
    return ()


def _where(agent: Agent, case: Case, value: str) -> tuple[Conversation, Message | None]:
    message = messages_visible_to(agent).filter(key=value, conversation__case=case).select_related("conversation")
    if (found := message.first()) is not None:
        return found.conversation, found
    conversation = conversations_visible_to(agent).filter(key=value, case=case).first()
    if conversation is None:
        raise NotFound
    return conversation, None


def _take_back(agent: Agent, case: Case, value: str) -> Inverse:
    message = messages_visible_to(agent).filter(key=value, conversation__case=case).first()
    if message is None:
        raise NotFound
    take_back(message_id=message.pk, author=author_of(agent))
    return ()


def _take_held_back(agent: Agent, _: Case, value: str) -> Inverse:
    take_held_back(key=value, author=author_of(agent))
    return ()


ACTS: dict[str, Act] = {
    "give": _give,
    "tag": _tag,
    "untag": _untag,
    "snooze": _snooze,
    "wake": _wake,
    "resolve": partial(_status, act="resolve"),
    "reopen": partial(_status, act="reopen"),
    "wait": partial(_status, act="wait"),
    "spam": _spam,
    "not_spam": _not_spam,
    "merge": _merge,
    "unmerge": _unmerge,
    "split": _split,
    "hand_over": _hand_over,
    "another_matter": _another_matter,
    "same_matter": _same_matter,
}
ONLY_BACK: dict[str, Act] = {
    "unresolve": _unresolve,
    "merge_back": _merge_back,
    "hand_back": _hand_back,
    "take_back": _take_back,
    "take_held_back": _take_held_back,
}
