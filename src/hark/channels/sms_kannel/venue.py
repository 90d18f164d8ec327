"""The verbs of Kannel."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import quote, urlsplit

from hark.channels.base import Venue
from hark.channels.errors import AuthLost, Refused, Retry, SendError
from hark.channels.kit.cards import without_cards_in
from hark.channels.kit.counting import text_messages
from hark.channels.kit.once import attempt, error_of
from hark.channels.kit.setting import setting
from hark.channels.kit.signatures import genuine, live_secrets, signature, url_code
from hark.channels.kit.texting import MOST_MESSAGES, REGION_HELP
from hark.channels.kit.words import text_of
from hark.channels.sms_kannel.guide import GUIDE
from hark.channels.sms_kannel.reading import NAMES, QUERY, STOPS, fields_in, read_call
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
    SharedSecret,
    Verdict,
)
from hark.kernel.http import HttpRequest, HttpResponse

USER = "hark"  # the name under which Kannel calls us
NOT_OURS = Rejected(Reply(401, b'{"error":"unauthorized"}'))
OK = Reply(200, b"", "text/plain")  # a service's answer would be texted to the customer: there is none
INCOMING = SharedSecret("incoming", "Calls of Kannel", "Kannel shows it with each text that it brings.")
FORM = "application/x-www-form-urlencoded"
EVERY_STATE = "31"
MISSING = ("missing receiver", "empty receiver")  # Kannel knows us, and says what a call without a number lacks
PUBLIC_HELP = "Shown on this channel's page once it is connected. Without it nobody reports what became of a text."
CODE = """# Texts that come in: bearerbox joins long ones by itself.
group = sms-service
keyword = default
catch-all = true
max-messages = 0
post-url = "ADDRESS?from=%p&to=%P&id=%I&time=%T&coding=%c&charset=%C"

