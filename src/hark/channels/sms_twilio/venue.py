"""The verbs of Twilio."""

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from hark.channels.base import Venue
from hark.channels.errors import AuthLost, Refused, Retry, SendError
from hark.channels.kit.careful_json import Json, Unreadable, loads
from hark.channels.kit.once import attempt, error_of
from hark.channels.kit.setting import setting
from hark.channels.kit.signatures import live_secrets
from hark.channels.kit.texting import MOST_MESSAGES, REGION_HELP
from hark.channels.kit.words import id_of, text_of
from hark.channels.sms_twilio.reading import REF, read_call
from hark.channels.sms_twilio.signing import fields_of, is_twilio_s
from hark.channels.types import (
    Accepted,
    Account,
    Caps,
    Guide,
    Health,
    Inbound,
    Outbound,
    Raw,
    Receipt,
    Rejected,
    Reply,
    Request,
    Verdict,
)
from hark.kernel.http import HttpRequest, HttpResponse

API = "https://api.twilio.com"
VERSION = "/2010-04-01"
MAX_MEDIA = 5_000_000
SID = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}\Z")
NOT_OURS = Rejected(Reply(401, b'{"error":"signature"}'))
NOTHING_TO_SAY = Reply(200, b"<Response></Response>", "text/xml")  # TwiML: no answer of its own
PUBLIC_HELP = (
    "Shown on this channel's page once it is connected; exactly as Twilio is told it. Calls are refused without it."
)
MEANINGS = {  # twilio.com/docs/api/errors
    "21211": "This is no number that can be texted.",
    "21408": "Twilio does not let this account text to that country (Messaging, Settings, Geo permissions).",
    "21610": "This person has texted STOP; Twilio lets nothing through until he texts START.",
    "21612": "From this number nothing can be texted to that one.",
    "21614": "This number is no mobile one.",
    "21617": "It is longer than Twilio takes.",
    "63038": "The account's messages for today are used up.",
}
GUIDE = Guide(
    "What to do at Twilio",
    (
        (
            "Copy the Account SID and the auth token from the first page of the console. Type them here with your "
            "number or messaging service (MG…), and connect."
        ),
        "Then, on the channel’s own page, copy the channel’s address.",
        (
            "In the console open Phone Numbers, Manage, Active numbers, and your number. Under Messaging choose "
            "Webhook at “A message comes in”, paste the address, and choose HTTP POST."
        ),
        "With a messaging service instead: Messaging, Services, your service, Integration, Send a webhook.",
        (
            "Write the same address into the setting “This channel’s address”: Twilio signs its calls over it, letter "
            "by letter."
        ),
    ),
    link="https://console.twilio.com/",
)


@dataclass(frozen=True)
class Settings:
    """An account at Twilio and one number of it, or one messaging service."""

    number: str = setting(
        "", label="Our number", help="In international form, or a messaging service (MG…).", required=True
    )
    account_sid: str = setting("", label="Account SID", help="AC and 32 letters.", required=True)
    token: str = setting("", label="Auth token", secret=True, help="Twilio also signs its calls with it.")
    public_url: str = setting("", label="This channel's address", help=PUBLIC_HELP)
    region: str = setting("", label="Country of numbers", help=REGION_HELP)
    signing: Literal["sha1", "sha256"] = setting(
        "sha1",
        label="Twilio's signature",
        words={"sha1": "With the auth token (usual)", "sha256": "With a shared key (SHA-256)"},
        part="Signature",
    )
    shared_key_id: str = setting("", label="Name of the shared key", only=("signing", ("sha256",)), needed=True)
    shared_key: str = setting("", label="Shared key", secret=True, only=("signing", ("sha256",)), needed=True)


