"""The six verbs of the contact form."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from hark.channels.base import Venue
from hark.channels.errors import Refused
from hark.channels.form.fields import (
    LONGEST,
    OWN,
    STAMP,
    TALK,
    TRAP,
    Field,
    FormSettings,
    Posted,
    errors_in,
    is_multipart,
    message_field,
    read_post,
    settings_of,
)
from hark.channels.form.page import form_page, page_reply, thanks_address
from hark.channels.form.stamps import LATEST, SOONEST, Stamp, derived_nonce, new_stamp, nonce_in, stamp_of, talk_of
from hark.channels.kit.address import prefix_of
from hark.channels.kit.numbers import phone_number
from hark.channels.kit.signatures import live_secrets
from hark.channels.kit.sites import bad_sites, site_objections
from hark.channels.types import (
    Accepted,
    Account,
    AttachmentRef,
    Caps,
    Health,
    Inbound,
    Limit,
    Outbound,
    Person,
    Raw,
    Receipt,
    Rejected,
    Reply,
    Request,
    Verdict,
)

URLENCODED = "application/x-www-form-urlencoded"
MAX_BODY, MAX_BODY_WITH_FILES = 1_048_576, 4 << 20
MAX_TEXT = 10_000
FILE = "file:"
MAX_FILES_OUT = 100 << 20
PER_MINUTE, PER_HOUR = 5, 30

OLD = "This form was open for a long time. What you wrote is still here: please send it again."
QUICK = "That was very quick. Please send it once more, so that we know you are a person."
TRAPPED = "A hidden field was filled in, which robots do. Please send it once more; leave that field empty."
FILES_AGAIN = "Please choose your files once more: a page cannot keep them."
BUSY = "We cannot take this just now. What you wrote is still here: please wait a minute and send it again."


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a post is not taken, and the stamp the page goes on with."""

    words: str
    stamp: Stamp
    errors: Mapping[str, str]


class ContactForm(Venue):
    """A person fills in a page of ours. No third party is asked whether it is a person."""

    key: ClassVar[str] = "form"
    name: ClassVar[str] = "Contact form"
    icon: ClassVar[str] = "mail"
    intro: ClassVar[str] = "A form on your own site. No account anywhere is needed."
    proof: ClassVar[str] = "real server"
    caps: ClassVar[Caps] = Caps(
        private=True,
        media=True,
        max_length=MAX_TEXT,
        idempotent_send="natural",
        webhook=True,
        own_venue=True,
        files_out=MAX_FILES_OUT,
    )
    Settings = FormSettings
    body_bytes: ClassVar[int] = MAX_BODY_WITH_FILES

    def objections(self, account: Account) -> Mapping[str, str]:
        """Sites are origins."""
        return site_objections(account)

    def check(self, account: Account) -> Health:
        """Is there a signing secret, are the sites origins, are the fields usable?"""
        problems = [] if live_secrets(account, "signing") else ["This channel has no signing secret; connect it again."]
        problems += [f"{site!r} is not an origin such as https://shop.example." for site in bad_sites(account)]
        listed = account.settings.get("fields")
        if listed and len(settings_of(account).fields) != len(listed):
            problems.append("Some fields cannot be used: each needs a lower-case name, and one must be a textarea.")
        return Health(tuple(problems), self_ids=(account.key,), caps=self.caps)

    def verify(self, account: Account, request: Request) -> Verdict:
        """A form that we opened, filled in by somebody with time for it; anything else gets its page back, as typed."""
        content_type = request.headers.get("content-type", "")
        multipart = is_multipart(content_type)
        if len(request.body) > (MAX_BODY_WITH_FILES if multipart else MAX_BODY):
            return Rejected(Reply(413, b'{"error":"too long"}'))
        if not live_secrets(account, "signing"):
            return Rejected(Reply(503, b'{"error":"this form is not ready"}'))
        if not multipart and content_type.partition(";")[0].strip().lower() != URLENCODED:
            return Rejected(Reply(415, b'{"error":"only forms are taken"}'))
        posted = read_post(request.body, content_type)
        trouble = _trouble(account, posted, request)
        if trouble:
            words = f"{trouble.words} {FILES_AGAIN}".strip() if posted.files else trouble.words
            page = form_page(account, trouble.stamp, values=posted.values, errors=trouble.errors, trouble=words)
            return Rejected(page_reply(account, 422, page))
        return self._accepted(account, posted, request)

    def _accepted(self, account: Account, posted: Posted, request: Request) -> Accepted:
        stamp = posted.own(STAMP)
        nonce, talk = nonce_in(stamp), nonce_in(posted.own(TALK))
        address = f"form|{account.key}|{prefix_of(request.address)}"
        fresh = new_stamp(account, at=request.received_at, nonce=nonce)
        return Accepted(
            dedupe_key=nonce,
            lane_key=talk or nonce,
            headers={"content-type": request.headers.get("content-type", "")},
            reply=Reply(
                303,
                b"",
                "text/html; charset=utf-8",
                (
                    ("Location", thanks_address(account, nonce, posted.values)),
                    ("Cache-Control", "no-store"),
                ),
            ),
            limits=(
                Limit(f"{address}|minute", PER_MINUTE, PER_MINUTE),
                Limit(f"{address}|hour", PER_HOUR, PER_HOUR / 60),
            ),
            later=page_reply(account, 429, form_page(account, fresh, values=posted.values, trouble=BUSY)),
        )

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        """One message: what was written, with the other fields under it. Address and number are claims."""
        posted = read_post(raw.body, raw.headers.get("content-type", ""))
        settings = settings_of(account)
        nonce, talk = nonce_in(posted.own(STAMP)), nonce_in(posted.own(TALK))
        text = _text(settings, posted)
        if not text and not posted.files:
            return [Inbound("unknown", account=account.key, raw_id=raw.id, problem=posted.problem or "an empty form")]
        thread = talk or nonce
        return [
            Inbound(
                "message",
                # The same form sent twice is one message; with other words it is a second, not lost behind the first.
                external_id=f"{nonce}.{posted.mark[:12]}" if nonce else None,
                account=account.key,
                raw_id=raw.id,
                thread_id=thread or None,
                visibility="private",
                author=_author(account, settings, posted, thread) if thread else None,
                message_kind="form",
                subject=posted.own("subject").strip(),
                text=text,
                attachments=_attachments(posted) if settings.files else (),
                sent_at=raw.received_at,
                targets_us="owned_venue",
                problem=posted.problem or (None if nonce else "the form has no stamp"),
            )
        ]

    def part(self, account: Account, raw: Raw, ref: str) -> bytes | None:
        """A file out of the post that it came in."""
        files = read_post(raw.body, raw.headers.get("content-type", "")).files
        return next((file.content for place, file in enumerate(files) if ref == f"{FILE}{place}"), None)

    def send(self, account: Account, outbound: Outbound) -> Receipt:
        """The customer reads it under his private link; the same key gives the same receipt."""
        if len(outbound.text) > MAX_TEXT:
            raise Refused("too_long", f"An answer to a form holds at most {MAX_TEXT:,} characters.")
        return Receipt((f"out:{outbound.id}",), state="delivered")


