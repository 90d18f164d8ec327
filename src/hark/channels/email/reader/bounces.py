"""Mail of ours that came back: delivery reports (RFC 3464) and the forms that servers used before and beside them."""

import re

from hark.channels.email.reader.caps import Notes
from hark.channels.email.reader.headers import Headers, read_headers
from hark.channels.email.reader.structure import Part
from hark.channels.email.reader.transfer import body_of
from hark.channels.email.types import Bounce

READ = 64 * 1024
ROBOT = re.compile(
    r"mailer-?daemon|po+st_?master|mail[ .-]?delivery|delivery[ .-](?:sub)?system|mail[ .-]?system|ndr administrator"
    r"|system administrator|mdaemon",
    re.IGNORECASE,
)
SUBJECT = re.compile(
    r"undeliver|ndeliverable|returned (?:mail|to sender|message)|returning (?:message|mail)"
    r"|returning to|failure (?:notice|deliv)"
    r"|deliver[yd]?\W+(?:has |status|fail|notif|report|problem|error|delayed|incomplete|temporar)"
    r"|mail(?: \w+)? (?:failed|failure)|mail (?:system )?error|(?:could|can) ?not be (?:delivered|sent)"
    r"|not be delivered|delivery has|message .{0,80}delayed|delayed (?:mail|delivery)|non-?delivery|errors from"
    r"|loop alert|are not member|permanent (?:delivery )?fail|aws notification|メールエラー|配信|unzustellbar"
    r"|nicht zugestellt"
    r"|zustell|non remis|remise|non distribu|no entregado|no se (?:puede|pudo) entregar|mancata consegna|niet bezorgd"
    r"|onbestelbaar|не доставлено|недоставлен|неудач|退信|returnerad|ikke leveret|niedostarcz",
    re.IGNORECASE,
)
WORDS = re.compile(
    r"(?:could|can)\s?(?:not|n't) be (?:delivered|sent|found)"
    r"|(?:was|were|has|have) not (?:been )?(?:yet )?(?:be )?deliver"
    r"|(?:unable|failed|not able|wasn't able|was not able) to (?:deliver|be delivered)"
    r"|delivery (?:to|attempts?|of|has|failed)|undeliver|address(?:\(es\)|es)? (?:failed|rejected|had)"
    r"|(?:user|host|mailbox|account|recipient|address) (?:is )?(?:unknown|unavailable|not found|full|disabled|rejected"
    r"|inactive|over quota)|(?:unknown|no such|invalid) (?:user|host|recipient|mailbox|address|domain)|fatal errors"
    r"|returned to (?:you|the )?sender|returned mail|message (?:was )?(?:not )?(?:returned|rejected|refused)"
    r"|does not exist|(?:over|exceeded).{0,20}quota|\b[45]\d\d[ -][45]\.\d{1,3}\.\d{1,3}\b|final-recipient:"
    r"|reporting-mta:|not listed in|送信|配信|エラー|не доставлено|nicht zugestellt|не существует|are not a? ?member"
    r"|duplicated message-id",
    re.IGNORECASE,
)
MACHINE = re.compile(  # what a customer who waits for a delivery does not write
    r"(?<![\d.])[45]\d\d[ -][45]\.\d{1,3}\.\d{1,3}"
    r"|final-recipient:|reporting-mta:|diagnostic-code|\bsmtp\b|rcpt to|mail from:"
    r"|mailer-daemon|postmaster|transcript of|be delivered to:? *<"
    r"|of this mailing list|(?:failed|following|original) (?:recipient|address|message)|message-id"
    r"|\b55[0-4] |not listed in",
    re.IGNORECASE,
)
SURE = re.compile(
    r"(?:could|can)\s?(?:not|n't) be (?:delivered|sent)|undeliver|(?:invalid|unknown|no such) (?:user|recipient)"
    r"|non-deliverable",
    re.IGNORECASE,
)
AWS = re.compile(r'\\?"(?:notificationType|eventType)\\?"\s*:\s*\\?"Bounce')
DELAY = re.compile(
    r"delayed|\(delay\)|still being retried|will (?:be )?(?:retry|retried|keep trying|continue trying|continue to)"
    r"|not yet been|no action is required|do not need to resend|warning|temporarily deferred"
    r"|will try (?:again|to deliver)",
    re.IGNORECASE,
)
ANSWER = re.compile(r"(?:re|aw|fwd?|wg|sv|vs|tr|rv)\s*:", re.IGNORECASE)
STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
REPLY_CODE = re.compile(r"(?<![\d.])([45])\d\d(?=[ -])")
ADDRESS = r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,9}"
RECIPIENTS = (
    re.compile(rf"(?:original|final)-recipient:\s*(?:rfc822|utf-8|system)?\s*;?\s*<?({ADDRESS})", re.IGNORECASE),
    re.compile(rf"rcpt to:?\s*<({ADDRESS})>", re.IGNORECASE),
    re.compile(rf"^[ \t]*<({ADDRESS})>(?:\.\.\.|:|[ \t]*\(|,|$)", re.MULTILINE),
    re.compile(rf"^[ \t*]*({ADDRESS})[ \t]*(?:\.\.\.|:|\(|$)", re.MULTILINE),
    re.compile(rf"(?:to|for|recipients?|address|user|account)[\s:]+<?({ADDRESS})", re.IGNORECASE),
    re.compile(rf"({ADDRESS})"),
)
MESSAGE_ID = re.compile(r"^[ >]*message-id:\s*(<[^<>\s]{1,500}>)", re.IGNORECASE | re.MULTILINE)
REPORT_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
ORIGINALS = frozenset({"message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global"})
SUCCESS = frozenset({"delivered", "relayed", "expanded"})


