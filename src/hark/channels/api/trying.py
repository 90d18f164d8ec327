"""A pasted call, read as the front door would: strangers learn nothing from its answers, administrators everything."""

from dataclasses import dataclass
from datetime import datetime

from hark.channels.api.events import mistakes, read_events
from hark.channels.api.signing import SIGNATURE, TIMESTAMP, NotSigned, check_signed
from hark.channels.types import Account, Inbound, Raw, Request

LONGEST = 80


@dataclass(frozen=True, slots=True)
class CallRead:
    """What a call would come to. `problems` are sentences, empty when it would be taken; `events` in a line each."""

    problems: tuple[str, ...]
    events: tuple[str, ...]


def read_call(account: Account, stamp: str, signature: str, body: str, *, at: datetime) -> CallRead:
    """What Hark reads in a call with these headers at this moment. Pure; nothing is stored."""
    raw = body.replace("\r\n", "\n").encode("utf-8", "replace")  # browsers post a text's line ends as CRLF
    problems = []
    try:
        check_signed(
            account, Request("POST", "", "", {TIMESTAMP: stamp.strip(), SIGNATURE: signature.strip()}, raw, at)
        )
    except NotSigned as error:
        problems.append(f"It is not believed: {error.detail}.")
    wrong = mistakes(raw)
    problems += [f"{words[:1].upper()}{words[1:]}." for words in wrong]
    events = () if wrong else tuple(_line(event) for event in read_events(account, Raw(raw, received_at=at)))
    return CallRead(tuple(problems), events)


def _line(event: Inbound) -> str:
    """An event in a line."""
    about = event.external_id if event.kind != "receipt" else f"{event.state} for {event.client_ref}"
    who = f" by {event.author.name or event.author.external_id}" if event.author else ""
    where = f" in {event.thread_id}" if event.thread_id else ""
    text = (event.text or "")[:LONGEST]
    return f"{event.kind} {about}{who}{where}" + (f": {text}" if text else "")
