"""Two signed things: a form's stamp (when it was opened, its one-time number), and the private link to a talk."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hark.channels.kit.signatures import genuine, signature, url_code
from hark.channels.types import Account
from hark.kernel import ids

SOONEST = timedelta(seconds=2)  # nobody fills a form in less
LATEST = timedelta(hours=24)
NONCE = 22  # characters of base64url: 128 bits
MAX_STAMP = 200


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a form carries from its opening to its posting. `text` is the hidden field's value."""

    nonce: str
    opened_at: datetime
    text: str


def new_stamp(account: Account, *, at: datetime, nonce: str = "") -> Stamp:
    """A stamp for a form opened at `at`, with a fresh one-time number unless one is given."""
    nonce = nonce or ids.new_token(128)
    said = f"{nonce}.{int(at.timestamp())}"
    return Stamp(nonce, at.replace(microsecond=0), f"{said}.{_code(account, 'form', said)}")


def stamp_of(account: Account, text: str) -> Stamp | None:
    """The stamp in a hidden field, or None when this channel did not make it. Constant-time."""
    said, _, code = text.rpartition(".")
    if len(text) > MAX_STAMP or not genuine(account, "signing", _message(account, "form", said), code, url_code):
        return None
    nonce, _, seconds = said.partition(".")
    return Stamp(nonce, datetime.fromtimestamp(int(seconds), UTC), text)


def nonce_in(text: str) -> str:
    """The one-time number a stamp or link claims to hold, unchecked: for reading an arrival, checked when it came."""
    return text[:MAX_STAMP].partition(".")[0]


def derived_nonce(account: Account, seed: bytes) -> str:
    """A one-time number that nobody outside can foresee, from the request that needs it: `verify` draws no lots."""
    return signature(account, "signing", b"hark nonce|" + seed, url_code)[:NONCE]


def talk_token(account: Account, nonce: str) -> str:
    """The private part of the link under which the customer reads the answers."""
    return f"{nonce}.{_code(account, 'talk', nonce)}"


def talk_of(account: Account, token: str) -> str | None:
    """The one-time number of the talk this link leads to, or None when the link is not ours. Constant-time."""
    nonce, _, code = token.partition(".")
    fits = len(token) <= MAX_STAMP and genuine(account, "signing", _message(account, "talk", nonce), code, url_code)
    return nonce if fits and nonce else None


def _code(account: Account, purpose: str, said: str) -> str:
    return signature(account, "signing", _message(account, purpose, said), url_code)


def _message(account: Account, purpose: str, said: str) -> bytes:
    return f"hark {purpose}|{account.key}|{said}".encode("utf-8", "replace")
