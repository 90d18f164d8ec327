"""What an administrator says of a mailbox."""

from dataclasses import dataclass, fields
from typing import Any, Literal

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
    incoming: Literal["imap", "pipe", "postmark", "mailgun"] = setting(
        "imap", label="How mail comes in", words=INCOMING_WORDS, part="Mail that comes in"
    )
    webhook: str = setting("", label="Webhook secret", secret=True, help="Of Postmark or Mailgun, where it calls Hark.")
    imap_host: str = setting("", label="IMAP server", help="Such as imap.example.org.", part="The mailbox")
    imap_port: int = setting(993, label="IMAP port", low=1, high=65535)
    imap_security: Literal["tls", "starttls", "none"] = setting("tls", label="IMAP encryption", words=SECURITY_WORDS)
    user: str = setting("", label="User name", help="Empty: the address.")
    password: str = setting("", label="Password", secret=True, help="Best one made for this purpose alone.")
    folder: str = setting("INBOX", label="Folder that is read")
    sent_folder: str = setting(
        "", label="Folder of sent mail", help="Answers written in a mail program are found there. Empty: not read."
    )
    mark_seen: bool = setting(default=False, label="Mark mails as read once Hark has stored them")
    read_back_days: int = setting(0, label="Days to read back", help=READ_BACK_HELP, low=0, high=3650)
    smtp_host: str = setting(
        "", label="SMTP server", help="Such as smtp.example.org. Empty: no replies.", part="Replies that leave"
    )
    smtp_port: int = setting(465, label="SMTP port", low=1, high=65535)
    smtp_security: Literal["tls", "starttls", "none"] = setting("tls", label="SMTP encryption", words=SECURITY_WORDS)
    smtp_user: str = setting("", label="User name for sending", help="Empty: the same as for reading.")
    smtp_password: str = setting("", label="Password for sending", secret=True, help="Empty: the same as for reading.")
    smtp_login: bool = setting(default=True, label="Log in to send")
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
    return MailSettings(**{**said, "address": (account.external_id or said["address"]).strip().lower()})


def password_of(account: Account, *, sending: bool = False) -> str:
    """The password for reading, or for sending where that is another one."""
    own = account.secrets.get("smtp_password", "") if sending else ""
    return own or account.secrets.get("password", "")
