"""The form as a page. The portal shows it, and `verify` shows it again, with what was typed, when it refuses a post."""

import math
from collections.abc import Mapping
from typing import Any

from hark.channels.form.fields import EMBED, FILES, LONGEST, STAMP, TALK, TRAP, Field, message_field, settings_of
from hark.channels.form.stamps import Stamp, talk_token
from hark.channels.kit.sites import frame_ancestors
from hark.channels.types import Account, Reply

MOST_FILE_BYTES = 4_000_000  # of one post; what surrounds them has room beside
TEMPLATE = "channels/form.html"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; require-trusted-types-for 'script'; frame-ancestors {ancestors}"
)
AUTOCOMPLETE = {"name": "name", "email": "email", "phone": "tel"}
INPUT_TYPE = {"text": "text", "email": "email", "phone": "tel"}


def form_page(
    account: Account,
    stamp: Stamp,
    *,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    trouble: str = "",
) -> str:
    """The page's HTML, escaped throughout. `errors` are by field, `trouble` concerns the whole post.

    A post that goes on with an earlier talk shows the message alone. A fresh page is given no values.
    """
    from django.template.loader import render_to_string

    settings, typed = settings_of(account), values or {}
    talk = typed.get(TALK, "")
    fields = (message_field(settings),) if talk else settings.fields
    wrong = errors or {}
    return render_to_string(
        TEMPLATE,
        {
            "settings": settings,
            "key": account.key,
            "fields": [_drawn(field, typed.get(field.name, ""), wrong.get(field.name, "")) for field in fields],
            "errors": [(f"f-{field.name}", field.label, wrong[field.name]) for field in fields if field.name in wrong],
            "trouble": trouble,
            "hidden": {STAMP: stamp.text, TALK: talk, EMBED: "1" if typed.get(EMBED) else ""},
            "trap": TRAP,
            "files": FILES if settings.files else "",
            "most_files": MOST_FILE_BYTES,
            "embedded": bool(typed.get(EMBED)),
        },
    )


def _drawn(field: Field, value: str, error: str) -> dict[str, Any]:
    marks = [f"f-{field.name}-{part}" for part, there in (("help", field.help), ("error", error)) if there]
    return {
        "name": field.name,
        "label": field.label,
        "type": field.type,
        "input": INPUT_TYPE.get(field.type, ""),
        "required": field.required,
        "help": field.help,
        "options": field.options,
        "value": value,
        "error": error,
        "described": " ".join(marks),
        "longest": LONGEST[field.type],
        "rows": max(5, min(14, math.ceil(len(value) / 60))),
        "autocomplete": AUTOCOMPLETE.get("name" if field.name == "name" else field.type, "on"),
    }


def form_headers(account: Account) -> tuple[tuple[str, str], ...]:
    """The headers of every page of the form: what it may load, and who may show it in a frame.

    `no-store`, so that going back opens a fresh form with a fresh one-time number instead of one that was used.
    """
    return (
        ("Content-Security-Policy", POLICY.format(ancestors=frame_ancestors(account))),
        ("Referrer-Policy", "no-referrer"),
        ("X-Content-Type-Options", "nosniff"),
        ("Cache-Control", "no-store"),
    )


def page_reply(account: Account, status: int, html: str) -> Reply:
    """A page as the front door answers it."""
    return Reply(status, html.encode(), "text/html; charset=utf-8", form_headers(account))


def thanks_address(account: Account, nonce: str, values: Mapping[str, str]) -> str:
    """Where a taken post leads: the acknowledgement, or back to the talk that it went on with."""
    if values.get(TALK):
        return f"/form/{account.key}/talk/{values[TALK]}/?sent=1"
    return f"/form/{account.key}/thanks/{talk_token(account, nonce)}/{'?embed=1' if values.get(EMBED) else ''}"
