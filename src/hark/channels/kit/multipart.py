"""A form with files as it goes over the line (RFC 7578)."""

import hashlib
import re
from collections.abc import Iterable, Mapping

UNSAFE = re.compile(r'[\x00-\x1f"\\\x7f]')


def multipart(fields: Mapping[str, str], files: Iterable[tuple[str, str, str, bytes]]) -> tuple[str, bytes]:
    """(content type, body) of a form: `fields`, then files as (field, name, type, bytes). The same form, same bytes."""
    parts = [(f'name="{_name(name)}"', "", value.encode("utf-8", "replace")) for name, value in fields.items()]
    for field, name, mime, body in files:
        kind = mime if re.fullmatch(r"[\w.+-]+/[\w.+-]+", mime) else "application/octet-stream"
        parts.append((f'name="{_name(field)}"; filename="{_name(name)}"', f"Content-Type: {kind}\r\n", body))
    digest = hashlib.sha256()
    for _, _, body in parts:
        digest.update(body)
    border = f"hark-{digest.hexdigest()[:40]}"  # nobody can put into a file the digest of that file
    lines = [
        f"--{border}\r\nContent-Disposition: form-data; {what}\r\n{kind}\r\n".encode() + body + b"\r\n"
        for what, kind, body in parts
    ]
    return f"multipart/form-data; boundary={border}", b"".join([*lines, f"--{border}--\r\n".encode()])


def _name(text: str) -> str:
    return UNSAFE.sub("_", text)
