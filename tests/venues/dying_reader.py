"""A process of its own that reads a mailbox once, and dies after fetching a page or after storing it. Run by a test."""

import os
import signal
import sys
from collections.abc import Iterator


def main(channel_id: int, when: str) -> None:
    """Read once."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "hark.site.settings"
    import django

    django.setup()
    from hark.channels.email.venue import Email
    from hark.channels.registry import register_for_tests
    from hark.channels.types import Account, Page
    from hark.intake.actions import polling
    from hark.intake.pollers import read

    class Dying(Email):
        """Dies at the named moment."""

        def watch(self, account: Account, cursor: str) -> Iterator[Page]:
            """The pages, until it dies."""
            for page in super().watch(account, cursor):
                if when == "fetched" and page.raws:
                    os.kill(os.getpid(), signal.SIGKILL)
                yield page
                if when == "stored":
                    os.kill(os.getpid(), signal.SIGKILL)

    seen = 0

    def after_the_first_wait() -> bool:
        nonlocal seen
        seen += 1
        return seen > 1

    with register_for_tests(Dying()):
        reader = polling.take_channel([channel_id])
        assert reader
        read(reader, after_the_first_wait)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "")
