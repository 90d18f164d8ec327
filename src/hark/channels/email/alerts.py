"""A mailbox whose mails are a venue's alerts of new reviews: for venues that let nobody read or answer by an API.

The mailbox is read as any other, and mails are read by the same reader; what a mail becomes is another thing.
"""

import re
from collections.abc import Mapping
from dataclasses import field, fields, make_dataclass, replace
from typing import Any, ClassVar, get_type_hints

from hark.channels.email.alert_words import alert_in, bare, is_at, number_in
from hark.channels.email.reader import read_mail
from hark.channels.email.settings import MailSettings, mail_settings
from hark.channels.email.translating import is_forged, sent_at
from hark.channels.email.types import Mail
from hark.channels.email.venue import Email, mail_in, reading_problems
from hark.channels.errors import Refused
from hark.channels.kit.setting import setting
from hark.channels.types import Account, Caps, Guide, Health, Inbound, Outbound, Person, Raw, Receipt

OF_MAIL = (
    *("address", "sign_in", "oauth_client", "oauth_secret", "oauth_secret_ends", "oauth_tenant", "incoming", "webhook"),
    *("imap_host", "imap_port", "imap_security", "user", "password", "folder", "mark_seen", "read_back_days"),
    "authserv",
)
FORWARD_HELP = "Addresses that may hand on alerts by hand, such as owner@plum.example. Rules that redirect need none."
WHOLE_MAIL = 2_000
MAILBOX_STEP = (
    "Give them a mailbox of their own, such as {key}@plum.example: as the address of the {place} account, or as the "
    "target of a rule that redirects mails from {sender}. Type it here."
)
PIPE_STEP = (
    "Or an address that your mail server pipes to hark channels pipe CHANNEL, or that Postmark or Mailgun hand to "
    "Hark: choose that at “How mail comes in”."
)


def _settings() -> type[Any]:
    """What is asked of a mailbox that only brings mail, and who may hand alerts on."""
    hints = get_type_hints(MailSettings)
    known = {each.name: each for each in fields(MailSettings)}
    asked = [(name, hints[name], field(default=known[name].default, metadata=known[name].metadata)) for name in OF_MAIL]
    handed = ("forwarders", tuple[str, ...], setting((), label="Who hands alerts on", help=FORWARD_HELP))
    return make_dataclass("AlertSettings", [*asked, handed], frozen=True)


class AlertMailbox(Email):
    """Alerts of one venue. A derived class says who sends them, and what the address of a review looks like there."""

    caps: ClassVar[Caps] = Caps(webhook=True, poll=True, native_reply_url=True)
    Settings: ClassVar[type[Any]] = _settings()
    proof: ClassVar[str] = "specification"
    place: ClassVar[str]  # its name among people
    senders: ClassVar[tuple[str, ...]]  # domains
    hosts: ClassVar[tuple[str, ...]]
    shapes: ClassVar[tuple[re.Pattern[str], ...]]  # with the review's id as their group
    home: ClassVar[str]  # where the owner of a page answers
    switched_on: ClassVar[str]  # the page there on which its alerts are switched on

    def caps_for(self, account: Account) -> Caps:
        """Mail comes in one way, and nothing leaves."""
        incoming = mail_settings(account).incoming
        return replace(self.caps, poll=incoming == "imap", webhook=incoming in {"postmark", "mailgun"})

    def guides(self, redirect: str) -> tuple[Guide, ...]:
        """How its alerts come to Hark; then what a mailbox needs that is read with a sign-in."""
        steps = (
            f"In {self.switched_on}: switch on the mails about new reviews.",
            MAILBOX_STEP.format(key=self.key, place=self.place, sender=self.senders[0]),
            PIPE_STEP,
            "At “Who checks senders” type the name of your mail server: without it a forged alert cannot be told.",
            "Who hands alerts on by hand (Fwd:) is named at “Who hands alerts on”; a rule that redirects needs none.",
        )
        return (Guide(f"What to do at {self.place}", steps, link=self.home), *super().guides(redirect))

    def objections(self, account: Account) -> Mapping[str, str]:
        """As of a mailbox, and addresses are addresses."""
        wrong = [one for one in _forwarders(account) if "@" not in one]
        found = dict(super().objections(account))
        return {**found, "forwarders": f"{wrong[0]!r} is no address."} if wrong else found

    def check(self, account: Account) -> Health:
        """Log in where mail is read."""
        settings = mail_settings(account)
        problems = tuple(dict.fromkeys(reading_problems(account, settings)))
        return Health(problems, self_ids=(settings.address,), caps=self.caps_for(account))

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        """One event a mail: the review that it tells of. What is no alert of the venue is unknown, with the reason."""
        body, problem = mail_in(raw)
        mail = Mail() if problem else read_mail(body)
        problem = problem or self._not_believed(account, mail)
        event = Inbound("unknown", mail.external_id or None, problem=problem) if problem else self._review(raw, mail)
        return [replace(event, account=account.key, raw_id=raw.id)]

    def objection(self, account: Account, outbound: Outbound) -> Refused | None:
        """Nothing can be answered from here."""
        return self._refusal(outbound)

    def send(self, account: Account, outbound: Outbound) -> Receipt:
        """Refused, with the address where to answer."""
        raise self._refusal(outbound)

    def marks(self, account: Account, outbound: Outbound) -> tuple[str, ...]:
        """Nothing is sent."""
        return ()

    def part(self, account: Account, raw: Raw, ref: str) -> bytes | None:
        """Alerts have no attachments."""
        return None

    def _refusal(self, outbound: Outbound) -> Refused:
        """The thread of a review is its address there."""
        link = outbound.target.thread if is_at(outbound.target.thread, self.hosts) else self.home
        return Refused("no_api", f"{self.place} takes answers on its own pages only: {link}")

    def _not_believed(self, account: Account, mail: Mail) -> str:
        """Why a mail is not taken for an alert; empty where it is."""
        if not mail.from_address:
            return "no mail that can be read"
        if mail.from_address.lower() not in _forwarders(account) and not _is_of(mail.from_address, self.senders):
            return f"it is not from {self.place}"
        return "its sender's domain disowns it" if is_forged(account, mail) else ""

    def _review(self, raw: Raw, mail: Mail) -> Inbound:
        found = alert_in(mail, self.hosts, self.shapes)
        if found.rating is None and not found.link:
            return Inbound("unknown", mail.external_id, problem=f"a mail of {self.place} that tells of no review")
        number = number_in(found.link, self.shapes) or mail.external_id
        link = bare(found.link, number) or self.home
        problems = [] if found.rating else ["the stars are not in the mail"]
        problems += [] if found.words else ["its words cannot be told from the rest of the mail"]
        return Inbound(
            "review",
            external_id=number,
            thread_id=link if found.link else number,
            visibility="public",
            author=Person(number, network=self.key, name=found.name) if found.name else None,
            message_kind="review",
            text=found.words or mail.text[:WHOLE_MAIL],
            rating=found.rating,
            sent_at=sent_at(raw, mail),
            permalink=link,
            targets_us="owned_venue",
            policy=("backfilled",) if raw.headers.get("backfilled") else (),
            problem="; ".join(problems) or None,
        )


def _forwarders(account: Account) -> tuple[str, ...]:
    listed = account.settings.get("forwarders", ())
    return tuple(str(one).strip().lower() for one in listed) if isinstance(listed, list | tuple) else ()


def _is_of(address: str, domains: tuple[str, ...]) -> bool:
    domain = address.lower().rpartition("@")[2]
    return any(domain == one or domain.endswith(f".{one}") for one in domains)
