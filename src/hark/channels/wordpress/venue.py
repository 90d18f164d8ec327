"""The verbs of WordPress."""

import html
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlsplit

from hark.channels.base import Venue
from hark.channels.errors import Refused, SendError
from hark.channels.kit.careful_json import Json
from hark.channels.kit.limits import refuse_longer
from hark.channels.kit.setting import setting
from hark.channels.kit.words import id_of, text_of
from hark.channels.types import Account, Caps, Change, Guide, Health, Inbound, Outbound, Page, Raw, Receipt
from hark.channels.wordpress.calls import COMMENTS, FIELDS, ME, call, listed
from hark.channels.wordpress.polling import next_page
from hark.channels.wordpress.reading import GONE, HELD, read_comments

MAX_LENGTH = 10_000  # a column of 65,535 bytes holds so many characters, whatever they are
GONE_WORDS = "The comment that this would answer is no longer there."
HELD_WORDS = "The comment waits for moderation in WordPress. Approve it there first, so that the answer can be read."
SAME_WORDS = "WordPress takes the same words only once beneath a comment, and they stand there already."
MODERATE = "moderate_comments"
READ_BACK_HELP = "Older comments are shown on their authors' pages; they open no case and start no clock. 0: none."
TEAM_HELP = "Numbers of other WordPress users who answer for you there. Their comments are answers, not questions."
IN_THE_CLEAR = "The site is not reached by https: everybody on the way can read the password."
GUIDE = Guide(
    "In WordPress",
    (
        "Make a user for Hark (Users, Add New) with the role Editor: it must be able to moderate comments.",
        "Open this user's profile and go down to Application Passwords.",
        "Write Hark as the name, press Add New Application Password and copy the password that is shown once.",
        "Type the address of the site, the user name and this password here.",
    ),
    link="https://wordpress.org/documentation/article/application-passwords/",
)


@dataclass(frozen=True)
class Settings:
    """A site, and the user as whom Hark reads and answers there."""

    base_url: str = setting(
        "",
        label="Address of the site",
        help="Such as https://blog.example.org.",
        required=True,
    )
    user: str = setting("", label="User name", required=True)
    password: str = setting("", label="Application password", secret=True, help="Made in the user's profile.")
    self_ids: tuple[str, ...] = setting((), label="Users who answer for you", help=TEAM_HELP)
    approve: bool = setting(
        default=False,
        label="Approve a comment that waits for moderation when it is answered",
        help="As Approve and Reply does in WordPress. Off: it must be approved there before it can be answered.",
    )
    read_back_days: int = setting(0, label="Days to read back", help=READ_BACK_HELP, low=0, high=3650)


