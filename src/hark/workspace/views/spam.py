"""Spam from the stream: one key says so, the same key takes it back."""

from django.http import HttpRequest, HttpResponse

from hark.conversations.actions.spam import mark_no_spam, mark_spam
from hark.organisation.types import Right
from hark.workspace.actions.acts import author_of
from hark.workspace.views.answers import message_of
from hark.workspace.views.cases import corrected_in_stream
from hark.workspace.views.desk import agent_of, desk


@desk("POST", right=Right.ANSWER)
def spam(request: HttpRequest, key: str) -> HttpResponse:
    """A message of the stream, with all that say the same, is spam, or is none."""
    agent = agent_of(request)
    message = message_of(agent, key)
    if request.POST.get("spam") == "yes":
        many = mark_spam(message_id=message.pk, author=author_of(agent))
        return corrected_in_stream(request, f"Spam: {many} message{'' if many == 1 else 's'}. They stand under Spam.")
    case = mark_no_spam(message_id=message.pk, author=author_of(agent))
    return corrected_in_stream(request, "No spam. It is a case now." if case else "No spam.")
