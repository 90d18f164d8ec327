"""What an administrator says of a mailbox."""

from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from hark.channels.kit.oauth import ACCESS
from hark.channels.kit.setting import setting
from hark.channels.types import Account

Security = Literal["tls", "starttls", "none"]
SECURITY_WORDS = {
    "tls": "TLS from the first byte",
    "starttls": "STARTTLS",
    "none": "None (only on this machine itself)",
}
INCOMING_WORDS = {
    "imap": "Hark reads the mailbox (IMAP)",
    "pipe": "The mail server hands each mail to `hark channels pipe`",
    "postmark": "Postmark calls Hark",
    "mailgun": "Mailgun calls Hark",
}
SIGN_IN_WORDS = {
    "password": "With a user name and a password",
    "google": "Sign in with Google",
    "microsoft": "Sign in with Microsoft",
}
# (IMAP, SMTP): developers.google.com/workspace/gmail/imap; Microsoft's "POP, IMAP, and SMTP settings".
SERVERS: dict[str, tuple[tuple[str, int, Security], tuple[str, int, Security]]] = {
    "google": (("imap.gmail.com", 993, "tls"), ("smtp.gmail.com", 465, "tls")),
    "microsoft": (("outlook.office365.com", 993, "tls"), ("smtp.office365.com", 587, "starttls")),
}
BY_PASSWORD = ("sign_in", ("password",))
BY_OAUTH = ("sign_in", ("google", "microsoft"))
ENDS_HELP = "Hark warns 14 days before. Microsoft shows it beside the secret; Google’s have no end: leave it empty."
IMAP_HELP = "Such as imap.example.org. Empty after a sign-in with Google or Microsoft: theirs, with its port."
SMTP_HELP = "Such as smtp.example.org. Empty: no replies; after a sign-in with Google or Microsoft: theirs."
READ_BACK_HELP = "Older mails are shown on their senders' pages; they open no case and start no clock. 0: none."
AUTHSERV_HELP = (
    "The name at the beginning of the Authentication-Results headers that your own server writes, such as "
    "mx.example.org. With it Hark knows forged senders. Empty: such headers are not believed."
)


@dataclass(frozen=True)
class MailSettings:
    """A mailbox: where its mail comes from and through whom it leaves."""

    address: str = setting("", label="Address", help="Such as care@example.org.", required=True)
    from_name: str = setting("", label="Name beside the address", help="Such as Plum Care.")
    sign_in: Literal["password", "google", "microsoft"] = setting(
        "password",
        label="How Hark signs in",
        help="With Google or Microsoft you bring your own app; what to do there stands beside or below the form.",
        words=SIGN_IN_WORDS,
        part="Sign-in",
    )
    oauth_client: str = setting("", label="Client id", help="Of your app there.", only=BY_OAUTH, needed=True)
    oauth_secret: str = setting("", label="Client secret", secret=True, only=BY_OAUTH, needed=True)
    oauth_secret_ends: str = setting("", label="The client secret ends on", help=ENDS_HELP, date=True, only=BY_OAUTH)
    oauth_tenant: str = setting(
        "", label="Tenant", help="The Directory (tenant) ID. Empty: any tenant.", only=("sign_in", ("microsoft",))
    )
    incoming: Literal["imap", "pipe", "postmark", "mailgun"] = setting(
        "imap", label="How mail comes in", words=INCOMING_WORDS, part="Mail that comes in"
    )
    webhook: str = setting("", label="Webhook secret", secret=True, help="Of Postmark or Mailgun, where it calls Hark.")
    imap_host: str = setting("", label="IMAP server", help=IMAP_HELP, part="The mailbox")
    imap_port: int = setting(993, label="IMAP port", low=1, high=65535)
    imap_security: Literal["tls", "starttls", "none"] = setting("tls", label="IMAP encryption", words=SECURITY_WORDS)
    user: str = setting("", label="User name", help="Empty: the address.")
    password: str = setting(
        "", label="Password", secret=True, help="Best one made for this purpose alone.", only=BY_PASSWORD
    )
    folder: str = setting("INBOX", label="Folder that is read")
    sent_folder: str = setting(
        "", label="Folder of sent mail", help="Answers written in a mail program are found there. Empty: not read."
    )
    mark_seen: bool = setting(default=False, label="Mark mails as read once Hark has stored them")
    read_back_days: int = setting(0, label="Days to read back", help=READ_BACK_HELP, low=0, high=3650)
    smtp_host: str = setting("", label="SMTP server", help=SMTP_HELP, part="Replies that leave")
    smtp_port: int = setting(465, label="SMTP port", low=1, high=65535)
    smtp_security: Literal["tls", "starttls", "none"] = setting("tls", label="SMTP encryption", words=SECURITY_WORDS)
    smtp_user: str = setting("", label="User name for sending", help="Empty: the same as for reading.")
    smtp_password: str = setting(
        "", label="Password for sending", secret=True, help="Empty: the same as for reading.", only=BY_PASSWORD
    )
    smtp_login: bool = setting(default=True, label="Log in to send", only=BY_PASSWORD)
    plus_address: bool = setting(
        default=True,
        label="Answers come back to care+…@example.org",
        help="Off where your server does not deliver such addresses; answers are then known by their references alone.",
    )
    authserv: str = setting(
        "", label="Who checks senders", help=AUTHSERV_HELP, part="Forged senders and automatic answers"
    )
    acknowledgement: str = setting(
        "", label="Automatic answer to a new case", long=True, help="At most one a day to anybody. Empty: none."
    )


def mail_settings(account: Account) -> MailSettings:
    """The settings of a mailbox; what cannot be used falls back to the default. The address is the account's own id."""
    said: dict[str, Any] = {}
    for each in fields(MailSettings):
        value = account.settings.get(each.name, each.default)
        said[each.name] = value if type(value) is type(each.default) else each.default
    found = MailSettings(**{**said, "address": (account.external_id or said["address"]).strip().lower()})
    return _with_their_servers(found) if found.sign_in in SERVERS else found


def _with_their_servers(settings: MailSettings) -> MailSettings:
    """The servers of Google or Microsoft, where others are not named."""
    imap, smtp = SERVERS[settings.sign_in]
    if not settings.imap_host:
        settings = replace(settings, imap_host=imap[0], imap_port=imap[1], imap_security=imap[2])
    if not settings.smtp_host:
        settings = replace(settings, smtp_host=smtp[0], smtp_port=smtp[1], smtp_security=smtp[2])
    return replace(settings, smtp_login=True)


@dataclass(frozen=True, slots=True)
class Proof:
    """With what Hark logs in to a mail server: a password, or an access token that the core keeps alive."""

    user: str
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    by_token: bool = False

    @property
    def missing(self) -> str:
        """What is to be done before there is something to log in with; empty where there is."""
        if self.by_token:
            return "" if self.token else "Nobody has signed in for this mailbox yet."
        return "" if self.password else "There is no password for this mailbox in the settings of this channel."


def proof_of(account: Account, settings: MailSettings, *, sending: bool = False) -> Proof:
    """Who Hark is to the server of reading, or to that of sending."""
    user = (settings.smtp_user if sending else "") or settings.user or settings.address
    if settings.sign_in not in SERVERS:
        return Proof(user, _password_of(account, sending=sending))
    return Proof(user, token=account.secrets.get(ACCESS, ""), by_token=True)


def _password_of(account: Account, *, sending: bool) -> str:
    """The password for reading, or for sending where that is another one."""
    own = account.secrets.get("smtp_password", "") if sending else ""
    return own or account.secrets.get("password", "")
