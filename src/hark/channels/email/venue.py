"""The six verbs of e-mail."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import ClassVar

from hark.channels.base import Venue
from hark.channels.email import providers, reading, sending
from hark.channels.email.composing import compose
from hark.channels.email.mailbox import opened
from hark.channels.email.oauth import mailbox_guides, oauth_of, objections_to
from hark.channels.email.reader import part_of, read_mail
from hark.channels.email.settings import MailSettings, mail_settings, proof_of
from hark.channels.email.tokens import TOKEN, message_id, reply_token
from hark.channels.email.translating import inbound_of
from hark.channels.errors import Refused, SendError
from hark.channels.kit.once import sentence_of
from hark.channels.types import (
    Account,
    Caps,
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
from hark.kernel.time import now

BODY_BYTES = 4 << 20
MAX_FILES_OUT = 25_000_000  # 34 MB as they travel, and Hark itself reads 35


class Email(Venue):
    """A mailbox. Mail comes by IMAP, by a pipe of the mail server or by a provider's call, and leaves by SMTP."""

    key: ClassVar[str] = "email"
    name: ClassVar[str] = "E-mail"
    icon: ClassVar[str] = "mail"
    intro: ClassVar[str] = "A mailbox: mails become cases, and replies leave from its address."
    proof: ClassVar[str] = "real server"
    caps: ClassVar[Caps] = Caps(
        private=True,
        threaded=True,
        media=True,
        receipts=True,
        echo=True,
        webhook=True,
        poll=True,
        files_out=MAX_FILES_OUT,
    )
    Settings = MailSettings
    identified_by: ClassVar[str] = "address"
    folds_case: ClassVar[bool] = True
    send_seconds: ClassVar[float] = sending.LONGEST_SECONDS
    polled_type: ClassVar[str] = "message/rfc822"
    poll_seconds: ClassVar[float] = 30.0
    body_bytes: ClassVar[int] = BODY_BYTES

    def caps_for(self, account: Account) -> Caps:
        """Mail comes in one way; without a server to send by there are no replies."""
        settings = mail_settings(account)
        return replace(
            self.caps,
            poll=settings.incoming == "imap",
            webhook=settings.incoming in {"postmark", "mailgun"},
            echo=bool(settings.sent_folder),
            private=bool(settings.smtp_host),
        )

    def oauth(self, account: Account) -> OAuth | None:
        """Google's or Microsoft's sign-in, where the settings choose one."""
        return oauth_of(mail_settings(account), account.secrets.get("oauth_secret", ""))

    def guides(self, redirect: str) -> tuple[Guide, ...]:
        """How an app is made at Google and at Microsoft."""
        return mailbox_guides(redirect)

    def objections(self, account: Account) -> Mapping[str, str]:
        """A sign-in needs a client; a tenant is an id or a domain."""
        return dict(objections_to(mail_settings(account), account.secrets.get("oauth_secret", "")))

    def check(self, account: Account) -> Health:
        """Log in where mail is read and where it is sent; each step that fails is a sentence."""
        settings = mail_settings(account)
        problems = [*reading_problems(account, settings), *_sending_problems(account, settings)]
        return Health(tuple(dict.fromkeys(problems)), self_ids=(settings.address,), caps=self.caps_for(account))

    def verify(self, account: Account, request: Request) -> Verdict:
        """A call of the provider that the settings name."""
        if len(request.body) > BODY_BYTES:
            return Rejected(Reply(413, b'{"error":"too large"}'))
        incoming = mail_settings(account).incoming
        if incoming == "postmark":
            return providers.verify_postmark(account, request)
        if incoming == "mailgun":
            return providers.verify_mailgun(account, request)
        return Rejected(Reply(404, b'{"error":"nothing here"}'))

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        """One event a mail. The mail is read in a child process that may be killed; nothing is looked up."""
        body, problem = mail_in(raw)
        if problem:
            return [Inbound("unknown", account=account.key, raw_id=raw.id, problem=problem)]
        return [inbound_of(account, raw, read_mail(body))]

    def poll(self, account: Account, cursor: str) -> Page:
        """The next mails behind the cursor."""
        return reading.next_page(account, cursor)

    def watch(self, account: Account, cursor: str) -> Iterator[Page]:
        """The same over one line, which then waits for news."""
        return reading.pages(account, cursor)

    def send(self, account: Account, outbound: Outbound) -> Receipt:
        """One mail. Whoever loses the line after its last byte does not know; SMTP knows no key."""
        settings, recipients = mail_settings(account), (outbound.target.person, *outbound.copies)
        mail = compose(account, outbound, at=now())
        proof, automatic = proof_of(account, settings, sending=True), outbound.author_kind == "bot"
        sending.send_mail(settings, proof, mail, recipients, automatic=automatic)
        return Receipt((message_id(account, outbound),))

    def part(self, account: Account, raw: Raw, ref: str) -> bytes | None:
        """A file out of the mail it came in, decoded in the child that may be killed."""
        return part_of(mail_in(raw)[0], ref)

    def media(self, account: Account, ref: str) -> Iterator[bytes]:
        """What `part` did not find lies nowhere else."""
        raise Refused("no_part", "It could not be taken out of the mail, which is kept as it came.")

    def marks(self, account: Account, outbound: Outbound) -> tuple[str, ...]:
        """The Message-ID of the reply, and the code in the address to which its recipient answers."""
        token = reply_token(account, outbound.target.thread, outbound.target.person)
        return message_id(account, outbound), TOKEN + token


def mail_in(raw: Raw) -> tuple[bytes, str]:
    """The mail in an arrival, however it came."""
    provider = raw.headers.get("provider", "")
    if provider == "postmark":
        return providers.postmark_mail(raw.body)
    if provider == "mailgun":
        return providers.mailgun_mail(raw.body, raw.headers.get("content-type", ""))
    return raw.body, ""


def reading_problems(account: Account, settings: MailSettings) -> Iterator[str]:
    """What stands in the way of mail that comes in, in sentences. Logs in where the mailbox is read."""
    if settings.incoming == "imap":
        try:
            with opened(settings, proof_of(account, settings)) as box:
                for folder in filter(None, (settings.folder, settings.sent_folder)):
                    box.enter(folder, marking=False)
        except SendError as error:
            yield sentence_of(error)
    elif settings.incoming != "pipe" and not providers.has_secret(account):
        yield "There is no webhook secret, so the provider's calls are refused."


def _sending_problems(account: Account, settings: MailSettings) -> Iterator[str]:
    if not settings.smtp_host:
        return
    try:
        with sending.logged_in(settings, proof_of(account, settings, sending=True)):
            pass
    except SendError as error:
        yield sentence_of(error)
