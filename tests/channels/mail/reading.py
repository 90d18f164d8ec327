"""The reading itself, in this process: quick enough for thousands of mails."""

from hark.channels.email.reader.front import mail_from
from hark.channels.email.reader.reading import read_in_steps
from hark.channels.email.types import Mail

HEAD = b"From: Ann Teak <ann@example.org>\nSubject: Hello\nMessage-ID: <one@example.org>\n"


def read(raw: bytes) -> Mail:
    """The last and fullest step of a reading; every step must be a mail."""
    steps = [mail_from(step) for step in read_in_steps(raw)]
    assert all(step.external_id for step in steps)
    return steps[-1]


def mail(*headers: str, body: str = "Hello.", head: bytes = HEAD) -> bytes:
    """A mail with these headers beside the usual ones."""
    return head + "".join(f"{line}\n" for line in headers).encode() + b"\n" + body.encode()


def parts(*some: str, kind: str = "mixed", more: str = "") -> bytes:
    """A multipart mail; each part begins with its headers."""
    inside = "".join(f"--=_b\n{part}\n" for part in some)
    return mail(f"Content-Type: multipart/{kind}; boundary==_b{more}", body=f"{inside}--=_b--\n")
