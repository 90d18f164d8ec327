"""JSON from strangers (security reference, section 2.4)."""

import json
from collections.abc import Iterator
from typing import Any, NoReturn

MAX_BYTES = 1_048_576
MAX_BATCH_BYTES = 4 * 1_048_576  # webhooks of venues that batch
MAX_DEPTH = 64

Json = Any


class Unreadable(ValueError):
    """These bytes are not the JSON that was expected. Its text says why, and holds nothing of the content."""


def loads(body: bytes, *, max_bytes: int = MAX_BYTES, unique_keys: bool = False) -> Json:
    """The value in `body`; Unreadable where it is too long, not UTF-8, no JSON, too deep, or repeats a key."""
    if len(body) > max_bytes:
        raise Unreadable("too long")
    try:
        value = json.loads(
            body.decode("utf-8-sig"),
            parse_constant=_refuse_constant,
            object_pairs_hook=_unique if unique_keys else None,
        )
    except UnicodeDecodeError:
        raise Unreadable("not UTF-8") from None
    except RecursionError:
        raise Unreadable("too deep") from None
    except json.JSONDecodeError:
        raise Unreadable("not JSON") from None
    except ValueError as error:  # Unreadable from the hooks, or an integer of more than 4,300 digits
        raise (error if isinstance(error, Unreadable) else Unreadable("a number without end")) from None
    _refuse_depth(value)
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise Unreadable(f"{name} is not JSON")


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unreadable("a key stands twice")
    return found


def _refuse_depth(value: Json) -> None:
    """Walk level by level, without recursion."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return
    raise Unreadable("too deep")


def _inside(value: Json) -> Iterator[Json]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value
