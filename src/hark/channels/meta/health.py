"""Is an access token good, for what, and until when? (Graph API documentation, "Debug-Token".)"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from hark.channels.errors import Refused, SendError
from hark.channels.kit.signatures import live_secrets
from hark.channels.kit.words import id_of, text_of
from hark.channels.meta.graph import ask, token_of
from hark.channels.meta.hooks import moment, table
from hark.channels.types import Account, Caps, Health

NO_SECRET = "Type the app secret of your Meta app, so that Hark can tell Meta’s calls from others."  # noqa: S105 - words
NO_VERIFY = "Choose a verify token, and type the same one here and at Meta, under Webhooks."
Look = Callable[[], tuple[tuple[str, ...], tuple[str, ...]]]  # asks for the account itself: (its ids, problems)


def examined(account: Account, caps: Caps, needed: Sequence[str], look: Look) -> Health:
    """The connection test: secrets, token, permissions, end, and what `look` finds of the account itself."""
    typed = (("app_secret", NO_SECRET), ("verify_token", NO_VERIFY))
    problems = tuple(words for name, words in typed if not live_secrets(account, name))
    try:
        health = _of_token(account, needed)
        ids, found = look()
    except SendError as error:
        return Health((*problems, _in_words(error)), caps=caps)
    return replace(health, problems=(*problems, *health.problems, *found), self_ids=ids, caps=caps)


def _of_token(account: Account, needed: Sequence[str]) -> Health:
    said = table(ask(account, "GET", "debug_token", input_token=token_of(account)).get("data"))
    listed = said.get("scopes")
    granted = tuple(sorted(filter(None, map(id_of, listed if isinstance(listed, list) else []))))
    missing = tuple(scope for scope in needed if scope not in granted)
    problems = [f"The permission {scope} is missing. Make the access token again, and tick it." for scope in missing]
    if said.get("is_valid") is False:
        problems.append("Meta no longer accepts the access token. Make a new one, and type it into the settings.")
    ends = [moment(said.get(name)) for name in ("expires_at", "data_access_expires_at") if said.get(name)]
    return Health(tuple(problems), (), granted, missing, min(filter(None, ends), default=None))


def _in_words(error: SendError) -> str:
    if isinstance(error, Refused):
        return error.human
    return text_of(error.detail) and f"{error.detail[0].upper()}{error.detail[1:].rstrip('.')}."
