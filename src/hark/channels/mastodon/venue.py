"""The verbs of Mastodon."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar
from urllib.parse import quote, urlsplit

from hark.channels.base import Venue
from hark.channels.errors import AuthLost, Refused, SendError
from hark.channels.kit.attached import host_of, web
from hark.channels.kit.json_api import JsonApi, mapping, mappings
from hark.channels.kit.limits import MOST_PARTS, PARTS_HELP, refuse_longer
from hark.channels.kit.once import attempt
from hark.channels.kit.setting import setting
from hark.channels.kit.words import id_of, number_of, text_of
from hark.channels.mastodon.guide import GUIDE, SCOPES
from hark.channels.mastodon.polling import read_page
from hark.channels.mastodon.reading import read_arrival
from hark.channels.mastodon.sending import answered, as_status, reworded, uploaded
from hark.channels.types import Account, Caps, Change, Guide, Health, Inbound, Outbound, Page, Raw, Receipt
from hark.kernel.http import HttpRequest

USUAL_LENGTH = 500
NAME_ROOM = 32  # a name of 30 characters, its @ and a space
MAX_MEDIA = 15_000_000
SECONDS = 20.0  # for one call
MAX_FILES_OUT = 10_000_000
HANDLE = re.compile(r"@?[\w.-]{1,100}@([a-z0-9.-]+(?::\d{1,5})?)", re.IGNORECASE)
REF = re.compile(r"(\w{1,64})/(\w{1,64})")
NOT_ENCRYPTED = "Private mentions are not encrypted: whoever runs one of the two servers can read them."


@dataclass(frozen=True)
class Settings:
    """Which account, on which server, and what this server takes."""

    handle: str = setting(
        "", label="Account", help=f"With its server, such as care@plum.social. {NOT_ENCRYPTED}", required=True
    )
    base_url: str = setting(
        "",
        label="Address of the server",
        help="Only where it is not behind the @, such as https://social.plum.example.",
    )
    max_length: int = setting(
        USUAL_LENGTH,
        label="Longest post",
        help=f"Most servers take {USUAL_LENGTH}. The check says what yours takes.",
        low=100,
        high=100_000,
    )
    max_parts: int = setting(1, label="Parts of one answer", help=PARTS_HELP, low=1, high=MOST_PARTS)
    read_back_days: int = setting(
        0, label="Days to read back", help="Mentions from before the connection; at most 1,000.", low=0, high=3650
    )
    token: str = setting(
        "",
        label="Access token",
        secret=True,
        help="At your server: Preferences, Development, New application.",
    )


class Mastodon(Venue):
    """One account on one server of the Fediverse."""

    key: ClassVar[str] = "mastodon"
    name: ClassVar[str] = "Mastodon"
    intro: ClassVar[str] = f"Mentions of your account on any server, answered in thread. {NOT_ENCRYPTED}"
    proof: ClassVar[str] = "recorded data"
    caps: ClassVar[Caps] = Caps(
        public=True,
        private=True,
        threaded=True,
        max_length=USUAL_LENGTH - NAME_ROOM,
        unit="graphemes",
        max_parts=MOST_PARTS,
        media=True,
        edits_in=True,
        edits_out=True,
        deletes_in=True,
        deletes_out=True,
        can_move_private="always",
        idempotent_send="key",
        echo=True,
        poll=True,
        listen_keywords=True,
        native_reply_url=True,
        files_out=MAX_FILES_OUT,
    )
    Settings = Settings
    identified_by: ClassVar[str] = "handle"
    folds_case: ClassVar[bool] = True
    send_seconds: ClassVar[float] = 6 * SECONDS + 30  # a look at the post, four pictures, the answer
    poll_seconds: ClassVar[float] = 30.0

    def caps_for(self, account: Account) -> Caps:
        """As long as the settings say, less the name of whom is answered."""
        longest, parts = account.settings.get("max_length"), account.settings.get("max_parts")
        longest = longest if isinstance(longest, int) else USUAL_LENGTH
        parts = parts if isinstance(parts, int) else 1
        return replace(self.caps, max_length=longest - NAME_ROOM, max_parts=max(1, min(parts, MOST_PARTS)))

    def guides(self, redirect: str) -> tuple[Guide, ...]:
        """How a token is made at the server."""
        return (GUIDE,)

    def objections(self, account: Account) -> Mapping[str, str]:
        """An account has a server; a server's address is a web address."""
        found, url = {}, text_of(account.settings.get("base_url"))
        if not HANDLE.fullmatch(text_of(account.settings.get("handle")).strip()):
            found["handle"] = "Write it with its server, such as care@plum.social."
        if url and (urlsplit(url).scheme not in {"http", "https"} or not host_of(url)):
            found["base_url"] = "An address begins with https://, such as https://social.plum.example."
        return found

    def check(self, account: Account) -> Health:
        """Who are we there, what may the token do, how long may a post be?"""
        caps = self.caps_for(account)
        if not account.secrets.get("token"):
            return Health(("Paste the access token of an application of your account.",), caps=caps)
        api = _api(account)
        try:
            me = mapping(api.get("/api/v1/accounts/verify_credentials"))
            server = mapping(api.get("/api/v2/instance"))
            granted = _scopes(api)
        except SendError as error:
            return Health((_step(error, api.base),), caps=caps)
        missing = tuple(scope for scope in SCOPES if granted and not _covers(granted, scope))
        problems = [f"The permission {scope} is missing in the application of the token." for scope in missing]
        number, name = id_of(me.get("id")), text_of(me.get("acct"))
        wanted = text_of(account.settings.get("handle")).lstrip("@").partition("@")[0]
        if wanted and name.casefold() != wanted.casefold():
            problems.append(f"The token belongs to @{name[:100]}, not to @{wanted}.")
        statuses = mapping(mapping(server.get("configuration")).get("statuses"))
        longest = number_of(statuses.get("max_characters"), 1, 1 << 30)
        warnings = _lengths(caps, longest, problems)
        if longest and longest - NAME_ROOM < (caps.max_length or 0):
            caps = replace(caps, max_length=max(1, longest - NAME_ROOM))
        selves = tuple(each for each in (number, id_of(me.get("uri")) or id_of(me.get("url"))) if each)
        return Health(tuple(problems), selves, tuple(sorted(granted)), missing, None, caps, warnings)

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        """Notifications, statuses, events of the stream."""
        return read_arrival(account, raw)

    def poll(self, account: Account, cursor: str) -> Page:
        """Mentions; then our own posts, what listening finds, and edits and deletions."""
        return read_page(account, _api(account), cursor)

    def send(self, account: Account, outbound: Outbound) -> Receipt:
        """One status under our key, after a look at the post that it answers."""
        self.obey(account, outbound)
        api = _api(account)
        said = as_status(account, outbound, answered(api, outbound))
        if outbound.attachments:
            said["media_ids"] = uploaded(api, outbound.attachments)
        taken = mapping(api.send("POST", "/api/v1/statuses", said, {"idempotency-key": str(outbound.id)}))
        number = id_of(taken.get("id"))
        return Receipt((number,) if number else (), permalink=web(text_of(taken.get("url"))) or "")

    def change(self, account: Account, change: Change) -> Receipt:
        """The first post says all of it, or all of them go. What is gone already is taken away."""
        refuse_longer(self.caps_for(account), change.text)
        api = _api(account)
        for place, post in enumerate(change.of):
            path = f"/api/v1/statuses/{quote(post, safe='')}"
            if change.gone or place:
                _remove(api, path)
            else:
                api.send("PUT", path, reworded(account, change.text, mapping(api.get(path))))
        return Receipt(change.of[:1])

    def media(self, account: Account, ref: str) -> Iterator[bytes]:
        """Our server says where an attachment lies; no address of strangers is ever asked."""
        named = REF.fullmatch(ref)
        if not named:
            raise Refused("foreign_host", "This is no attachment of a post at Mastodon.")
        status = mapping(_api(account).get(f"/api/v1/statuses/{named[1]}"))
        found = [one for one in mappings(status.get("media_attachments")) if text_of(one.get("id")) == named[2]]
        url = web(text_of(found[0].get("url"))) if found else None
        if url is None:
            raise Refused("gone", "This attachment is not there any more.")
        yield attempt(HttpRequest("GET", url, max_bytes=MAX_MEDIA)).body


