"""The verbs of Reddit."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from hark.channels.base import Venue
from hark.channels.errors import AuthLost, Refused, SendError
from hark.channels.kit.attached import host_of, web
from hark.channels.kit.json_api import JsonApi, mapping
from hark.channels.kit.limits import MOST_PARTS, PARTS_HELP, refuse_longer
from hark.channels.kit.oauth import ACCESS
from hark.channels.kit.once import attempt
from hark.channels.kit.setting import setting
from hark.channels.kit.words import id_of, text_of
from hark.channels.reddit import sending
from hark.channels.reddit.polling import read_page
from hark.channels.reddit.reading import HOME, PICTURES, read_things
from hark.channels.types import Account, Caps, Change, Guide, Health, Inbound, OAuth, Outbound, Page, Raw, Receipt
from hark.kernel.http import HttpRequest

REAL = "https://oauth.reddit.com"
MAX_LENGTH = 10_000
MAX_MEDIA = 15_000_000
SCOPES = ("edit", "history", "identity", "privatemessages", "read", "submit")
USER_NAME = re.compile(r"(?:u/)?[\w-]{3,20}")
APPROVAL = (
    "Reddit wants to approve who uses its interface, and a contract where it is used for business. That approval is "
    "yours to get; without it a sign-in may be refused or ended."
)


@dataclass(frozen=True)
class Settings:
    """Which account, through which app of yours, and what it reads."""

    username: str = setting("", label="User name", help="Of the account that answers, without u/.", required=True)
    subreddits: tuple[str, ...] = setting(
        (), label="Your subreddits", help="Their posts and comments are all read, as places of your own."
    )
    client_id: str = setting(
        "", label="Client id of your app", required=True, help="Below the app's name, at reddit.com/prefs/apps."
    )
    client_secret: str = setting("", label="Secret of your app", secret=True)
    max_parts: int = setting(1, label="Parts of one answer", help=PARTS_HELP, low=1, high=MOST_PARTS)
    read_back_days: int = setting(
        0, label="Days to read back", help="At most a thousand from each source.", low=0, high=3650
    )


class Reddit(Venue):
    """One account, and the subreddits that are yours."""

    key: ClassVar[str] = "reddit"
    name: ClassVar[str] = "Reddit"
    intro: ClassVar[str] = f"Mentions, answers and messages of your account, and your subreddits. {APPROVAL}"
    proof: ClassVar[str] = "recorded data"
    caps: ClassVar[Caps] = Caps(
        public=True,
        private=True,
        threaded=True,
        max_length=MAX_LENGTH,
        max_parts=MOST_PARTS,
        media=True,
        edits_in=True,
        edits_out=True,
        deletes_in=True,
        deletes_out=True,
        can_move_private="dm_if_open",
        echo=True,
        poll=True,
        listen_keywords=True,
        must_purge_on_delete=True,
        native_reply_url=True,
    )
    Settings = Settings
    identified_by: ClassVar[str] = "username"
    folds_case: ClassVar[bool] = True
    send_seconds: ClassVar[float] = 60.0  # three calls where a talk moves to private
    poll_seconds: ClassVar[float] = 60.0

    def caps_for(self, account: Account) -> Caps:
        """In as many parts as the settings say."""
        parts = account.settings.get("max_parts")
        return replace(self.caps, max_parts=max(1, min(parts, MOST_PARTS)) if isinstance(parts, int) else 1)

    def objections(self, account: Account) -> Mapping[str, str]:
        """A user name is one; without an app nobody signs in."""
        name = text_of(account.settings.get("username")).strip()
        return (
            {}
            if USER_NAME.fullmatch(name)
            else {"username": "Write the name as it stands behind u/, such as plumcare."}
        )

    def oauth(self, account: Account) -> OAuth | None:
        """A lasting sign-in; the app's secret goes in the header."""
        client = text_of(account.settings.get("client_id")).strip()
        if not client:
            return None
        return OAuth(
            "Reddit",
            f"{HOME}/api/v1/authorize",
            f"{HOME}/api/v1/access_token",
            SCOPES,
            client,
            account.secrets.get("client_secret", ""),
            more={"duration": "permanent"},
            meanings=(
                ("invalid_grant", "Reddit no longer accepts the sign-in: its access was taken back. Sign in again."),
                ("access_denied", "Somebody pressed Decline at Reddit."),
            ),
            secret_in_header=True,
        )

    def guides(self, redirect: str) -> tuple[Guide, ...]:
        """How an app is made."""
        steps = (
            APPROVAL,
            "Sign in at Reddit as the account that answers and open the page below. Press “create another app”.",
            "Choose “web app” and enter the redirect uri below.",
            "Copy the id below the app's name and its secret to here, save, and press “Sign in with Reddit”.",
        )
        return (Guide("An app at Reddit", steps, (("redirect uri", redirect),), f"{HOME}/prefs/apps"),)

    def check(self, account: Account) -> Health:
        """Who are we there?"""
        caps = self.caps_for(account)
        if not account.secrets.get(ACCESS):
            return Health(("Nobody has signed in at Reddit yet.",), caps=caps)
        try:
            me = mapping(_api(account).get("/api/v1/me"))
        except SendError as error:
            return Health((_step(error),), caps=caps)
        name, number = text_of(me.get("name")), id_of(me.get("id"))
        wanted = text_of(account.settings.get("username")).removeprefix("u/")
        problems = (
            [] if name.casefold() == wanted.casefold() else [f"Somebody signed in as u/{name}, not as u/{wanted}."]
        )
        if me.get("is_suspended") is True:
            problems.append("Reddit has suspended this account.")
        selves = tuple(each for each in (f"t2_{number}" if number else "", f"u/{name}" if name else "") if each)
        return Health(tuple(problems), selves, caps=caps)

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        """Listings and things."""
        return read_things(account, raw)

    def poll(self, account: Account, cursor: str) -> Page:
        """Inbox, subreddits, what we wrote, what listening finds, and what changed."""
        return read_page(account, _api(account), cursor)

    def send(self, account: Account, outbound: Outbound) -> Receipt:
        """One comment or one message."""
        self.obey(account, outbound)
        moves = outbound.visibility == "private" and outbound.private_of
        taken = (sending.message if moves else sending.answer)(_api(account), outbound)
        name, path = sending.name_of(taken), text_of(taken.get("permalink"))
        return Receipt((name,) if name else (), permalink=f"{HOME}{path}" if path.startswith("/") else "")

    def change(self, account: Account, change: Change) -> Receipt:
        """The first comment says all of it, or all of them go."""
        refuse_longer(self.caps_for(account), change.text)
        api = _api(account)
        for place, post in enumerate(change.of):
            if change.gone or place:
                sending.remove(api, post)
            else:
                sending.reword(api, post, change.text)
        return Receipt(change.of[:1])

    def media(self, account: Account, ref: str) -> Iterator[bytes]:
        """A picture that lies with Reddit."""
        home = {host_of(account.base_url)} if account.base_url else set()
        if not web(ref) or host_of(ref) not in PICTURES | home:
            raise Refused("foreign_host", "This picture does not lie with Reddit.")
        yield attempt(HttpRequest("GET", ref, max_bytes=MAX_MEDIA)).body


def _api(account: Account) -> JsonApi:
    """Reddit wants to know who asks: a program, its version, and whose account it works for."""
    name = re.sub(r"[^\w-]", "", text_of(account.settings.get("username")).removeprefix("u/"))
    headers = {
        "authorization": f"Bearer {account.secrets.get(ACCESS, '')}",
        "user-agent": f"server:hark:v0.1 (by /u/{name or 'unknown'})",
    }
    return JsonApi(account.base_url.rstrip("/") or REAL, headers, refusal=sending.refusal)


def _step(error: SendError) -> str:
    """What an administrator can do about it."""
    if isinstance(error, AuthLost):
        return "Reddit no longer accepts the sign-in. Sign in again."
    if isinstance(error, Refused):
        return f"Reddit refused to say who we are: {error.human}"
    return f"Reddit could not be reached ({error.detail or 'no answer'})."
