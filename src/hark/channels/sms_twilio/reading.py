"""What Twilio tells: texts and pictures that came, and what became of ours. Pure and total.

Source: twilio.com/docs/messaging/guides/webhook-request and .../guides/track-outbound-message-status.
"""

from collections.abc import Mapping
from dataclasses import replace

from hark.channels.kit.texting import is_one_of, pair, texter
from hark.channels.kit.words import id_of, storable, text_of
from hark.channels.sms_twilio.signing import fields_of
from hark.channels.types import Account, AttachmentRef, Inbound, Raw

REF = "twilio-ref"  # our own id, which stands in the address of the reports
STATES = {
    "accepted": "accepted",
    "scheduled": "accepted",
    "queued": "accepted",
    "sending": "accepted",
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
}
# These words end texting at Twilio, whatever we think of it (default English opt-out keywords).
STOPS = ("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "optout", "revoke")
STARTS = ("start", "yes", "unstop")
MOST_MEDIA = 10
MOST_BYTES = 64 << 10


def read_call(account: Account, raw: Raw) -> list[Inbound]:
    """The one event of a call."""
    event = _event(account, raw) if len(raw.body) <= MOST_BYTES else Inbound("unknown", problem="too long")
    return [replace(event, account=account.key, raw_id=raw.id)]


def _event(account: Account, raw: Raw) -> Inbound:
    fields = {name: storable(value) for name, value in fields_of(raw.body.strip().lstrip(b"?"))}
    number = id_of(fields.get("MessageSid") or fields.get("SmsMessageSid") or fields.get("SmsSid"))
    if number is None:
        return Inbound("unknown", problem="no message of Twilio's")
    status = fields.get("MessageStatus", "")
    if status and status not in {"received", "receiving"}:
        return _report(fields, number, status, raw.headers.get(REF, ""))
    if not fields.get("From"):
        return Inbound("unknown", external_id=number, problem="the sender is not named")
    return _text(account, raw, fields, number)


def _report(fields: Mapping[str, str], number: str, status: str, ref: str) -> Inbound:
    state = STATES.get(status)
    return Inbound(
        "receipt",
        external_id=f"{number}:{status}"[:512],
        state=state,  # type: ignore[arg-type]
        state_of=number,
        client_ref=ref or None,
        text=f"Twilio's error {fields['ErrorCode']}" if fields.get("ErrorCode") else None,
        problem=None if state else "a report of unknown state",
    )


def _text(account: Account, raw: Raw, fields: Mapping[str, str], number: str) -> Inbound:
    words, region = fields.get("Body", ""), text_of(account.settings.get("region"))
    author = texter(fields["From"], region, account.key)
    ours = texter(fields.get("To", ""), region, account.key).external_id
    choice = fields.get("OptOutType", "").upper()  # Twilio says it itself where Advanced Opt-Out is on
    stops = choice == "STOP" or (not choice and is_one_of(words, STOPS))
    starts = choice == "START" or (not choice and is_one_of(words, STARTS))
    return Inbound(
        "consent_stop" if stops else "message",
        external_id=number,
        thread_id=pair(ours, author.external_id),
        visibility="private",
        author=replace(author, name=fields.get("ProfileName", "")[:200]),
        message_kind="mms" if _count(fields) else "sms",
        text=words,
        attachments=tuple(_media(fields)),
        sent_at=raw.received_at,  # Twilio does not say when it was written
        targets_us="owned_venue",
        policy=("consent_start",) if starts else (),
    )


def _media(fields: Mapping[str, str]) -> list[AttachmentRef]:
    found = []
    for place in range(_count(fields)):
        url = fields.get(f"MediaUrl{place}", "")
        if url.startswith(("https://", "http://")) and len(url) <= 2000:
            name = url.rpartition("/")[2][:100]
            found.append(AttachmentRef(url, fields.get(f"MediaContentType{place}", "")[:100], None, name))
    return found


def _count(fields: Mapping[str, str]) -> int:
    said = fields.get("NumMedia", "")
    return min(int(said), MOST_MEDIA) if said.isascii() and said.isdigit() and len(said) < 4 else 0
