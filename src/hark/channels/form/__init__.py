"""The contact form: a page of ours, hosted or embedded, that works without script and keeps robots out by itself."""

from hark.channels.form.fields import Field, FormSettings, settings_of
from hark.channels.form.page import form_headers, form_page, thanks_address
from hark.channels.form.stamps import Stamp, new_stamp, talk_of, talk_token
from hark.channels.form.venue import ContactForm

__all__ = [
    "ContactForm",
    "Field",
    "FormSettings",
    "Stamp",
    "form_headers",
    "form_page",
    "new_stamp",
    "settings_of",
    "talk_of",
    "talk_token",
    "thanks_address",
]
