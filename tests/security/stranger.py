"""What a stranger sends with a message, as a venue would hand it over."""

from collections.abc import Iterator, Mapping
from typing import Any

from hark.channels.registry import register_for_tests
from hark.channels.simulated import Simulated
from hark.channels.types import Account
from hark.conversations.models import Message
from hark.conversations.types import SeenFile
from hark.organisation.models import Channel
from tests.workspace.files import fetch_everything
from tests.workspace.makers import known, say


class Carrier(Simulated):
    """The simulated venue with its files at hand."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.kept = dict(files)

    def media(self, account: Account, ref: str) -> Iterator[bytes]:
        """As it lies there."""
        yield self.kept[ref]


def came_with(channel: Channel, files: Mapping[str, bytes], **more: Any) -> Message:
    """A message with these files, all of them fetched."""
    carried = {f"f{number}": body for number, body in enumerate(files.values())}
    seen = tuple(SeenFile(f"f{number}", name) for number, name in enumerate(files))
    with register_for_tests(Carrier(carried)):
        message = say(channel, known("stranger"), "Look at this.", files=seen, **more)
        fetch_everything()
    return message
