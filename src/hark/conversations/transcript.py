"""A chat in the words of a mail: what was answered after its visitor had gone, and what was said before. Pure.

Anybody can type anybody's address into a chat. So nothing that a visitor wrote leads anywhere by a click before
somebody has answered from that address.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

LINK = re.compile(
    r"(?i)(?:[a-z][a-z0-9+.-]{1,20}://|\bwww\.)\S+|(?<![\w@])(?:[\w-]{1,63}\.){1,4}[a-z]{2,24}(?:/\S*)?(?![\w.])"
)
NO_LINK = "[a link]"
LONGEST_LINE = 2_000
RULE = "-" * 30
ANSWER = "You can answer this e-mail: it reaches the same people, in the same conversation."
WHY = (
    "You get this because this address was left in our {place}. Whoever wrote there can read your answer there. "
    "If that was not you, please do nothing."
)


@dataclass(frozen=True, slots=True)
class Said:
    """One line of a talk. `who` is empty for the visitor; `files` are names."""

    who: str
    at: datetime
    text: str
    files: tuple[str, ...] = ()


def letter(
    brand: str, answers: Sequence[Said], before: Sequence[Said], *, known: bool, place: str = "chat"
) -> tuple[str, int]:
    """The mail by which answers go on, and from which code point on it is the talk before them.

    `known`: somebody has answered from its address before; `place`: where the address was left.
    """
    said = "\n\n".join(_answer(one) for one in answers)
    top = f"{said}\n\n{brand}\n\n{ANSWER}" if known else f"{said}\n\n{brand}\n\n{ANSWER}\n{WHY.format(place=place)}"
    return (f"{top}\n\n{_talk(before, known=known)}", len(top)) if before else (top, len(top))


def whole_talk(brand: str, lines: Sequence[Said], *, known: bool) -> str:
    """The mail that a visitor gets who asks for the talk."""
    head = f"This is your talk with {brand}, as you asked for it in the chat."
    return f"{head}\n{ANSWER if known else WHY.format(place='chat')}\n\n{_talk(lines, known=known)}"


def _answer(one: Said) -> str:
    return "\n".join(filter(None, (f"{one.who}:" if one.who else "", one.text, *_files(one))))


def _talk(lines: Sequence[Said], *, known: bool) -> str:
    told = [RULE, "What was said, in UTC", ""]
    day = ""
    for one in lines:
        if f"{one.at:%Y-%m-%d}" != day:
            day = f"{one.at:%Y-%m-%d}"
            told.append(day)
        text = one.text if one.who or known else LINK.sub(NO_LINK, one.text)
        told += [f"{one.at:%H:%M} {one.who or 'You'}: {text[:LONGEST_LINE]}", *_files(one)]
    return "\n".join(told)


def _files(one: Said) -> list[str]:
    return [f"(file: {name})" for name in one.files]
