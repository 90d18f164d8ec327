"""Web chat: the venue is a page of ours. Visitors' signed tokens in, lines of chat in, answers shown by the portal."""

from hark.channels.webchat.tokens import Visitor, mint, visitor_of
from hark.channels.webchat.venue import WebChat

__all__ = ["Visitor", "WebChat", "mint", "visitor_of"]
