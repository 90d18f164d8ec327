"""The verbs of a Facebook Page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import quote

from hark.channels.errors import Refused
from hark.channels.facebook.guide import FIELDS, GUIDE, SCOPES
from hark.channels.facebook.reading import read_call
from hark.channels.kit.limits import refuse_longer
from hark.channels.kit.setting import setting
from hark.channels.kit.words import id_of, text_of
from hark.channels.meta.graph import ask
from hark.channels.meta.health import examined
from hark.channels.meta.hooks import tables
from hark.channels.meta.social import HUMAN_AGENT, MAX_MEDIA, Social
from hark.channels.meta.uploads import SEND_SECONDS, posted
from hark.channels.meta.writing import sent
from hark.channels.types import Account, Caps, Change, Guide, Health, Inbound, Outbound, Raw, Receipt

MAX_LENGTH = 2000  # of a message; a comment could be longer
SUBSCRIBE = """curl -X POST "https://graph.facebook.com/v25.0/{page}/subscribed_apps" \\
  -H "Authorization: Bearer $TOKEN" -d "subscribed_fields={fields}" """
ONE_PICTURE = "A comment takes one picture and no other file. In Messenger other files may go."
NOT_PRIVATE = "What was said in Messenger stays as it was sent; only comments can be changed or taken away."
NOT_SUBSCRIBED = "Meta does not send this Page’s {fields} here. Subscribe to them, as the command on this page does."
OTHER_PAGE = "The access token is of another Page ({name}). Make one for the Page with this ID."


@dataclass(frozen=True)
class Settings:
    """The Page, and the app through which Meta calls."""

    page_id: str = setting("", label="Page ID", help="In the Page’s About, Page transparency.", required=True)
    token: str = setting("", label="Page access token", secret=True, help="Made by a system user: then it has no end.")
    app_secret: str = setting("", label="App secret", secret=True, help="Meta signs its calls with it.")
    verify_token: str = setting("", label="Verify token", secret=True, help="Any words; type the same ones at Meta.")
    human_agent: bool = setting(default=False, label="People may answer for 7 days", help=HUMAN_AGENT)


class Facebook(Social):
    """A Page: posts and comments in public, Messenger in private."""

    key: ClassVar[str] = "facebook"
    name: ClassVar[str] = "Facebook and Messenger"
    intro: ClassVar[str] = "A Page: posts, comments and recommendations in public, Messenger in private."
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
        receipts=True,
        can_move_private="reply_once",
        echo=True,
        webhook=True,
        native_reply_url=True,
        files_out=MAX_MEDIA,
    )
    Settings = Settings
    identified_by: ClassVar[str] = "page_id"
    send_seconds: ClassVar[float] = SEND_SECONDS

    def guides(self, redirect: str) -> tuple[Guide, ...]:
        """What to do at Meta."""
        return (GUIDE,)

    def objections(self, account: Account) -> Mapping[str, str]:
        """A Page's id is a number, not its name."""
        typed = text_of(account.settings.get("page_id")).strip()
        wrong = bool(typed) and not (typed.isascii() and typed.isdigit())
        return {"page_id": "The ID is all digits, such as 102290129340398; it is not the Page’s name."} if wrong else {}

    def code(self, account: Account, address: str) -> tuple[tuple[str, str], ...]:
        """Where Meta calls us, and what the Page shall tell."""
        subscribe = SUBSCRIBE.format(page=account.external_id or "PAGE_ID", fields=",".join(FIELDS)).strip()
        return (("Callback URL for Meta", address), ("Shell: have Meta tell of this Page", subscribe))

    def check(self, account: Account) -> Health:
        """The token, its permissions and its end; whose it is; what Meta tells of the Page."""
        return examined(account, self.caps_for(account), SCOPES, lambda: _looked_at(account))

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        """Every change and every message of every entry, in order."""
        return read_call(account, raw)

    def objection(self, account: Account, outbound: Outbound) -> Refused | None:
        """A comment takes one picture."""
        files = outbound.attachments if outbound.visibility == "public" else ()
        if len(files) > 1 or not all(file.mime.startswith("image/") for file in files):
            return Refused("no_files", ONE_PICTURE)
        return super().objection(account, outbound)

    def send(self, account: Account, outbound: Outbound) -> Receipt:
        """One POST: a message, or a comment under what it answers. Messenger gives our id back with the echo."""
        self.obey(account, outbound)
        if outbound.visibility == "private":
            return sent(account, outbound, metadata=True)
        under = f"{outbound.target.parent or outbound.target.external_id or outbound.target.thread}/comments"
        said = {"message": outbound.text}
        picture = outbound.attachments[0] if outbound.attachments else None
        answer = posted(account, under, said, picture) if picture else ask(account, "POST", under, said)
        taken = id_of(answer.get("id"))
        return Receipt((taken,) if taken else (), permalink=f"https://www.facebook.com/{quote(taken)}" if taken else "")

    def change(self, account: Account, change: Change) -> Receipt:
        """A comment of ours with other words, or gone: what is gone already is no error."""
        refuse_longer(self.caps_for(account), change.text)
        if change.visibility == "private":
            raise Refused("no_change", NOT_PRIVATE)
        for own in change.of[:1]:
            try:
                ask(account, *(("DELETE", own) if change.gone else ("POST", own, {"message": change.text})))
            except Refused as error:
                if error.code != "100" or not change.gone:
                    raise
        return Receipt(change.of[:1])


def _looked_at(account: Account) -> tuple[tuple[str, ...], tuple[str, ...]]:
    me = ask(account, "GET", "me", fields="id,name")
    own, page = id_of(me.get("id")) or "", account.external_id or text_of(account.settings.get("page_id"))
    if own != page:
        return (own,), (OTHER_PAGE.format(name=text_of(me.get("name"))[:80]),)
    apps = tables(ask(account, "GET", f"{page}/subscribed_apps", fields="subscribed_fields").get("data"))
    listed = [app.get("subscribed_fields") for app in apps]
    told = {text_of(name) for names in listed if isinstance(names, list) for name in names}
    lacks = [name for name in FIELDS if name not in told]
    return (own,), (NOT_SUBSCRIBED.format(fields=", ".join(lacks)),) if lacks else ()
