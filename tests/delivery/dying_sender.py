"""A worker of its own that sends one reply to a shelf kept in a file; HARK_FAULT says where it dies. Run by a test."""

import os
import sys
from pathlib import Path


def main(file: Path, *, remembers: bool) -> None:
    """Send what is due once."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "hark.site.settings"
    import django

    django.setup()
    from hark.channels.registry import register_for_tests
    from hark.channels.types import Account, Outbound, Receipt
    from hark.delivery.jobs import send_due
    from tests.delivery.shelf import Shelf

    class ShelfInAFile(Shelf):
        """What is written there stays when the worker dies."""

        def send(self, account: Account, outbound: Outbound) -> Receipt:
            """Put it into the file, unless it is there and the venue remembers."""
            there = file.read_text().split() if file.exists() else []
            if not (remembers and str(outbound.id) in there):
                with file.open("a") as shelf:
                    shelf.write(f"{outbound.id}\n")
            return Receipt((f"shelf-{outbound.id}",))

    with register_for_tests(ShelfInAFile(remembers=remembers)):
        send_due()


if __name__ == "__main__":
    main(Path(sys.argv[1]), remembers=sys.argv[2] == "remembers")
