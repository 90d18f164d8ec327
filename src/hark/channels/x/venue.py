"""The verbs of X."""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import ClassVar
from urllib.parse import parse_qsl, urlsplit

from hark.channels.base import Venue
from hark.channels.errors import Refused, SendError
from hark.channels.kit.careful_json import MAX_BATCH_BYTES
from hark.channels.kit.limits import narrowed, refuse_longer
from hark.channels.kit.once import attempt
from hark.channels.kit.signatures import genuine, live_secrets
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
    OAuth,
    Outbound,
    Page,
    Raw,
    Receipt,
    Rejected,
    Reply,
    Request,
    Verdict,
)
from hark.channels.x.api import ask
from hark.channels.x.pictures import MOST_PICTURES, PICTURE_BYTES, objection_to, uploaded
from hark.channels.x.posts import link_to, person, table
from hark.channels.x.prices import of_reading, of_sending
from hark.channels.x.reading import FOUND, read_arrival
from hark.channels.x.searching import read_page
from hark.channels.x.settings import MOST_PARTS, USUAL, Settings, guides_to, oauth_of
from hark.channels.x.talks import ENCRYPTED_TAG
from hark.kernel.http import HttpRequest

MAX_MEDIA = 16 << 20
MEDIA_HOST = ".twimg.com"
# X asks for a code over a token of its choice, with the key that signs its calls. Whoever asks in its place must not
# get a code that would pass as a signature: a token has no brace, and a call is JSON, which has.
CHALLENGE = re.compile(r"[A-Za-z0-9_=+/.-]{1,256}")
SIGNATURES = (
    ("x-twitter-webhooks-signature-oauth2", "client_secret"),
    ("x-twitter-webhooks-signature", "consumer_secret"),
)
NOT_OURS = Rejected(Reply(401, b'{"error":"signature"}'))
ENCRYPTED = "This talk is encrypted: it can be read and answered at X alone."
NOT_CHANGED = "At X an answer keeps its words; it can be taken away."
DIRECT_STAYS = "A direct message stays as it was sent."
OTHER_ACCOUNT = "Somebody signed in as {name}, not as the account with this ID. Sign in again as the right one."
REGISTER = """curl -X POST "https://api.x.com/2/webhooks" \\
  -H "Authorization: Bearer $BEARER_TOKEN" -H "Content-Type: application/json" -d '{{"url":"{address}"}}'"""


