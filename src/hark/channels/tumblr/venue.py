"""The verbs of Tumblr."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar
from urllib.parse import quote

from hark.channels.base import Venue
from hark.channels.errors import AuthLost, Refused, SendError
from hark.channels.kit.attached import host_of, web
from hark.channels.kit.json_api import JsonApi, mapping, mappings
from hark.channels.kit.limits import MOST_PARTS, PARTS_HELP, refuse_longer
from hark.channels.kit.oauth import ACCESS
from hark.channels.kit.once import attempt
from hark.channels.kit.setting import setting
from hark.channels.kit.words import id_of, text_of
from hark.channels.tumblr import sending
from hark.channels.tumblr.polling import read_page
from hark.channels.tumblr.reading import HOME, is_theirs, read_activity
from hark.channels.types import Account, Caps, Change, Guide, Health, Inbound, OAuth, Outbound, Page, Raw, Receipt
from hark.kernel.http import HttpRequest

REAL = "https://api.tumblr.com"
MAX_LENGTH = 4096  # of one block of text
MAX_MEDIA = 15_000_000
SCOPES = ("basic", "write", "offline_access")
BLOG = re.compile(r"@?([a-z0-9-]{1,32})(?:\.tumblr\.com)?", re.IGNORECASE)


@dataclass(frozen=True)
class Settings:
    """Which blog, through which app of yours."""

    blog: str = setting("", label="Blog", help="Its name, such as plumcare.", required=True)
    client_id: str = setting("", label="OAuth consumer key of your app", required=True)
    client_secret: str = setting("", label="Secret key of your app", secret=True)
    max_parts: int = setting(1, label="Parts of one answer", help=PARTS_HELP, low=1, high=MOST_PARTS)
    read_back_days: int = setting(0, label="Days to read back", low=0, high=3650)


class Tumblr(Venue):
    """One blog."""

    key: ClassVar[str] = "tumblr"
    name: ClassVar[str] = "Tumblr"
    intro: ClassVar[str] = (
        "Replies, reblogs with a comment and mentions of your blog. An answer is a reblog with a comment."
    )
    proof: ClassVar[str] = "specification"
    caps: ClassVar[Caps] = Caps(
        public=True,
        threaded=True,
        max_length=MAX_LENGTH,
        max_parts=MOST_PARTS,
        media=True,
        edits_out=True,
        deletes_out=True,
        echo=True,
        poll=True,
        listen_keywords=True,
        native_reply_url=True,
    )
    Settings = Settings
    identified_by: ClassVar[str] = "blog"
    folds_case: ClassVar[bool] = True
    send_seconds: ClassVar[float] = 70.0  # up to two looks at a post, one at a name, the answer
    poll_seconds: ClassVar[float] = 120.0

    def caps_for(self, account: Account) -> Caps:
        """In as many parts as the settings say."""
        parts = account.settings.get("max_parts")
        return replace(self.caps, max_parts=max(1, min(parts, MOST_PARTS)) if isinstance(parts, int) else 1)

    def objections(self, account: Account) -> Mapping[str, str]:
        """A blog has a name."""
        return {} if _blog(account) else {"blog": "Write the blog's name, such as plumcare or plumcare.tumblr.com."}

    def oauth(self, account: Account) -> OAuth | None:
        """A sign-in that is renewed every 42 minutes, each time with a new token."""
        client = text_of(account.settings.get("client_id")).strip()
        if not client:
            return None
        return OAuth(
            "Tumblr",
            f"{HOME}/oauth2/authorize",
            f"{REAL}/v2/oauth2/token",
            SCOPES,
            client,
            account.secrets.get("client_secret", ""),
            meanings=(
                ("invalid_grant", "Tumblr no longer accepts the sign-in: its access was taken back. Sign in again."),
                ("invalid_client", "Tumblr does not accept the consumer key or the secret key. Type them again below."),
            ),
        )

    def guides(self, redirect: str) -> tuple[Guide, ...]:
        """How an app is made."""
        steps = (
            "Sign in at Tumblr as somebody who owns or helps the blog, and open the page below.",
            "Press “Register application” and enter the OAuth2 redirect URL below.",
            "Copy its OAuth consumer key and its secret key to here, save, and press “Sign in with Tumblr”.",
        )
        return (Guide("An app at Tumblr", steps, (("OAuth2 redirect URL", redirect),), f"{HOME}/oauth/apps"),)

    def check(self, account: Account) -> Health:
        """Is the blog among those of whoever signed in?"""
        caps = self.caps_for(account)
        if not account.secrets.get(ACCESS):
            return Health(("Nobody has signed in at Tumblr yet.",), caps=caps)
        try:
            said = mapping(mapping(_api(account).get("/v2/user/info")).get("response"))
        except SendError as error:
            return Health((_step(error),), caps=caps)
        blogs, wanted = mappings(mapping(said.get("user")).get("blogs"), 500), _blog(account)
        ours = [blog for blog in blogs if text_of(blog.get("name")).casefold() == wanted.casefold()]
        if not ours:
            return Health((f"Whoever signed in has no blog {wanted!r}.",), caps=caps)
        selves = tuple(each for name in ("uuid", "name") if (each := id_of(ours[0].get(name))))
        return Health((), selves, caps=caps)

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        """Activities and posts."""
        return read_activity(account, raw)

    def poll(self, account: Account, cursor: str) -> Page:
        """Activities with their posts, our own posts, and posts with one of our tags."""
        return read_page(account, _api(account), _blog(account), cursor)

    def send(self, account: Account, outbound: Outbound) -> Receipt:
        """One reblog with a comment, after a look at the post."""
        self.obey(account, outbound)
        api, blog = _api(account), _blog(account)
        said = sending.as_reblog(api, blog, outbound)
        taken = mapping(mapping(api.send("POST", f"/v2/blog/{quote(blog)}/posts", said)).get("response"))
        number = id_of(taken.get("id"))
        return Receipt((number,), permalink=f"{HOME}/{blog}/{number}") if number else Receipt(())

    def change(self, account: Account, change: Change) -> Receipt:
        """The first post says all of it, or all of them go."""
        refuse_longer(self.caps_for(account), change.text)
        api, blog = _api(account), _blog(account)
        for place, post in enumerate(change.of):
            if change.gone or place:
                sending.remove(api, blog, post)
            else:
                sending.reword(api, blog, post, change.text)
        return Receipt(change.of[:1])

    def media(self, account: Account, ref: str) -> Iterator[bytes]:
        """A file that lies where Tumblr keeps what is uploaded."""
        if not web(ref) or not (is_theirs(ref) or (account.base_url and host_of(ref) == host_of(account.base_url))):
            raise Refused("foreign_host", "This file does not lie with Tumblr.")
        yield attempt(HttpRequest("GET", ref, max_bytes=MAX_MEDIA)).body


def _api(account: Account) -> JsonApi:
    headers = {"authorization": f"Bearer {account.secrets.get(ACCESS, '')}"}
    return JsonApi(account.base_url.rstrip("/") or REAL, headers, refusal=sending.refusal)


def _blog(account: Account) -> str:
    named = BLOG.fullmatch(text_of(account.settings.get("blog")).strip())
    return named[1] if named else ""


def _step(error: SendError) -> str:
    """What an administrator can do about it."""
    if isinstance(error, AuthLost):
        return "Tumblr no longer accepts the sign-in. Sign in again."
    if isinstance(error, Refused):
        return f"Tumblr refused to say whose blogs these are: {error.human}"
    return f"Tumblr could not be reached ({error.detail or 'no answer'})."
