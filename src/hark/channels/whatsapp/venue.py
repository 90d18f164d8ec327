"""The verbs of WhatsApp."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from hark.channels.base import Venue
from hark.channels.errors import Refused
from hark.channels.kit.careful_json import MAX_BATCH_BYTES
from hark.channels.kit.setting import setting
from hark.channels.kit.words import id_of, number_of, text_of
from hark.channels.meta.graph import ask
from hark.channels.meta.health import examined
from hark.channels.meta.hooks import tables, verify
from hark.channels.meta.media import bytes_at
from hark.channels.meta.uploads import SEND_SECONDS, all_sent, uploaded
from hark.channels.types import Account, Caps, Guide, Health, Inbound, Outbound, Raw, Receipt, Request, Verdict
from hark.channels.whatsapp.guide import GUIDE, SCOPES
from hark.channels.whatsapp.reading import read_call
from hark.channels.whatsapp.sending import as_messages, is_closed, objection_to

MAX_LENGTH = 4096
MAX_MEDIA = 16 << 20
MEDIA_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
NUMBER = re.compile(r"[0-9]{5,32}")
TEMPLATE = re.compile(r"[a-z0-9_]{1,512}")
LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2,3})?")
NOT_SUBSCRIBED = (
    "Meta sends this business account’s messages to no app. Subscribe your app to it, as docs/venues/whatsapp.md says."
)
OVERRIDE = """curl -X POST "https://graph.facebook.com/v25.0/{number}" \\
  -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\
  -d '{{"webhook_configuration":{{"override_callback_uri":"{address}","verify_token":"'"$VERIFY_TOKEN"'"}}}}'"""


@dataclass(frozen=True)
class Settings:
    """`template` is one of the business's own, with the one variable {{1}}: it carries an answer that comes late."""

    phone_number_id: str = setting(
        "", label="Phone number ID", help="In WhatsApp Manager beside the number; not the number itself.", required=True
    )
    business_id: str = setting("", label="WhatsApp Business Account ID", help="With it the connection test sees more.")
    token: str = setting("", label="Access token", secret=True, help="Of a system user, without an end.")
    app_secret: str = setting("", label="App secret", secret=True, help="Meta signs its calls with it.")
    verify_token: str = setting("", label="Verify token", secret=True, help="Any words; type the same ones at Meta.")
    template: str = setting(
        "",
        label="Template after 24 hours",
        help="Such as late_answer. Its text has one variable, {{1}}, in which the answer goes. Empty: refused then.",
    )
    template_language: str = setting("en", label="Language of the template", help="Such as en, en_US or pt_BR.")


class WhatsApp(Venue):
    """A business number at WhatsApp, through Meta's Cloud API."""

    key: ClassVar[str] = "whatsapp"
    name: ClassVar[str] = "WhatsApp"
    icon: ClassVar[str] = "chat"
    intro: ClassVar[str] = "A business number. Free answers for 24 hours after a person has written, then one template."
    proof: ClassVar[str] = "recorded data"
    caps: ClassVar[Caps] = Caps(
        private=True,
        threaded=True,
        max_length=MAX_LENGTH,
        media=True,
        edits_in=True,
        deletes_in=True,
        receipts=True,
        echo=True,
        webhook=True,
        files_out=MAX_MEDIA,
    )
    Settings = Settings
    identified_by: ClassVar[str] = "phone_number_id"
    body_bytes: ClassVar[int] = MAX_BATCH_BYTES
    send_seconds: ClassVar[float] = SEND_SECONDS

    def guides(self, redirect: str) -> tuple[Guide, ...]:
        """What to do at Meta."""
        return (GUIDE,)

    def objections(self, account: Account) -> Mapping[str, str]:
        """Ids are digits; a template is called as Meta calls it."""
        rules = (
            ("phone_number_id", NUMBER, "The ID is all digits, such as 106540352242922."),
            ("business_id", NUMBER, "The ID is all digits, such as 102290129340398."),
            ("template", TEMPLATE, "A template’s name has small letters, digits and _ only."),
            ("template_language", LANGUAGE, "A language is written like en, en_US or pt_BR."),
        )
        typed = {name: text_of(account.settings.get(name)).strip() for name, _, _ in rules}
        return {name: words for name, shape, words in rules if typed[name] and not shape.fullmatch(typed[name])}

    def code(self, account: Account, address: str) -> tuple[tuple[str, str], ...]:
        """Where Meta calls us, and how this one number is told to call here."""
        number = account.external_id or "PHONE_NUMBER_ID"
        return (
            ("Callback URL for Meta", address),
            ("Shell: only this number calls here", OVERRIDE.format(number=number, address=address)),
        )

    def check(self, account: Account) -> Health:
        """The token, its permissions and its end; the number; whether its messages come to an app at all."""
        return examined(account, self.caps_for(account), SCOPES, lambda: _looked_at(account))

    def verify(self, account: Account, request: Request) -> Verdict:
        """Signed by Meta with the app's secret."""
        return verify(account, request)

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        """Every message, status and notice of every entry, in order."""
        return read_call(account, raw)

    def objection(self, account: Account, outbound: Outbound) -> Refused | None:
        """After the window only a template goes, with the words inside it."""
        if not is_closed(outbound):
            return super().objection(account, outbound)
        as_open = replace(outbound, standing=replace(outbound.standing, window_ends=None))
        return objection_to(account, outbound) or super().objection(account, as_open)

    def send(self, account: Account, outbound: Outbound) -> Receipt:
        """One POST, and before it one for each file; each further file is a message of its own.

        WhatsApp gives our id back with each status, so that a reply in doubt is found again.
        """
        self.obey(account, outbound)
        place = f"{_number(account)}/media"
        fields = {"messaging_product": "whatsapp"}
        files = [(file, uploaded(account, place, {**fields, "type": file.mime}, file)) for file in outbound.attachments]
        answers = all_sent(account, f"{_number(account)}/messages", as_messages(account, outbound, files))
        ids = (id_of(one.get("id")) for answer in answers for one in tables(answer.get("messages")))
        return Receipt(tuple(filter(None, ids)), state="accepted")

    def media(self, account: Account, ref: str) -> Iterator[bytes]:
        """A file by its id: Graph gives an address for five minutes, and the bytes lie there."""
        if not MEDIA_ID.fullmatch(ref):
            raise Refused("foreign_host", "This is no file of WhatsApp’s.")
        found = ask(account, "GET", ref)
        if number_of(found.get("file_size"), 0, MAX_MEDIA) is None and found.get("file_size") is not None:
            raise Refused("too_large", "This file is larger than Hark takes from WhatsApp (16 MB).")
        yield bytes_at(account, text_of(found.get("url")), most=MAX_MEDIA, with_token=True)


def _number(account: Account) -> str:
    return account.external_id or text_of(account.settings.get("phone_number_id"))


def _looked_at(account: Account) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Our ids there, and whether any app gets the messages of the business account."""
    said = ask(account, "GET", _number(account), fields="display_phone_number,verified_name")
    shown = "".join(letter for letter in text_of(said.get("display_phone_number")) if letter.isdigit())
    business = text_of(account.settings.get("business_id")).strip()
    apps = tables(ask(account, "GET", f"{business}/subscribed_apps").get("data")) if business else [{}]
    ids = tuple(filter(None, (id_of(said.get("id")) or _number(account), shown)))
    return ids, () if apps else (NOT_SUBSCRIBED,)