class X(Venue):
    """A company's account at X. Paid: what is read and sent has a price."""

    key: ClassVar[str] = "x"
    name: ClassVar[str] = "X"
    intro: ClassVar[str] = "Mentions, replies, direct messages, and posts with your words. X charges for each."
    proof: ClassVar[str] = "specification"
    caps: ClassVar[Caps] = Caps(
        public=True,
        private=True,
        threaded=True,
        max_length=USUAL,
        unit="weighted",
        max_parts=MOST_PARTS,
        numbering="after",
        media=True,
        edits_in=True,
        deletes_in=True,
        deletes_out=True,
        receipts=True,
        can_move_private="dm_if_open",
        bot_reply="approval",
        unsolicited_reply=False,
        echo=True,
        webhook=True,
        poll=True,
        listen_keywords=True,
        must_purge_on_delete=True,
        off_platform_match=False,
        native_reply_url=True,
        files_out=MOST_PICTURES * PICTURE_BYTES,
    )
    Settings = Settings
    identified_by: ClassVar[str] = "user_id"
    body_bytes: ClassVar[int] = MAX_BATCH_BYTES
    send_seconds: ClassVar[float] = 300.0

    def caps_for(self, account: Account) -> Caps:
        """Called by X, which tells more, or asking X; as long as its posts may be; Enterprise may answer anybody."""
        caps = replace(narrowed(self.caps, account.settings), unit="weighted")
        activity = account.settings.get("activity") is True
        free = account.settings.get("enterprise") is True
        caps = replace(caps, webhook=activity, echo=activity, receipts=activity, deletes_in=activity)
        return replace(caps, unsolicited_reply=free)

    def objections(self, account: Account) -> Mapping[str, str]:
        """An account's id is a number; X signs its calls with a secret that must be here."""
        typed, found = text_of(account.settings.get("user_id")).strip(), {}
        if typed and not (typed.isascii() and typed.isdigit()):
            found["user_id"] = "The ID is all digits, such as 2244994945; it is not the @name, which may change."
        if text_of(account.settings.get("client_id")).strip() and not account.secrets.get("client_secret"):
            found["client_secret"] = "Type the client secret of your app at X."  # noqa: S105 - words
        return found

    def oauth(self, account: Account) -> OAuth | None:
        """X’s sign-in, with a proof key and the client's secret in the header."""
        return oauth_of(account)

    def guides(self, redirect: str) -> tuple[Guide, ...]:
        """What to do in X's developer console."""
        return guides_to(redirect)

    def code(self, account: Account, address: str) -> tuple[tuple[str, str], ...]:
        """Where X calls us, and how it is told."""
        return (("Callback URL for X", address), ("Shell: tell X of it", REGISTER.format(address=address)))

    def check(self, account: Account) -> Health:
        """Who has signed in?"""
        caps = self.caps_for(account)
        try:
            me = table(ask(account, "GET", "/2/users/me").get("data"))
        except SendError as error:
            return Health((error.human if isinstance(error, Refused) else error.detail,), caps=caps)
        own, wanted = id_of(me.get("id")) or "", account.external_id
        wrong = (OTHER_ACCOUNT.format(name=f"@{text_of(me.get('username'))[:30]}"),) if own != wanted else ()
        return Health(wrong, (own,), caps=caps)

    def verify(self, account: Account, request: Request) -> Verdict:
        """Signed over the raw bytes, by the header that the app's kind has; the check by GET is answered."""
        if request.method == "GET":
            return _challenged(account, request)
        if len(request.body) > MAX_BATCH_BYTES:
            return Rejected(Reply(413, b'{"error":"too long"}'))
        for header, secret in SIGNATURES:
            if header in request.headers:
                fits = genuine(account, secret, request.body, request.headers[header], _code)
                return Accepted() if fits else NOT_OURS
        return NOT_OURS

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        """An event of the Activity API, or an answer of the API v2."""
        return read_arrival(account, raw)

    def poll(self, account: Account, cursor: str) -> Page:
        """What is new: posts with our words; and, where X does not call, mentions and direct messages."""
        asks = account.settings.get("activity") is not True
        return read_page(account, cursor, mentions=asks, direct=asks and account.settings.get("direct") is not False)

    def read_cost(self, account: Account, page: Page) -> tuple[str, str] | None:
        """The price of each post and direct message of the page, by how it was found."""
        return of_reading(raw.headers.get(FOUND, "") for raw in page.raws)

    def objection(self, account: Account, outbound: Outbound) -> Refused | None:
        """X's own rules, and that nobody but X itself can write into an encrypted talk."""
        if outbound.visibility == "private" and ENCRYPTED_TAG in outbound.standing.policy:
            return Refused("encrypted", ENCRYPTED)
        return super().objection(account, outbound) or objection_to(outbound)

    def send(self, account: Account, outbound: Outbound) -> Receipt:
        """One POST, and what it cost."""
        self.obey(account, outbound)
        cost = of_sending(outbound, summoned=outbound.standing.targets_us == "mention" and outbound.part == 1)
        if outbound.visibility == "private":
            pictures = [{"media_id": own} for own in uploaded(account, outbound, "dm_image")]
            more = {"attachments": pictures} if pictures else {}
            said = ask(account, "POST", _talk(outbound), {"text": outbound.text, **more})
            taken = id_of(table(said.get("data")).get("dm_event_id"))
            return Receipt((taken,) if taken else (), cost=cost)
        answered = outbound.target.parent or outbound.target.external_id
        reply = {"reply": {"in_reply_to_tweet_id": answered}} if answered else {}
        files = uploaded(account, outbound, "tweet_image")
        media = {"media": {"media_ids": files}} if files else {}
        said = ask(account, "POST", "/2/tweets", {"text": outbound.text, **reply, **media})
        taken = id_of(table(said.get("data")).get("id"))
        return Receipt((taken,) if taken else (), permalink=_link(account, taken), cost=cost)

    def change(self, account: Account, change: Change) -> Receipt:
        """Our posts, gone: X says the same of one that is gone already."""
        refuse_longer(self.caps_for(account), change.text)
        if change.visibility == "private" or not change.gone:
            raise Refused("no_change", DIRECT_STAYS if change.visibility == "private" else NOT_CHANGED)
        for own in change.of:
            try:
                ask(account, "DELETE", f"/2/tweets/{own}")
            except Refused as error:
                if error.code != "404":
                    raise
        return Receipt(change.of[:1])

    def media(self, account: Account, ref: str) -> Iterator[bytes]:
        """A picture or film from X's own host for them."""
        asked, home = urlsplit(ref), urlsplit(account.base_url)
        is_home = bool(home.netloc) and (asked.scheme, asked.netloc) == (home.scheme, home.netloc)
        if not is_home and (asked.scheme != "https" or not f".{asked.hostname or ''}".endswith(MEDIA_HOST)):
            raise Refused("foreign_host", "This file does not lie at X.")
        yield attempt(HttpRequest("GET", ref, max_bytes=MAX_MEDIA, total_seconds=60.0)).body


def _talk(outbound: Outbound) -> str:
    """Where a direct message goes: to one person, or into the talk of several in which he wrote."""
    person, talk = outbound.target.person, outbound.target.thread
    if outbound.private_of or not talk or talk == person:
        return f"/2/dm_conversations/with/{person or talk}/messages"
    return f"/2/dm_conversations/{talk}/messages"


def _challenged(account: Account, request: Request) -> Verdict:
    """X asks hourly whether this address is ours."""
    token = dict(parse_qsl(request.query)).get("crc_token", "")
    secrets = [*live_secrets(account, "client_secret"), *live_secrets(account, "consumer_secret")]
    if not secrets or not CHALLENGE.fullmatch(token):
        return Rejected(Reply(403, b'{"error":"crc_token"}'))
    return Answered(Reply(200, b'{"response_token":"%s"}' % _code(secrets[0], token.encode()).encode()))


def _code(secret: bytes, message: bytes) -> str:
    return "sha256=" + base64.b64encode(hmac.digest(secret, message, hashlib.sha256)).decode()


def _link(account: Account, own: str | None) -> str:
    return link_to(own, person(account, {}, account.external_id)) if own else ""
