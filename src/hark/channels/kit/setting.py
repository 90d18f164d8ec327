"""A venue's `Settings` dataclass as the administrator meets it: each field with a label, an explanation and a kind.

    @dataclass(frozen=True)
    class Settings:
        host: str = setting("", label="Server", help="Such as imap.example.org.", required=True)
        security: Literal["tls", "plain"] = setting("tls", label="Encryption", words={"tls": "TLS", "plain": "None"})
        password: str = setting("", label="Password", secret=True)

A secret is kept sealed among the account's `secrets`, never among its `settings`, and is never shown again. A field
without `setting` gets its label from its name; a type that no form can show keeps its value.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

Kind = Literal["text", "long", "number", "yes", "words", "choice", "secret", "channel", "date"]
KINDS: dict[Any, Kind] = {str: "text", int: "number", bool: "yes", tuple[str, ...]: "words"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One field of the form. `choices` are (value, word), `low` and `high` bound a number, `part` is a heading.

    `channel_of` names a venue: one of the brand's channels there is chosen, and its key is kept. `only` is (field,
    values): it is asked only while that field has one of them.
    """

    name: str
    kind: Kind
    label: str
    help: str = ""
    required: bool = False
    default: Any = None
    choices: tuple[tuple[str, str], ...] = ()
    low: int | None = None
    high: int | None = None
    part: str = ""
    channel_of: str = ""
    only: tuple[str, tuple[str, ...]] | None = None
    needed: bool = False


def setting(default: Any, *, label: str = "", help: str = "", **more: Any) -> Any:  # noqa: A002 - what it is
    """A field of a `Settings` dataclass, as people read it.

    `more`: `secret`, `long` (several lines), `required`, `words` (a word for each value of a Literal), `low`, `high`,
    `part` (a heading: here a new part of the form begins), `channel_of` (a venue of which a channel is chosen),
    `date` (a day, kept as 2027-11-30), `only` ((field, values): shown only while that field has one of them),
    `needed` (not called optional: the venue's `objections` ask for it where it is of use).
    """
    return field(default=default, metadata={"label": label, "help": help, **more})


def asked(settings: type[Any]) -> tuple[Asked, ...]:
    """What the form asks for, in the order of the class."""
    hints = get_type_hints(settings)
    return tuple(one for each in fields(settings) if (one := _asked(each, hints[each.name])))


def secret_names(settings: type[Any]) -> frozenset[str]:
    """The fields that are sealed."""
    return frozenset(one.name for one in asked(settings) if one.kind == "secret")


def _asked(each: Any, hint: Any) -> Asked | None:
    about: Mapping[str, Any] = each.metadata
    values = tuple(str(value) for value in get_args(hint)) if get_origin(hint) is Literal else ()
    kind = "choice" if values else KINDS.get(hint)
    if kind == "text" and (about.get("secret") or about.get("long")):
        kind = "secret" if about.get("secret") else "long"
    if kind == "text" and (about.get("channel_of") or about.get("date")):
        kind = "date" if about.get("date") else "channel"
    if kind is None:
        return None
    words = about.get("words", {})
    return Asked(
        name=each.name,
        kind=kind,
        label=about.get("label") or each.name.replace("_", " ").capitalize(),
        help=about.get("help", ""),
        required=bool(about.get("required")),
        default=None if each.default is MISSING else each.default,
        choices=tuple((value, words.get(value, value.replace("_", " ").capitalize())) for value in values),
        low=about.get("low"),
        high=about.get("high"),
        part=about.get("part", ""),
        channel_of=about.get("channel_of", ""),
        only=about.get("only"),
        needed=bool(about.get("needed")) or bool(values),
    )
