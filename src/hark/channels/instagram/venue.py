"""The verbs of Instagram."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from hark.channels.errors import Refused
from hark.channels.instagram.guide import GUIDE, SCOPES
from hark.channels.instagram.mentions import is_mention, words_of
from hark.channels.instagram.reading import ELSEWHERE, read_call
from hark.channels.kit.careful_json import Json
from hark.channels.kit.setting import setting
from hark.channels.kit.words import id_of, text_of
from hark.channels.meta.graph import ask
from hark.channels.meta.health import examined
from hark.channels.meta.social import HUMAN_AGENT, Social
from hark.channels.meta.writing import sent
from hark.channels.types import Account, Caps, Change, Guide, Health, Inbound, Outbound, Raw, Receipt

MAX_BYTES = 1000  # of a direct message; a comment could be longer
SUBSCRIBE = """curl -X POST "https://graph.facebook.com/v25.0/me/subscribed_apps" \\
  -H "Authorization: Bearer $TOKEN" -d "subscribed_fields=feed,messages" """
NOT_CHANGED = "Instagram lets nobody change words that are out; a comment of ours can be taken away."


@dataclass(frozen=True)
class Settings:
    """The account, and the Page and the app through which Meta calls."""

    account_id: str = setting(
        "", label="Instagram account ID", help="In Business Suite, Settings, Instagram accounts.", required=True
    )
    token: str = setting("", label="Page access token", secret=True, help="Of the Page that the account belongs to.")
    app_secret: str = setting("", label="App secret", secret=True, help="Meta signs its calls with it.")
    verify_token: str = setting("", label="Verify token", secret=True, help="Any words; type the same ones at Meta.")
    human_agent: bool = setting(default=False, label="People may answer for 7 days", help=HUMAN_AGENT)
    handles: tuple[str, ...] = setting((), label="Our name there", help="Such as plumprams, without @.")


class Instagram(Social):
    """A professional account that belongs to a Facebook Page."""

    key: ClassVar[str] = "instagram"
    name: ClassVar[str] = "Instagram"
    icon: ClassVar[str] = "photo"
    intro: ClassVar[str] = "A professional account: comments and mentions in public, direct messages in private."
    proof: ClassVar[str] = "specification"
    caps: ClassVar[Caps] = Caps(
        public=True,
        private=True,
        threaded=True,
        max_length=MAX_BYTES,
        unit="bytes",
        media=True,
        deletes_in=True,
        deletes_out=True,
        receipts=True,
        can_move_private="reply_once",
        echo=True,
        webhook=True,
    )
    Settings = Settings
    identified_by: ClassVar[str] = "account_id"

    def guides(self, redirect: str) -> tuple[Guide, ...]:
        """What to do at Meta."""
        return (GUIDE,)

    def objections(self, account: Account) -> Mapping[str, str]:
        """An account's id is a number, not its name."""
        typed = text_of(account.settings.get("account_id")).strip()
        wrong = bool(typed) and not (typed.isascii() and typed.isdigit())
        return {"account_id": "The ID is all digits, such as 17841405822304914; it is not the name."} if wrong else {}

    def code(self, account: Account, address: str) -> tuple[tuple[str, str], ...]:
        """Where Meta calls us, and how the Page lets the app hear of the account."""
        return (("Callback URL for Meta", address), ("Shell: let the app hear of the account", SUBSCRIBE.strip()))

    def check(self, account: Account) -> Health:
        """The token, its permissions and its end; does it see the account?"""
        return examined(account, self.caps_for(account), SCOPES, lambda: _looked_at(account))

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        """Every comment, mention and message of every entry, in order."""
        return read_call(account, raw)

    def send(self, account: Account, outbound: Outbound) -> Receipt:
        """One POST: a direct message, an answer to a comment, or one to a mention elsewhere."""
        self.obey(account, outbound)
        if outbound.visibility == "private":
            return sent(account, outbound)
        path, said = _place(account, outbound)
        taken = id_of(ask(account, "POST", path, said).get("id"))
        return Receipt((taken,) if taken else ())

    def media(self, account: Account, ref: str) -> Iterator[bytes]:
        """A file from Meta's hosts; or the words of a mention, which Instagram gives to whoever asks for them."""
        if is_mention(ref):
            yield words_of(account, _own(account), ref)
        else:
            yield from super().media(account, ref)

    def change(self, account: Account, change: Change) -> Receipt:
        """A comment of ours, gone: what is gone already is no error."""
        if not change.gone or change.visibility == "private":
            raise Refused("no_change", NOT_CHANGED)
        for own in change.of[:1]:
            try:
                ask(account, "DELETE", own)
            except Refused as error:
                if error.code != "100":
                    raise
        return Receipt(change.of[:1])


def _place(account: Account, outbound: Outbound) -> tuple[str, Json]:
    """Answers stand one level deep: an answer to an answer goes under the comment that it answers."""
    target = outbound.target
    answered = target.external_id or target.parent
    if ELSEWHERE in outbound.standing.policy:
        where = {"media_id": target.thread or answered}
        comment = {} if answered == target.thread else {"comment_id": answered}
        return f"{_own(account)}/mentions", {**where, **comment, "message": outbound.text}
    is_answer = bool(target.root) and target.root not in {target.thread, answered}
    return f"{target.root if is_answer else answered}/replies", {"message": outbound.text}


def _own(account: Account) -> str:
    return account.external_id or text_of(account.settings.get("account_id"))


def _looked_at(account: Account) -> tuple[tuple[str, ...], tuple[str, ...]]:
    said = ask(account, "GET", _own(account), fields="id,username")
    return (id_of(said.get("id")) or _own(account),), ()
