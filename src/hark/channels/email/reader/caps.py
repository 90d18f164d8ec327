"""What a mail may cost, and the words for what was over it (security reference, section 2.1)."""

MAIL_BYTES = 35 * 1_048_576
HEADER_BYTES = 64 * 1024
ALL_HEADERS_BYTES = 256 * 1024
HEADER_LINES = 2_000
DEEPEST = 50
PARTS = 500
ADDRESSES = 500
REFERENCES = 200
ENCODED_WORDS = 500
PIECES = 100  # of one parameter (RFC 2231)
TEXT_BYTES = 256 * 1024  # of one part
ALL_TEXT = 1_000_000  # characters of all parts together
HTML_BYTES = 4 * 1_048_576
SUBJECT = 998
NAME = 200


class Notes:
    """What went wrong while reading. `stopped`: some of the mail is missing; `mended`: all is shown, some replaced."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._stopped: list[str] = []
        self._mended: list[str] = []

    def stopped(self, note: str) -> None:
        """A part could not be read."""
        self._stopped.append(note)

    def mended(self, note: str) -> None:
        """It is shown, with replacements."""
        self._mended.append(note)

    @property
    def ok(self) -> bool:
        """Was everything read?"""
        return not self._stopped

    @property
    def first(self) -> str:
        """The first thing that stopped the reading, else the first that was mended, else nothing."""
        return next(iter([*self._stopped, *self._mended]), "")
