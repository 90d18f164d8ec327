"""How a public reply is signed with its author, as the brand wants it. Pure."""

from hark.conversations.types import Visibility
from hark.organisation.types import PublicSignature


def signature(name: str, how: str, visibility: str) -> str:
    """`^TO` or `– Tessa` under what others read too; nothing under what is private, or where the brand speaks."""
    words = name.split()
    if visibility == Visibility.PRIVATE or not words or how == PublicSignature.NOBODY:
        return ""
    return f"– {words[0]}" if how == PublicSignature.NAME else f"^{initials(name)}"


def initials(name: str) -> str:
    """`TO`: of the first word and the last."""
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


def signed(text: str, sign: str) -> str:
    """The text as it leaves; one that its author has signed already is left alone."""
    return text if not sign or not text.strip() or text.rstrip().endswith(sign) else f"{text.rstrip()} {sign}"
