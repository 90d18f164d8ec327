"""Times, spans and names in the words of the desk. Pure."""

from datetime import date, datetime

from django.utils import timezone

KIND_ICONS = {
    "review": "review", "post": "post", "comment": "post", "photo": "photo", "chat": "chat", "mail": "mail",
    "form": "mail", "text": "text", "call": "call", "forum": "forum", "video": "video", "mention": "post",
    "encounter": "person",
}  # fmt: skip


def span_words(seconds: float) -> str:
    """A span in the coarsest unit that still says something: 4 s, 12 min, 3 h, 2 days."""
    if seconds < 90:
        return f"{round(seconds)} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    if seconds < 129600:
        return f"{round(seconds / 3600)} h"
    return f"{round(seconds / 86400)} days"


def ago(then: datetime, at: datetime) -> str:
    """How long ago, in words."""
    seconds = (at - then).total_seconds()
    return "now" if seconds < 5 else f"{span_words(seconds)} ago"


def hour(then: datetime) -> str:
    """14:05, in the agent's zone."""
    return f"{timezone.localtime(then):%H:%M}"


def day(then: datetime, at: datetime) -> str:
    """Today, Yesterday, Sun 11 Oct, 11 Oct 2025, in the agent's zone."""
    local, today = timezone.localtime(then).date(), timezone.localtime(at).date()
    days = (today - local).days
    if days == 0:
        return "Today"
    if days == 1:
        return "Yesterday"
    return f"{local:%a} {local.day} {local:%b}" if local.year == today.year else f"{local.day} {local:%b %Y}"


def until(then: datetime, at: datetime) -> str:
    """14:05, or Sun 11 Oct, 14:05 where it is not today, in the agent's zone."""
    name = day(then, at)
    return hour(then) if name == "Today" else f"{name}, {hour(then)}"


def reach_words(followers: int | None, on: date | None, at: datetime) -> str:
    """12,400 followers, on 3 Oct; empty where the venue has never said how many."""
    if followers is None:
        return ""
    many = f"{followers:,} follower{'' if followers == 1 else 's'}"
    if on is None:
        return many
    year = f" {on.year}" if on.year != timezone.localtime(at).year else ""
    return f"{many}, on {on.day} {on:%b}{year}"


def exact(then: datetime) -> str:
    """The whole instant with its zone, for the title of a relative time."""
    local = timezone.localtime(then)
    return f"{local:%A} {local.day} {local:%B %Y, %H:%M:%S %Z}"


def clock_face(seconds: int) -> str:
    """What is left, as a face: 12:40 below the hour, 1 h 04 below a day, then days. Matches `clocks.js`."""
    if seconds < 3600:
        return f"{seconds // 60}:{seconds % 60:02}"
    if seconds < 86400:
        return f"{seconds // 3600} h {seconds % 3600 // 60:02}"
    return f"{seconds // 86400} d {seconds % 86400 // 3600} h"
