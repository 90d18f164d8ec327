"""Saved replies and macros: written by administrators, used by agents."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.db import transaction

from hark.conversations.actions.cases import changed
from hark.conversations.actions.naming import named, unique
from hark.conversations.actions.standing import LONGEST_TEXT, acting_agent, locked_case, written
from hark.conversations.errors import TooLong
from hark.conversations.models import Case, Macro, SavedReply
from hark.conversations.types import Author, MacroAct
from hark.kernel.errors import NotFound
from hark.kernel.ids import public_key
from hark.organisation.actions.audit import audit
from hark.organisation.models import Brand, Inbox
from hark.organisation.types import Right

Row = TypeVar("Row", SavedReply, Macro)


@dataclass(frozen=True, slots=True)
class NewSavedReply:
    """A saved reply as it is written. No brand: of all; no inboxes: in all."""

    title: str
    text: str
    brand: Brand | None = None
    inboxes: Sequence[Inbox] = ()


@dataclass(frozen=True, slots=True)
class NewMacro:
    """A macro as it is written. `text` may be empty; no inboxes: in all."""

    title: str
    text: str = ""
    acts: Sequence[MacroAct] = ()
    inboxes: Sequence[Inbox] = ()


def keep_saved_reply(*, new: NewSavedReply, actor: Author, key: str = "") -> SavedReply:
    """Write a saved reply, or replace the one with this key, in one transaction.

    Raises NotAllowed, NotFound, NameMissing, NameInUse, NothingWritten, TooLong.
    """
    acting_agent(actor, Right.TOOLS)
    title, text = named(new.title), written(new.text, None)
    row = _row(SavedReply, key, "reply")
    with unique():
        row.title, row.text, row.brand = title, text, new.brand
        row.save()
        row.inboxes.set(new.inboxes)
        _audit("saved_reply", "changed" if key else "added", row.key, actor)
    return row


@transaction.atomic
def remove_saved_reply(*, key: str, actor: Author) -> None:
    """Forget a saved reply; what was sent with it stays. Raises NotAllowed, NotFound."""
    acting_agent(actor, Right.TOOLS)
    _remove(SavedReply, key)
    _audit("saved_reply", "removed", key, actor)


def keep_macro(*, new: NewMacro, actor: Author, key: str = "") -> Macro:
    """Write a macro, or replace the one with this key, in one transaction.

    Raises NotAllowed, NotFound, NameMissing, NameInUse, TooLong.
    """
    acting_agent(actor, Right.TOOLS)
    if len(new.text) > LONGEST_TEXT:
        raise TooLong
    title, text = named(new.title), written(new.text, None) if new.text.strip() else ""
    row = _row(Macro, key, "macro")
    with unique():
        row.title, row.text, row.acts = title, text, [[act, value] for act, value in new.acts]
        row.save()
        row.inboxes.set(new.inboxes)
        _audit("macro", "changed" if key else "added", row.key, actor)
    return row


@transaction.atomic
def tell_macro(*, case_id: int, macro: Macro, actor: Author) -> Case:
    """Write on the timeline of a case that a macro was run, in the transaction of what it did. Raises NotFound."""
    case = locked_case(acting_agent(actor, Right.ANSWER), case_id)
    return changed(case, "case.macro", actor, macro=macro.key, title=macro.title)


@transaction.atomic
def remove_macro(*, key: str, actor: Author) -> None:
    """Forget a macro; what it has done stays. Raises NotAllowed, NotFound."""
    acting_agent(actor, Right.TOOLS)
    _remove(Macro, key)
    _audit("macro", "removed", key, actor)


def _audit(what: str, act: str, key: str, actor: Author) -> None:
    audit(f"{what}.{act}", key, actor=actor.agent_key)


def _row(model: type[Row], key: str, prefix: str) -> Row:
    """A new row, or the one with this key."""
    if not key:
        return model(key=public_key(prefix))
    row = model.objects.filter(key=key).first()
    if row is None:
        raise NotFound
    return row


def _remove(model: type[SavedReply] | type[Macro], key: str) -> None:
    if not model.objects.filter(key=key).exists():
        raise NotFound
    model.objects.filter(key=key).delete()