class WordPress(Venue):
    """Comments on the company's own site."""

    key: ClassVar[str] = "wordpress"
    name: ClassVar[str] = "WordPress"
    intro: ClassVar[str] = "Comments on your own WordPress site, read and answered in their thread."
    proof: ClassVar[str] = "real server"
    caps: ClassVar[Caps] = Caps(
        public=True,
        threaded=True,
        max_length=MAX_LENGTH,
        edits_in=True,
        edits_out=True,
        deletes_in=True,
        deletes_out=True,
        idempotent_send="natural",
        echo=True,
        poll=True,
        native_reply_url=True,
    )
    Settings = Settings
    identified_by: ClassVar[str] = "base_url"

    def objections(self, account: Account) -> Mapping[str, str]:
        """The site is a web address."""
        try:
            parts = urlsplit(text_of(account.settings.get("base_url")))
            fine = parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.query
        except ValueError:
            fine = False
        return {} if fine else {"base_url": "An address begins with https://, such as https://blog.example.org."}

    def guides(self, redirect: str) -> tuple[Guide, ...]:
        """How an application password is made."""
        return (GUIDE,)

    def check(self, account: Account) -> Health:
        """Who are we there, and may we moderate? Without that right neither waiting comments nor edits are seen."""
        try:
            said = call(account, "GET", ME, {"context": "edit", "_fields": "id,capabilities"}).said
        except SendError as error:
            return Health((_sentence(error),), caps=self.caps_for(account))
        me = said if isinstance(said, dict) else {}
        rights = me.get("capabilities")
        granted = tuple(sorted(name for name, has in rights.items() if has is True)) if isinstance(rights, dict) else ()
        missing = () if MODERATE in granted else (MODERATE,)
        words = "The WordPress user may not moderate comments; give it the role of an editor."
        number = id_of(me.get("id"))
        return Health(
            (words,) if missing else (),
            (number,) if number else (),
            tuple(one for one in granted if one == MODERATE),
            missing,
            caps=self.caps_for(account),
            warnings=() if account.base_url.startswith("https://") else (IN_THE_CLEAR,),
        )

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        """The events of a stored comment, or of a list of comments."""
        return read_comments(account, raw)

    def poll(self, account: Account, cursor: str) -> Page:
        """What is new, edited or gone since the cursor."""
        return next_page(account, cursor)

    def send(self, account: Account, outbound: Outbound) -> Receipt:
        """One comment beneath the one that is answered. WordPress knows a repetition by its words, we by our mark."""
        self.obey(account, outbound)
        parent = outbound.target.parent or outbound.target.external_id
        post, _, root = outbound.target.thread.partition(":")
        if not post or not (parent or root):
            raise Refused("no_post", "It is not known which comment this would answer.")
        content, mark = html.escape(outbound.text, quote=False), f"Hark {outbound.id}"
        said = {"post": post, "parent": parent or root, "content": content, "author_user_agent": mark}
        _make_ready(account, said["parent"])
        try:
            answer = call(account, "POST", COMMENTS, said=said).said
        except Refused as error:
            if error.code != "comment_duplicate":
                raise
            answer = _same(account, said)
        return _receipt(answer if isinstance(answer, dict) else {})

    def change(self, account: Account, change: Change) -> Receipt:
        """Other words, or into WordPress's trash, from where the site's people can take it back."""
        refuse_longer(self.caps_for(account), change.text)
        for number in change.of:
            if change.gone:
                _throw_away(account, number)
            else:
                content = html.escape(change.text, quote=False)
                call(account, "POST", f"{COMMENTS}/{number}", said={"content": content})
        return Receipt(change.of)


def _make_ready(account: Account, number: str) -> None:
    """Can the comment be answered? WordPress itself would put an answer beneath one that nobody can see."""
    try:
        said = call(account, "GET", f"{COMMENTS}/{number}", {"context": "edit", "_fields": "id,status"}).said
    except Refused as error:
        raise (Refused("gone", GONE_WORDS) if error.code == "rest_comment_invalid_id" else error) from error
    status = text_of(said.get("status")) if isinstance(said, dict) else ""
    if status in GONE:
        raise Refused("gone", GONE_WORDS)
    if status == "hold":
        if account.settings.get("approve") is not True:
            raise Refused(HELD, HELD_WORDS)
        call(account, "POST", f"{COMMENTS}/{number}", said={"status": "approved"})


def _same(account: Account, said: Mapping[str, str]) -> dict[str, Json]:
    """Our own comment with these words in this place, which WordPress refused to take twice.

    It is this very reply where it bears its mark; another one must be said in other words.
    """
    me = call(account, "GET", ME, {"_fields": "id"}).said
    where = {"author": (id_of(me.get("id")) if isinstance(me, dict) else None) or "0", "parent": said["parent"]}
    there, _ = listed(account, {**where, "post": said["post"]}, f"{FIELDS},author_user_agent")
    for one in there:
        if text_of(one.get("author_user_agent")) == said["author_user_agent"]:
            return one
    raise Refused("comment_duplicate", SAME_WORDS)


def _throw_away(account: Account, number: str) -> None:
    try:
        call(account, "DELETE", f"{COMMENTS}/{number}")
    except Refused as error:
        if error.code == "rest_trash_not_supported":  # a site without a trash
            call(account, "DELETE", f"{COMMENTS}/{number}", {"force": "true"})
        elif error.code not in {"rest_already_trashed", "rest_comment_invalid_id"}:
            raise


def _receipt(comment: Mapping[str, Json]) -> Receipt:
    number, link = id_of(comment.get("id")), text_of(comment.get("link"))
    return Receipt(
        (number,) if number else (),
        "accepted" if text_of(comment.get("status")) == "hold" else "sent",
        link if link.startswith(("https://", "http://")) else "",
    )


def _sentence(error: SendError) -> str:
    if isinstance(error, Refused):
        return f"No WordPress answers at this address: {error.human}" if error.code in {"404", ""} else error.human
    return error.detail or error.message
