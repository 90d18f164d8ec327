"""The verbs of Discourse."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Literal
from urllib.parse import quote, urlsplit

from hark.channels.base import Venue
from hark.channels.discourse import sending
from hark.channels.discourse.guide import GUIDE
from hark.channels.discourse.polling import MOST_BACK, read_page
from hark.channels.discourse.reading import EVENT, read_posts
from hark.channels.errors import AuthLost, Refused, SendError
from hark.channels.kit.attached import host_of, web
from hark.channels.kit.json_api import JsonApi, mapping
from hark.channels.kit.limits import refuse_longer
from hark.channels.kit.once import attempt
from hark.channels.kit.setting import setting
from hark.channels.kit.signatures import genuine, hex_code, live_secrets
from hark.channels.kit.sites import bad_sites, sites_of
from hark.channels.kit.words import id_of, text_of
from hark.channels.types import (
    Accepted,
    Account,
    Answered,
    Caps,
    Change,
    Guide,
    Health,
    Inbound,
    Outbound,
    Page,
    Raw,
    Receipt,
    Rejected,
    Reply,
    Request,
    SharedSecret,
    Verdict,
)
from hark.kernel.http import HttpRequest

MAX_LENGTH = 32_000
MAX_MEDIA = 15_000_000
SECONDS = 20.0  # for one call
MAX_FILES_OUT = 10_000_000
SIGNATURE, KIND = "x-discourse-event-signature", "x-discourse-event-type"
WEBHOOK = SharedSecret("webhook", "Calls from the forum", "The forum signs its calls with it.")
GONE = frozenset({"404", "410"})


@dataclass(frozen=True)
class Settings:
    """Which forum, as whom, and how its posts come."""

    base_url: str = setting("", label="Address of the forum", help="Such as https://forum.plum.example.", required=True)
    username: str = setting("", label="User name", help="Of the account that answers there.", required=True)
    key: str = setting("", label="API key", secret=True, help="Admin, API, Keys. For this one user.")
    incoming: Literal["asking", "webhook"] = setting(
        "asking",
        label="Posts come",
        words={"asking": "Hark asks the forum", "webhook": "The forum calls Hark (webhook)"},
    )
    private_by_webhook: bool = setting(
        default=False,
        label="Read the private messages that the webhook brings",
        help="It brings those of the whole forum, not only those to this account.",
        only=("incoming", ("webhook",)),
    )
    ours: bool = setting(
        default=True,
        label="The forum is ours",
        help="Then all posts are for us, else only those that name or answer us.",
    )
    read_back: int = setting(0, label="Posts to read back", help="From before the connection.", low=0, high=MOST_BACK)
    sites: tuple[str, ...] = setting(
        (), label="Where uploads lie", help="Besides the forum itself, such as https://cdn.plum.example."
    )


class Discourse(Venue):
    """One account of one forum."""

    key: ClassVar[str] = "discourse"
    name: ClassVar[str] = "Discourse"
    icon: ClassVar[str] = "forum"
    intro: ClassVar[str] = "A forum: its posts, and the private messages of one account, answered in their topics."
    proof: ClassVar[str] = "specification"
    caps: ClassVar[Caps] = Caps(
        public=True,
        private=True,
        threaded=True,
        max_length=MAX_LENGTH,
        media=True,
        edits_in=True,
        edits_out=True,
        deletes_in=True,
        deletes_out=True,
        can_move_private="dm_if_open",
        echo=True,
        webhook=True,
        poll=True,
        native_reply_url=True,
        files_out=MAX_FILES_OUT,
    )
    Settings = Settings
    identified_by: ClassVar[str] = "base_url"
    folds_case: ClassVar[bool] = True
    shared_secrets: ClassVar[tuple[SharedSecret, ...]] = (WEBHOOK,)
    send_seconds: ClassVar[float] = (3 + sending.MOST_FILES) * SECONDS + 30
    poll_seconds: ClassVar[float] = 30.0

    def caps_for(self, account: Account) -> Caps:
        """The forum either calls or is asked."""
        calls = account.settings.get("incoming") == "webhook"
        return replace(self.caps, webhook=calls, poll=not calls)

    def guides(self, redirect: str) -> tuple[Guide, ...]:
        """How a key is made in the forum."""
        return (GUIDE,)

    def objections(self, account: Account) -> Mapping[str, str]:
        """Addresses are web addresses."""
        found, bad, url = {}, bad_sites(account), text_of(account.settings.get("base_url"))
        if urlsplit(url).scheme not in {"http", "https"} or not host_of(url):
            found["base_url"] = "An address begins with https://, such as https://forum.plum.example."
        if bad:
            found["sites"] = f"{bad[0]!r} is not written like https://cdn.plum.example."
        return found

    def code(self, account: Account, address: str) -> tuple[tuple[str, str], ...]:
        """What the forum's page for webhooks asks for."""
        return (("Payload URL of the webhook", f"{address}\n"),)

    def check(self, account: Account) -> Health:
        """Who are we there, and may we be that?"""
        caps = self.caps_for(account)
        if not account.secrets.get("key"):
            return Health(("Paste an API key of the forum, made for this one user.",), caps=caps)
        try:
            me = mapping(mapping(_api(account).get("/session/current.json")).get("current_user"))
        except SendError as error:
            return Health((_step(error, account),), caps=caps)
        name, wanted = text_of(me.get("username")), text_of(account.settings.get("username")).lstrip("@")
        problems = [] if name.casefold() == wanted.casefold() else [f"The key works as {name}, not as {wanted}."]
        if me.get("admin") is True:
            problems.append(
                "This account is an administrator there, who is shown everybody's private messages. None are read."
            )
        if caps.webhook and not live_secrets(account, WEBHOOK.name):
            problems.append("Make the secret for calls from the forum, and put it into the webhook there.")
        selves = tuple(each for each in (id_of(me.get("id")), f"@{name}" if name else None) if each)
        return Health(tuple(problems), selves, caps=caps)

    def verify(self, account: Account, request: Request) -> Verdict:
        """The forum signs the body; which event it is stands in a header beside it."""
        if len(request.body) > self.body_bytes:
            return Rejected(Reply(413, b'{"error":"too long"}'))
        given = request.headers.get(SIGNATURE, "")
        scheme, _, code = given.partition("=")
        if scheme != "sha256" or not genuine(account, WEBHOOK.name, request.body, code, hex_code):
            return Rejected(Reply(401, b'{"error":"signature"}'))
        if request.headers.get(KIND) == "ping":
            return Answered(Reply())
        event = request.headers.get(EVENT, "")[:60]
        # The same post may be destroyed and recovered with the very same bytes.
        return Accepted(dedupe_key=f"{event}:{hashlib.sha256(request.body).hexdigest()}", headers={EVENT: event})

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        """Posts, as a webhook or a list holds them."""
        return read_posts(account, raw)

    def poll(self, account: Account, cursor: str) -> Page:
        """New posts and private messages, edits and deletions among the newest."""
        return read_page(account, _api(account), cursor)

    def send(self, account: Account, outbound: Outbound) -> Receipt:
        """One post in its topic, or a private message to the author of a public one."""
        self.obey(account, outbound)
        api = _api(account)
        said = mapping(api.send("POST", "/posts.json", sending.as_post(api, outbound)))
        taken = mapping(said.get("post")) or said
        number, topic = id_of(taken.get("id")), id_of(taken.get("topic_id"))
        if number is None:
            return Receipt((), state="accepted")  # it waits for a moderator's approval there
        link = f"{api.base}/t/{text_of(taken.get('topic_slug')) or '-'}/{topic}/{id_of(taken.get('post_number'))}"
        return Receipt((number,), permalink=web(link) or "")

    def change(self, account: Account, change: Change) -> Receipt:
        """Other words, or taken away; what is gone already is gone."""
        refuse_longer(self.caps_for(account), change.text)
        api = _api(account)
        for place, post in enumerate(change.of):
            path = f"/posts/{quote(post, safe='')}.json"
            if not change.gone and not place:
                api.send("PUT", path, {"post": {"raw": change.text}})
                continue
            try:
                api.send("DELETE", path, {})
            except Refused as error:
                if error.code not in GONE:
                    raise
        return Receipt(change.of[:1])

    def media(self, account: Account, ref: str) -> Iterator[bytes]:
        """An upload from the forum, or from where the settings say that uploads lie."""
        places = {_origin(place) for place in (account.base_url, *sites_of(account)) if place}
        if "/uploads/" not in ref or not web(ref) or _origin(ref) not in places:
            raise Refused("foreign_host", "This file does not lie at the forum.")
        at_home = _origin(ref) == _origin(account.base_url)  # files of private messages may want the key
        yield attempt(HttpRequest("GET", ref, _api(account).headers if at_home else {}, max_bytes=MAX_MEDIA)).body


def _api(account: Account) -> JsonApi:
    name = text_of(account.settings.get("username")).lstrip("@")
    headers = {"api-key": account.secrets.get("key", ""), "api-username": name}
    return JsonApi(account.base_url.rstrip("/"), headers, refusal=sending.refusal, seconds=SECONDS)


def _origin(url: str) -> tuple[str, str]:
    return url.partition("://")[0], host_of(url)


def _step(error: SendError, account: Account) -> str:
    """What an administrator can do about it."""
    if isinstance(error, AuthLost):
        return "The forum does not know this key for this user. Make a new one and paste it."
    if isinstance(error, Refused):
        return f"{host_of(account.base_url)} refused to say who we are: {error.human}"
    return f"{host_of(account.base_url) or 'The forum'} could not be reached ({error.detail or 'no answer'})."
