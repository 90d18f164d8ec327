"""What somebody made up writes to a simulated account, as its venue would post it."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

WAYS = {
    "mention": "A post that names us",
    "comment": "A comment on our page",
    "keyword": "A post that nobody sent to us",
    "review": "A review",
    "direct": "A message in private",
}


@dataclass(frozen=True, slots=True)
class MadeUp:
    """One thing that a made-up customer writes. `thread` empty: a talk of its own. `hours`: so long we may answer."""

    id: str
    way: str
    name: str
    text: str
    at: datetime
    thread: str = ""
    stars: int | None = None
    followers: int | None = None
    hours: int | None = None


def body_of(said: MadeUp) -> bytes:
    """The call in which the venue tells of it."""
    who = "-".join(said.name.lower().split()) or "somebody"
    event: dict[str, Any] = {
        "type": {"mention": "post", "keyword": "post"}.get(said.way, said.way),
        "id": said.id,
        "thread": said.thread or (f"dm-{who}" if said.way == "direct" else said.id),
        "text": said.text,
        "at": said.at.isoformat(),
        "author": {"id": who, "name": said.name, "handle": f"@{who}", "followers": said.followers},
        "targets_us": {"mention": "mention", "keyword": "keyword", "direct": "mention"}.get(said.way, "owned_venue"),
        "rating": said.stars if said.way == "review" else None,
        "reply_until": (said.at + timedelta(hours=said.hours)).isoformat() if said.hours is not None else None,
    }
    return json.dumps({"events": [event]}, ensure_ascii=False).encode()
