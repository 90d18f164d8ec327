"""What the tests let a child do: harmless things, and things that it must not be able to do."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def echo(body: bytes, *arguments: str) -> list[Any]:
    """What was given, and by whom."""
    return [body.decode(), *arguments, os.getpid()]


def raw(body: bytes) -> bytes:
    """The same bytes."""
    return body


def first_then_work(body: bytes) -> Iterator[str]:
    """A first result, then work without end."""
    yield body.decode()
    while True:
        pass


def first_then_memory(body: bytes) -> Iterator[Any]:
    """A first result, then more memory than there is."""
    yield body.decode()
    yield len([bytearray(50_000_000) for _ in range(100)])


def fail(body: bytes) -> str:
    """An error with the stranger's words in it."""
    raise ValueError(body.decode())


def end(body: bytes) -> None:
    """Gone without a word."""
    os._exit(3)


def sleep(body: bytes) -> None:
    """Neither works nor answers."""
    time.sleep(30)


def environment(body: bytes) -> list[str]:
    """Whatever this process was told."""
    return sorted(os.environ)


def tried(body: bytes) -> list[str]:
    """The forbidden things that could be done."""
    done = []
    for what in (dial, start_program, write_file):
        try:
            what()
        except OSError:
            continue
        done.append(what.__name__)
    return done


def dial() -> None:
    socket.socket().close()


def start_program() -> None:
    subprocess.run(["true"], check=True)


def write_file() -> None:
    Path("written-by-the-child").write_text("x")
