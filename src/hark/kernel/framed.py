"""A stranger's formatted message as a page of its own, which can do nothing: no script, no form, no request.

It is cleaned (`kernel.html`) before it is stored; this page would hold it even if it were not. Pictures are written
into the page, so that it loads nothing at all, and no cookie of ours has to reach into a frame without an origin.
"""

import base64
import hashlib
import html
import re
from collections.abc import Callable

from hark.kernel.files import type_of

STYLE = (
    ":root{color-scheme:light}body{margin:12px;font:15px/1.5 system-ui,sans-serif;color:#121717;background:#fff;"
    "overflow-wrap:anywhere}img{max-width:100%;height:auto}table{border-collapse:collapse;max-width:100%}"
    "td,th{padding:2px 6px;vertical-align:top}pre{white-space:pre-wrap}blockquote{margin:0 0 0 8px;padding-left:8px;"
    "border-left:2px solid #c3cbcb}a{color:#0a665f}"
    "img:not([src]){border:1px dashed #788484;padding:2px 6px;color:#586363}"
)
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; img-src data:; style-src 'sha256-{STYLE_HASH}'; sandbox; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)
PICTURE = re.compile(r' (?:src="(cid:[^"]{1,500})"|data-remote-src="([^"]{1,2000})")')


def framed_page(fragment: str, picture: Callable[[str], bytes | None]) -> str:
    """The page around a cleaned fragment. `picture` gives the bytes for an address or `cid:…`, or None."""

    def put(found: re.Match[str]) -> str:
        raw = picture(html.unescape(found[1] or found[2]))
        if raw is None:
            return "" if found[1] else found[0]  # its words stand in its place, and nothing is asked for
        return f' src="data:{type_of(raw[:32])};base64,{base64.b64encode(raw).decode()}"'

    body = PICTURE.sub(put, fragment)
    return (
        '<!doctype html><html><head><meta charset="utf-8"><meta name="referrer" content="no-referrer">'
        f"<title>Message</title><style>{STYLE}</style></head><body>{body}</body></html>"
    )
