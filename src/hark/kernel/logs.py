"""Logs without secrets and without personal data."""

import logging
import re

AFTER_A_NAME = r"(?i)(authorization|password|secret|token|key)([\"']?\s*[:=]\s*)(bearer\s+)?[^\s\"',&]+"
PATTERNS = [
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+"), "[address]"),
    (re.compile(r"([?&]code=)[^\s&\"']+"), r"\1[hidden]"),  # of a sign-in by OAuth, in an address
    (re.compile(AFTER_A_NAME), r"\1\2[hidden]"),
    (re.compile(r"(postgres(?:ql)?://[^:/@\s]+):[^@\s]+@"), r"\1:[hidden]@"),
]


class Redact(logging.Filter):
    """Cuts addresses, secrets and passwords out of every line, whoever wrote it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the finished message; always keeps the record."""
        text = record.getMessage()
        for pattern, instead in PATTERNS:
            text = pattern.sub(instead, text)
        record.msg, record.args = text, None
        return True
