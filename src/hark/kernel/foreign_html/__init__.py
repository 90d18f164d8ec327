"""HTML of strangers, made harmless. Only called inside a child that may be killed (`hark.kernel.hostile`).

Takes any text. Gives markup from a short allow-list, its words, and what was hidden in it. Never fetches, never raises.
Without Django, so that a child is quickly there; what we mark up ourselves is in `hark.kernel.html`.
"""

from hark.kernel.foreign_html.cleaning import clean_html, cleaned_in_steps, cleaned_together
from hark.kernel.foreign_html.scanning import html_text
from hark.kernel.foreign_html.walking import CleanHtml

__all__ = ["CleanHtml", "clean_html", "cleaned_in_steps", "cleaned_together", "html_text"]
