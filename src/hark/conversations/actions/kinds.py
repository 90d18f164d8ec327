"""What kind of case it is: the weightiest kind that was said in it."""

from collections.abc import Mapping

from hark.conversations.models import Case
from hark.understanding.kinds import weightier


def note_kinds(kinds: Mapping[int, str]) -> None:
    """Write the kinds of new messages on their cases (id to kind), in the caller's transaction; none grows lighter.

    The cases are locked by the caller or new. One query, and one statement for each kind that changes anything.
    """
    changed: dict[str, list[int]] = {}
    for number, before in Case.objects.filter(pk__in=list(kinds)).values_list("pk", "kind") if kinds else ():
        now = weightier(before, kinds[number])
        if now != before:
            changed.setdefault(now, []).append(number)
    for kind, numbers in changed.items():
        Case.objects.filter(pk__in=numbers).update(kind=kind)
