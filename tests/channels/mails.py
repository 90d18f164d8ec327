"""Mails of customers, made for the tests."""

from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from itertools import count

numbers = count(1)
CUSTOMER = "maud@mail.example"


def a_mail(text: str = "My SIM will not activate.", **more: str) -> bytes:
    """A customer's mail. `more` are headers with `_` for `-`; an empty one is left out."""
    headers = {
        "From": f"Maud Terlinden <{CUSTOMER}>",
        "To": "care@plum.example",
        "Subject": "My SIM",
        "Date": format_datetime(datetime.now(UTC)),
        "Message-ID": f"<m{next(numbers)}@mail.example>",
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    mail = EmailMessage(policy=SMTP.clone(max_line_length=900))
    for name, value in headers.items():
        if value:
            mail[name] = value
    mail.set_content(text, cte="base64")
    return mail.as_bytes()