def _trouble(account: Account, posted: Posted, request: Request) -> Trouble | None:
    """The first thing that speaks against a post. Whoever is told to try again can do so with the page he gets."""
    stamp = stamp_of(account, posted.own(STAMP))
    age = request.received_at - stamp.opened_at if stamp else LATEST
    seed = request.received_at.isoformat().encode() + request.body
    fresh = new_stamp(account, at=request.received_at, nonce=derived_nonce(account, seed))
    if stamp is None or age >= LATEST or (posted.own(TALK) and not talk_of(account, posted.own(TALK))):
        return Trouble(OLD, fresh, {})
    if posted.own(TRAP):
        return Trouble(TRAPPED, stamp, {})
    if age < SOONEST:
        return Trouble(QUICK, stamp, {})
    settings = settings_of(account)
    wanted = FormSettings(fields=(message_field(settings),)) if posted.own(TALK) else settings
    errors = errors_in(wanted, posted)
    return Trouble("", stamp, errors) if errors else None


def _attachments(posted: Posted) -> tuple[AttachmentRef, ...]:
    return tuple(
        AttachmentRef(f"{FILE}{place}", size=len(file.content), name=file.name)
        for place, file in enumerate(posted.files)
    )


def _text(settings: FormSettings, posted: Posted) -> str:
    """What was written, then each other field that is neither a person nor the subject: nothing typed is lost."""
    main = message_field(settings)
    known = {field.name: field for field in settings.fields}
    said = posted.values.get(main.name, "")
    more = [
        f"{known[name].label if name in known else name}: {value}"
        for name, value in posted.values.items()
        if name not in OWN
        and name not in {main.name, "name", "subject"}
        and value.strip()
        and not _is_claim(settings, known.get(name), value)
    ]
    return "\n\n".join(filter(None, (said.strip() and said, "\n".join(more))))


def _is_claim(settings: FormSettings, field: Field | None, value: str) -> bool:
    if field is None:
        return False
    return field.type == "email" or (field.type == "phone" and bool(phone_number(value, settings.region)))


def _author(account: Account, settings: FormSettings, posted: Posted, thread: str) -> Person:
    claims = []
    for field in settings.fields:
        value = posted.values.get(field.name, "").strip()[: LONGEST[field.type]]
        if field.type == "email" and value:
            claims.append(("email", value.lower()))
        elif field.type == "phone" and (number := phone_number(value, settings.region)):
            claims.append(("phone", number))
    name = posted.own("name").strip()[: LONGEST["text"]]
    return Person(thread, network="form", scope=account.key, name=name, claims=tuple(claims))