def bounce_in(data: bytes, root: Part, subject: str, text: str) -> Bounce | None:
    """The bounce that this mail is, or None."""
    parts = list(root.walk())
    reports = [body_of(data, part, Notes())[:READ] for part in parts if part.type.value in REPORT_TYPES]
    groups = [group for report in reports for group in _groups(report)]
    actions = {group.get("action", "").lower() for group in groups} - {""}
    if actions and actions <= SUCCESS:
        return None
    text = text[:READ]
    if not (actions or _free_form(root.headers, subject, text)):
        return None
    found = _from_report(groups) if actions else None
    return _filled(found or Bounce(), root, text, subject, _original_id(data, parts, text))


def _groups(report: bytes) -> list[dict[str, str]]:
    """The groups of fields of a delivery report: the message's first, then one for each recipient."""
    found = []
    for block in re.split(rb"\r?\n[ \t]*\r?\n", report)[:50]:
        headers, _ = read_headers(block.strip() + b"\n\n", 0, len(block) + 2, Notes())
        found.append({name: headers.raw(name) for name in headers.named("")})
    return found


def _from_report(groups: list[dict[str, str]]) -> Bounce | None:
    """The worst that happened to a recipient: a failure before a delay."""
    ordered = sorted(
        (group for group in groups if group.get("action")), key=lambda one: one["action"].lower() != "failed"
    )
    for group in ordered:
        said = group.get("original-recipient") or group.get("final-recipient") or group.get("x-actual-recipient", "")
        status = STATUS.search(group.get("status", ""))
        address = re.search(ADDRESS, said.rpartition(";")[2])
        failed = group["action"].partition(" ")[0].lower() != "delayed"
        return Bounce(address[0] if address else "", status[1] if status else "", failed)
    return None


def _free_form(headers: Headers, subject: str, text: str) -> bool:
    """A robot's sender, subject and words: two of the three at least.

    Without the sender the words must be a machine's: customers write of deliveries that failed, too. A person's answer
    to a bounce is none.
    """
    if "x-failed-recipients" in headers or AWS.search(text):
        return True
    sender = " ".join((headers.raw("from"), headers.raw("sender")))
    returned = headers.raw("return-path").strip()
    robot = bool(ROBOT.search(sender)) or returned in {"<>", "<MAILER-DAEMON>"} or sender.strip() == "<>"
    subject_says, words_say = bool(SUBJECT.search(subject)), bool(WORDS.search(text))
    if ANSWER.match(subject.strip()) and not ROBOT.search(sender):
        return False
    if robot and (subject_says or (words_say and ROBOT.search(sender))):
        return True
    return (subject_says and words_say and bool(MACHINE.search(text))) or (
        returned == "<>" and bool(SURE.search(text[:1_000]))
    )


def _filled(found: Bounce, root: Part, text: str, subject: str, original_id: str) -> Bounce:
    """What the report did not say, from the words."""
    ours = {address.lower() for name in ("to", "from") for address in re.findall(ADDRESS, root.headers.raw(name))}
    failed = re.search(ADDRESS, root.headers.raw("x-failed-recipients"))
    recipient = found.recipient or (failed[0] if failed else _recipient(text, ours))
    status = found.status or _status(text)
    permanent = found.permanent and (bool(found.recipient) or not DELAY.search(f"{subject}\n{text[:2_000]}"))
    return Bounce(recipient, status, permanent, original_id)


def _recipient(text: str, ours: set[str]) -> str:
    """The likeliest address in the words: the surest form first; our own only in the surest, the robot's never."""
    for forms, others in ((RECIPIENTS, ours), (RECIPIENTS[:3], set())):
        for form in forms:
            for found in form.finditer(text):
                if found[1].lower() not in others and not ROBOT.search(found[1]):
                    return found[1]
    return ""


def _status(text: str) -> str:
    if said := STATUS.search(text):
        return said[1]
    code = REPLY_CODE.search(text)
    return f"{code[1]}.0.0" if code else ""


def _original_id(data: bytes, parts: list[Part], text: str) -> str:
    """The Message-ID of what came back: from the attached original, else from its head in the words."""
    for part in parts:
        if part.type.value in ORIGINALS:
            body = body_of(data, part, Notes())[: 2 * READ]
            headers, _ = read_headers(body + b"\n\n", 0, len(body) + 2, Notes())
            found = re.search(r"<[^<>\s]{1,500}>", headers.raw("message-id"))
            if found:
                return found[0]
    in_words = MESSAGE_ID.search(text)
    return in_words[1] if in_words else ""
