"""Names that only Hark gives out: Message-IDs and reply addresses with a code that nobody can guess.

Both carry 128 bits of HMAC-SHA256 under the channel's signing secret. The reply address is bound to the conversation
and its recipient, the Message-ID to the reply.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from uuid import UUID

from hark.channels.email.settings import mail_settings
from hark.channels.errors import Refused
from hark.channels.kit.signatures import live_secrets
from hark.channels.types import Account, Outbound

CODE = "[a-z2-7]{26}"  # base 32 survives servers that change the case of an address
OURS = re.compile(rf"<([0-9a-f]{{32}})\.({CODE})@[^<>@\s]+>\Z")
MARKED = re.compile(rf".+\+({CODE})\Z")
TOKEN = "token:"  # noqa: S105 - a word in front of one


def message_id(account: Account, outbound: Outbound) -> str:
    """The Message-ID of a reply: the same each time it is asked for."""
    domain = mail_settings(account).address.rpartition("@")[2] or "localhost"
    return f"<{outbound.id.hex}.{_code(account, 'message', outbound.id.hex)}@{domain}>"


def reply_of(account: Account, given: str) -> UUID | None:
    """The reply whose Message-ID this is; None when Hark did not make it for this channel."""
    found = OURS.match(given.strip().lower())
    if found and _is_genuine(account, found.group(2), "message", found.group(1)):
        return UUID(hex=found.group(1))
    return None


def reply_token(account: Account, thread: str, recipient: str) -> str:
    """The code of a conversation and one recipient."""
    return _code(account, "answer", f"{thread}|{recipient.strip().lower()}")


def reply_address(account: Account, thread: str, recipient: str) -> str:
    """Where that recipient's answers go: `care+<code>@example.org`."""
    local, _, domain = mail_settings(account).address.rpartition("@")
    return f"{local}+{reply_token(account, thread, recipient)}@{domain}"


def tokens_in(addresses: Iterable[str]) -> tuple[str, ...]:
    """What looks like a code in those addresses, as marks; only the core knows which were given out, and for what."""
    found = (MARKED.match(address.strip().lower().rpartition("@")[0]) for address in addresses)
    return tuple(dict.fromkeys(TOKEN + marked.group(1) for marked in found if marked))


def _code(account: Account, purpose: str, about: str) -> str:
    secrets = live_secrets(account, "signing")
    if not secrets:  # a code made without one could be made by anybody
        raise Refused("signing", "This channel has no signing secret; connect it again.")
    return _made(secrets[0], account, purpose, about)


def _is_genuine(account: Account, code: str, purpose: str, about: str) -> bool:
    made = [_made(secret, account, purpose, about) for secret in live_secrets(account, "signing")]
    return any([hmac.compare_digest(one, code) for one in made])  # noqa: C419 - all are compared, whichever fits


def _made(secret: bytes, account: Account, purpose: str, about: str) -> str:
    message = f"hark mail|{account.key}|{purpose}|{about}".encode("utf-8", "replace")
    code = hmac.digest(secret, message, hashlib.sha256)[:16]
    return base64.b32encode(code).rstrip(b"=").decode().lower()