class Twilio(Venue):
    """Texts and pictures to and from a number at Twilio."""

    key: ClassVar[str] = "sms-twilio"
    name: ClassVar[str] = "Text messages (Twilio)"
    icon: ClassVar[str] = "text"
    intro: ClassVar[str] = "Text messages and pictures to a number of yours at Twilio."
    proof: ClassVar[str] = "specification"
    caps: ClassVar[Caps] = Caps(
        private=True, max_length=MOST_MESSAGES, unit="sms", media=True, receipts=True, webhook=True
    )
    Settings = Settings
    identified_by: ClassVar[str] = "number"
    body_bytes: ClassVar[int] = 64 << 10

    def objections(self, account: Account) -> Mapping[str, str]:
        """The account has its form; a signature of its own needs its key."""
        said, found = account.settings, {}
        if not SID.match(text_of(said.get("account_sid")).strip()):
            found["account_sid"] = "An Account SID is AC and 32 letters and digits."
        if not _is_address(text_of(said.get("public_url")).strip() or "https://later.example"):
            found["public_url"] = "An address begins with https://."
        if said.get("signing") == "sha256" and not (said.get("shared_key_id") and account.secrets.get("shared_key")):
            found["shared_key"] = "A signature with a shared key needs the key and its name."
        return found

    def guides(self, redirect: str) -> tuple[Guide, ...]:
        """What to do in Twilio's console."""
        return (GUIDE,)

    def check(self, account: Account) -> Health:
        """Does the account live, is the number its own, and does it call Hark?"""
        number = text_of(account.settings.get("number")) or account.external_id
        problems = [] if text_of(account.settings.get("public_url")) else ["This channel's address is missing below."]
        try:
            status = text_of(_json(account, "GET", ".json").get("status"))
            problems += [] if status == "active" else [f"Twilio says that the account is {status or 'unknown'}."]
            problems += _about_number(account, number) if number.startswith("+") else []
        except SendError as error:
            problems.append(error.human if isinstance(error, Refused) else error.detail or error.message)
        return Health(tuple(problems), (number,), caps=self.caps_for(account))

    def verify(self, account: Account, request: Request) -> Verdict:
        """By Twilio's signature over our address and all fields."""
        if len(request.body) > self.body_bytes:
            return Rejected(Reply(413, b'{"error":"too long"}'))
        if not is_twilio_s(account, request):
            return NOT_OURS
        fields = dict(fields_of(request.body))
        status, who = fields.get("MessageStatus", ""), fields.get("From", "")
        named = fields.get("MessageSid") or fields.get("SmsSid") or ""
        ref = (parse_qs(request.query).get("ref") or [""])[0]
        return Accepted(
            dedupe_key=f"{named}.{status}"[:200] if named else "",
            lane_key=who[:200],
            headers={REF: ref[:100]} if ref else {},
            reply=NOTHING_TO_SAY,
        )

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        """The text or the report in a call."""
        return read_call(account, raw)

    def send(self, account: Account, outbound: Outbound) -> Receipt:
        """One message. Twilio knows no key, so one whose fate is unknown is not sent again; its report tells of it."""
        self.obey(account, outbound)
        number = text_of(account.settings.get("number")) or account.external_id
        fields = {"To": outbound.target.person, "Body": outbound.text}
        fields["MessagingServiceSid" if number.startswith("MG") else "From"] = number
        if address := text_of(account.settings.get("public_url")).strip():
            fields["StatusCallback"] = f"{address}?ref={quote(str(outbound.id))}"
        taken = id_of(_json(account, "POST", "/Messages.json", fields).get("sid"))
        return Receipt((taken,) if taken else (), "accepted")

    def media(self, account: Account, ref: str) -> Iterator[bytes]:
        """A picture from Twilio's own host, where it asks for our name and token."""
        try:
            wanted, home = urlsplit(ref), urlsplit(_home(account))
        except ValueError as error:
            raise Refused("foreign_host", "This picture does not lie at Twilio.") from error
        theirs = wanted.path.startswith(f"{VERSION}/Accounts/")
        if not theirs or (wanted.scheme, wanted.netloc) != (home.scheme, home.netloc):
            raise Refused("foreign_host", "This picture does not lie at Twilio.")
        yield attempt(HttpRequest("GET", ref, _proof(account), max_bytes=MAX_MEDIA)).body


def _about_number(account: Account, number: str) -> list[str]:
    """What is wrong with the number: not the account's, cannot text, or calls somebody else."""
    listed = _json(account, "GET", f"/IncomingPhoneNumbers.json?{urlencode({'PhoneNumber': number})}")
    numbers = listed.get("incoming_phone_numbers")
    found = numbers[0] if isinstance(numbers, list) and numbers and isinstance(numbers[0], dict) else None
    if found is None:
        return [f"{number} is no number of this account."]
    can, calls = found.get("capabilities"), text_of(found.get("sms_url"))
    wanted = text_of(account.settings.get("public_url")).strip()
    problems = [] if not isinstance(can, dict) or can.get("sms") else [f"{number} cannot text."]
    elsewhere = wanted and calls != wanted and not found.get("sms_application_sid")
    return problems + ([f"{number} does not call this channel: paste {wanted} at Twilio."] if elsewhere else [])


def _home(account: Account) -> str:
    return account.base_url.rstrip("/") or API


def _proof(account: Account) -> dict[str, str]:
    token = (live_secrets(account, "token") or (b"",))[0]
    pair = f"{text_of(account.settings.get('account_sid'))}:".encode() + token
    return {"authorization": "Basic " + base64.b64encode(pair).decode("ascii"), "accept": "application/json"}


def _json(account: Account, method: str, path: str, fields: Mapping[str, str] | None = None) -> dict[str, Json]:
    """One call of the API below the account. What was taken is taken, whatever stands in the answer."""
    sid = quote(text_of(account.settings.get("account_sid")).strip(), safe="")
    headers, body = _proof(account), urlencode(fields or {}).encode()
    if fields:
        headers["content-type"] = "application/x-www-form-urlencoded"
    request = HttpRequest(method, f"{_home(account)}{VERSION}/Accounts/{sid}{path}", headers, body)
    try:
        said = loads(attempt(request, refusal=_refusal).body)
    except Unreadable as problem:
        if method == "GET":
            raise Retry(detail=f"What Twilio answers is {problem}.") from problem
        said = {}
    return said if isinstance(said, dict) else {}


def _refusal(response: HttpResponse) -> SendError:
    error = error_of(response)
    if isinstance(error, AuthLost):
        return AuthLost("Twilio does not take the Account SID and auth token.")
    if not isinstance(error, Refused):
        return error
    try:
        said = loads(response.body)
    except Unreadable:
        said = None
    code, words = (text_of(said.get(name)) for name in ("code", "message")) if isinstance(said, dict) else ("", "")
    return Refused(
        code or error.code, MEANINGS.get(code) or (f"Twilio refused it: {words[:200]}" if words else error.human)
    )


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.query