# Texts that go out.
group = sendsms-user
username = THE-USER-NAME
password = THE-PASSWORD
max-messages = {most}
concatenation = true
"""


@dataclass(frozen=True)
class Settings:
    """A gateway, and the number under which we text."""

    number: str = setting("", label="Our number", help="In international form, or a short code.", required=True)
    base_url: str = setting(
        "", label="Address of sendsms", help="Such as http://10.0.0.5:13013/cgi-bin/sendsms.", required=True
    )
    user: str = setting("", label="User name of sendsms", required=True)
    password: str = setting("", label="Password of sendsms", secret=True)
    smsc: str = setting("", label="Line", help="The smsc-id over which texts leave. Empty: Kannel chooses.")
    region: str = setting("", label="Country of numbers", help=REGION_HELP)
    public_url: str = setting("", label="This channel's address", help=PUBLIC_HELP)
    stop_words: tuple[str, ...] = setting(
        STOPS, label="Words that end texting", help="A text that says nothing else. Nothing is texted there any more."
    )


class Kannel(Venue):
    """Texts over any carrier that speaks SMPP, or over a modem."""

    key: ClassVar[str] = "sms-kannel"
    name: ClassVar[str] = "Text messages (Kannel)"
    icon: ClassVar[str] = "text"
    intro: ClassVar[str] = "Text messages over your own gateway: any carrier with SMPP, or a modem."
    proof: ClassVar[str] = "real server"
    caps: ClassVar[Caps] = Caps(private=True, max_length=MOST_MESSAGES, unit="sms", receipts=True, webhook=True)
    Settings = Settings
    identified_by: ClassVar[str] = "number"
    shared_secrets: ClassVar[tuple[SharedSecret, ...]] = (INCOMING,)
    body_bytes: ClassVar[int] = 64 << 10

    def guides(self, redirect: str) -> tuple[Guide, ...]:
        """What to do at the gateway."""
        return (GUIDE,)

    def objections(self, account: Account) -> Mapping[str, str]:
        """Both addresses are web addresses."""
        found = {}
        for name, needed in (("base_url", True), ("public_url", False)):
            said = text_of(account.settings.get(name)).strip()
            if (said or needed) and not _is_address(said):
                found[name] = "An address begins with http:// or https://."
        return found

    def code(self, account: Account, address: str) -> tuple[tuple[str, str], ...]:
        """What belongs into kannel.conf."""
        scheme, _, rest = address.partition("://")
        own = f"{scheme}://{USER}:THE-SECRET@{rest}"
        return (("kannel.conf", CODE.format(most=MOST_MESSAGES).replace("ADDRESS", own)),)

    def check(self, account: Account) -> Health:
        """Does the gateway know us? It is asked to text nobody, which it refuses in words that tell."""
        problems = (
            [] if live_secrets(account, INCOMING.name) else ["Make the secret for Kannel's calls; none is taken."]
        )
        try:
            attempt(_sendsms(account, {}, b""), refusal=_refusal)
            problems.append("Kannel took a call without a receiver; is this the address of sendsms?")
        except Refused as error:
            if not error.human.lower().startswith(MISSING):
                problems.append(error.human)
        except SendError as error:
            problems.append(error.detail or error.message)
        warnings = () if text_of(account.settings.get("public_url")) else ("Nobody reports what becomes of a text.",)
        number = text_of(account.settings.get("number")) or account.external_id
        return Health(tuple(problems), (number,), caps=self.caps_for(account), warnings=warnings)

    def verify(self, account: Account, request: Request) -> Verdict:
        """A text comes with name and secret (Basic), a report with a code over our own id in its address."""
        if len(request.body) > self.body_bytes:
            return Rejected(Reply(413, b'{"error":"too long"}'))
        fields = {name: value.decode("latin-1") for name, value in fields_in(request.query).items()}
        kept = {QUERY: _without_cards(request.query[:4000])}
        ref = fields.get("ref", "")
        if ref and request.method == "GET":
            if not genuine(account, INCOMING.name, _report_of(ref), fields.get("proof", ""), url_code):
                return NOT_OURS
            return Accepted(dedupe_key=f"dlr.{ref}.{fields.get('dlr', '')}"[:200], headers=kept, reply=OK)
        if not _shows_secret(account, request.headers.get("authorization", "")):
            return NOT_OURS
        named, who = fields.get("id", ""), fields.get("from", "")
        return Accepted(dedupe_key=f"mo.{named}"[:200] if named else "", lane_key=who[:200], headers=kept, reply=OK)

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        """The text or the report in a call."""
        return read_call(account, raw)

    def send(self, account: Account, outbound: Outbound) -> Receipt:
        """One call of sendsms. Kannel gives no id: reports carry ours, in the address they are sent to."""
        self.obey(account, outbound)
        wanted = {
            "to": outbound.target.person,
            "from": text_of(account.settings.get("number")) or account.external_id,
            "coding": "0" if text_messages(outbound.text).plain else "2",
            **({"smsc": text_of(account.settings["smsc"])} if account.settings.get("smsc") else {}),
            **_reports(account, str(outbound.id)),
        }
        attempt(_sendsms(account, wanted, outbound.text.encode()), refusal=_refusal)
        return Receipt((str(outbound.id),), "accepted")


def _sendsms(account: Account, wanted: Mapping[str, str], body: bytes) -> HttpRequest:
    """By POST and headers: an address with a password in it would stand in every log."""
    proof = {"username": text_of(account.settings.get("user")), "password": account.secrets.get("password", "")}
    headers = {f"x-kannel-{name}": value for name, value in {**proof, **wanted}.items()}
    port = urlsplit(account.base_url).port
    ports = frozenset({80, 443, *([port] if port else [])})
    return HttpRequest(
        "POST", account.base_url, {**headers, "content-type": 'text/plain; charset="UTF-8"'}, body, ports=ports
    )


def _without_cards(query: str) -> str:
    """The query without card numbers, should an operator have put the text into the address (`%b`)."""

    def is_text(part: str) -> bool:
        return part.partition("=")[0] in NAMES["text"]

    parts = [
        without_cards_in(one.encode("latin-1"), FORM).decode("latin-1") if is_text(one) else one
        for one in query.split("&")
    ]
    return "&".join(parts)


def _reports(account: Account, ref: str) -> dict[str, str]:
    """Where Kannel reports to. Nobody can make up a report: the address holds a code over the id."""
    address = text_of(account.settings.get("public_url")).strip()
    if not address or not live_secrets(account, INCOMING.name):
        return {}
    proof = signature(account, INCOMING.name, _report_of(ref), url_code)
    return {"dlr-mask": EVERY_STATE, "dlr-url": f"{address}?dlr=%d&ref={quote(ref)}&proof={proof}&time=%T"}


def _report_of(ref: str) -> bytes:
    return f"report|{ref}".encode()


def _shows_secret(account: Account, given: str) -> bool:
    """Basic with our own name and one of the live secrets, compared in constant time each."""

    def code(secret: bytes, message: bytes) -> str:
        return "Basic " + base64.b64encode(message + secret).decode("ascii")

    return genuine(account, INCOMING.name, f"{USER}:".encode(), given, code)


def _refusal(response: HttpResponse) -> SendError:
    """Kannel words its refusals in a line of text; 403 is a password that is wrong."""
    words = " ".join(response.body[:300].decode("utf-8", "replace").split())
    if "authorization failed" in words.lower():
        return AuthLost("Kannel does not take the user name and password of sendsms.")
    error = error_of(response)
    if isinstance(error, Refused) and words and "<" not in words and "{" not in words:
        return Refused(error.code, words)
    return (
        Retry(error.after_seconds, f"Kannel says: {words}")
        if isinstance(error, Retry) and words.isprintable()
        else error
    )


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.username
