"""The child's side: reads what strangers sent, with nothing in its hands. Started as `python -m`, never imported.

It has no environment, no open file, no network, no database; it may neither write a file nor start a program. Its
memory is capped, and an alarm that no code can catch ends it when its time is over, also when its parent has died.
"""

import importlib
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, BinaryIO

from hark.kernel.hostile.frames import BYTES, DONE, JSON, READY, TROUBLE, read_frame, write_frame

MEMORY_BYTES = 600 * 1_048_576
ORPHAN = 8  # times its seconds: longer than any parent waits
REFUSED = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.system", "ctypes.")
CHANGES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def main() -> None:
    """Answer until the parent closes the pipe."""
    questions, answers = _own_pipes()
    _lock_in()
    for module in sys.argv[1:]:
        with suppress(ImportError):  # whoever asks for it hears of it; the readers of others go on
            importlib.import_module(module)
    with suppress(EOFError, BrokenPipeError):
        while True:
            kind, said = read_frame(questions)
            if kind == READY:
                _function(said.decode())
                write_frame(answers, READY)
                continue
            asked = json.loads(said)
            body = read_frame(questions)[1]
            _answer(_function(asked["function"]), body, asked["arguments"], answers, asked["seconds"])


def _own_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The two pipes under numbers of their own: what a library prints goes nowhere."""
    questions, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    return questions, answers


def _lock_in() -> None:
    """Take away what reading does not need. Where the platform has no limits, the parent's clock remains."""
    with suppress(ImportError):
        import resource

        for limit, most in (("RLIMIT_AS", MEMORY_BYTES), ("RLIMIT_FSIZE", 0), ("RLIMIT_CORE", 0)):
            with suppress(AttributeError, ValueError, OSError):
                resource.setrlimit(getattr(resource, limit), (most, most))
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event.startswith(REFUSED) or (event == "open" and _changes(arguments)):
        raise PermissionError(event)


def _changes(arguments: tuple[Any, ...]) -> bool:
    flags = arguments[2] if len(arguments) > 2 else 0
    return isinstance(flags, int) and bool(flags & CHANGES)


def _function(name: str) -> Callable[..., Any]:
    """`package.module:function`, imported before the clock starts."""
    module, _, function = name.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return found


def _answer(function: Callable[..., Any], body: bytes, arguments: list[str], answers: BinaryIO, seconds: float) -> None:
    """Send each result as soon as it is there; then that all is done, or in one word what went wrong."""
    _alarm(seconds)
    try:
        made = function(body, *arguments)
        for one in made if isinstance(made, Iterator) else (made,):
            if isinstance(one, bytes):
                write_frame(answers, BYTES, one)
            else:
                write_frame(answers, JSON, json.dumps(one).encode())
    except MemoryError:
        _give_up(answers, "memory", "")
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent must hear of it in one word
        _give_up(answers, "crashed", _place(error))
    else:
        _alarm(0)
        write_frame(answers, DONE)


def _give_up(answers: BinaryIO, note: str, place: str) -> None:
    write_frame(answers, TROUBLE, json.dumps({"note": note, "place": place}).encode())
    os._exit(1)


def _place(error: Exception) -> str:
    """Kind and line of an error, without a word of what was read."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace else ""  # noqa: PTH119
    return f"{type(error).__name__} {where}"


def _alarm(seconds: float) -> None:
    """So much work, and in case nobody waits any more so much time: the signals end the process, whatever it does."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)
        signal.setitimer(signal.ITIMER_REAL, ORPHAN * seconds)


if __name__ == "__main__":
    main()
