"""What goes through the pipes: one letter saying what it is, four bytes of length, the bytes."""

import struct
from typing import IO

HEAD = struct.Struct(">cI")
LONGEST = 128 * 1_048_576

READY, JSON, BYTES, DONE, TROUBLE = b"r", b"j", b"b", b"d", b"t"


def write_frame(stream: IO[bytes], kind: bytes, body: bytes = b"") -> None:
    """One frame, sent at once."""
    stream.write(HEAD.pack(kind, len(body)))
    stream.write(body)
    stream.flush()


def read_frame(stream: IO[bytes]) -> tuple[bytes, bytes]:
    """The next frame; EOFError where the other side has gone or sends what nobody may send."""
    head = stream.read(HEAD.size)
    if len(head) < HEAD.size:
        raise EOFError
    kind, length = HEAD.unpack(head)
    if length > LONGEST:
        raise EOFError
    body = stream.read(length)
    if len(body) < length:
        raise EOFError
    return kind, body