def _api(account: Account) -> JsonApi:
    named = HANDLE.fullmatch(text_of(account.settings.get("handle")).strip())
    base = account.base_url.rstrip("/") or (f"https://{named[1]}" if named else "")
    return JsonApi(base, {"authorization": f"Bearer {account.secrets.get('token', '')}"}, seconds=SECONDS)


def _scopes(api: JsonApi) -> set[str]:
    """What the token's application may do; a server before 4.3 does not say."""
    try:
        listed = mapping(api.get("/api/v1/apps/verify_credentials")).get("scopes")
    except Refused:
        return set()
    return {text_of(one) for one in listed} if isinstance(listed, list) else set()


def _covers(granted: set[str], scope: str) -> bool:
    """`read` covers all that begins with `read:`; `profile` is the part of it that says who we are."""
    return scope in granted or scope.partition(":")[0] in granted or (scope == "read:accounts" and "profile" in granted)


def _lengths(caps: Caps, longest: int | None, problems: list[str]) -> tuple[str, ...]:
    wanted = (caps.max_length or 0) + NAME_ROOM
    if longest and longest < wanted:
        problems.append(f"This server takes posts of {longest:,} characters; the setting says {wanted:,}.")
    if longest and longest > wanted:
        return (f"This server takes posts of {longest:,} characters; the setting uses {wanted:,} of them.",)
    return ()


def _remove(api: JsonApi, path: str) -> None:
    try:
        api.send("DELETE", path, {})
    except Refused as error:
        if error.code != "404":
            raise


def _step(error: SendError, base: str) -> str:
    """What an administrator can do about it."""
    if isinstance(error, AuthLost):
        return "The server does not know this access token. Make a new one and paste it."
    if isinstance(error, Refused):
        return f"{host_of(base)} refused to say who we are: {error.human}"
    return f"{host_of(base) or 'The server'} could not be reached ({error.detail or 'no answer'})."
