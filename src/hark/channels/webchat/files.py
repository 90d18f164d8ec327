"""A visitor's files. Their bytes come first and are stored; the line that follows names them by signed receipts.

A receipt fits one visitor of one channel and is good for half a day, shorter than unnamed bytes are kept.
"""

import base64
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from hark.channels.kit.signatures import genuine, signature, url_code, url_text
from hark.channels.types import Account

LARGEST = 15_000_000
MOST_A_LINE = 5
LIFE = timedelta(hours=12)
MAX_RECEIPT = 2_048
STORED = "stored:"


@dataclass(frozen=True, slots=True)
class VisitorFile:
    """A file that is here. `name` is data; `stored_at` counts seconds since 1970."""

    sha256: str
    name: str
    size: int
    stored_at: int

    @property
    def ref(self) -> str:
        """By what `media` finds it."""
        return f"{STORED}{self.sha256}"


def receipt_for(account: Account, visitor: str, file: VisitorFile) -> str:
    """What the visitor's page shows with its next line."""
    packed = url_text(json.dumps(asdict(file), separators=(",", ":")).encode())
    return f"{packed}.{signature(account, 'signing', _message(account, visitor, packed), url_code)}"


def file_of(account: Account, visitor: str, receipt: str, *, at: datetime | None = None) -> VisitorFile | None:
    """The file behind a receipt, None where it is not this visitor's or, at the instant `at`, over. Constant-time."""
    packed, _, code = receipt.partition(".")
    message = _message(account, visitor, packed)
    if len(receipt) > MAX_RECEIPT or not genuine(account, "signing", message, code, url_code):
        return None
    file = VisitorFile(**json.loads(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))))
    over = at is not None and datetime.fromtimestamp(file.stored_at, UTC) + LIFE <= at
    return None if over else file


def _message(account: Account, visitor: str, packed: str) -> bytes:
    return f"hark file|{account.key}|{visitor}|{packed}".encode("utf-8", "replace")
