"""Spam from the stream: one key says so, the same key takes it back."""

from django.http import HttpRequest, HttpResponse

from hark.conversations.actions.spam import mark_case_no_spam, mark_case_spam, mark_no_spam, mark_spam
from hark.organisation.types import Right
from hark.workspace.actions.acts import author_of
from hark.workspace.views.answers import changed, message_of
from hark.workspace.views.cases import corrected_in_stream
from hark.workspace.views.desk import agent_of, desk


@desk("POST", right=Right.ANSWER)
def spam(request: HttpRequest, key: str) -> HttpResponse:
    """A message of the stream, with all that say the same, is spam, or is none; of a case, the case."""
    agent = agent_of(request)
    message, author = message_of(agent, key), author_of(agent)
    is_spam, home = request.POST.get("spam") == "yes", message.conversation.case
    if home is not None:
        act = mark_case_spam if is_spam else mark_case_no_spam
        return changed(request, act(case_id=home.pk, actor=author))
    if is_spam:
        many = mark_spam(message_id=message.pk, author=author)
        return corrected_in_stream(request, f"Spam: {many} message{'' if many == 1 else 's'}. They stand under Spam.")
    case = mark_no_spam(message_id=message.pk, author=author)
    return corrected_in_stream(request, "No spam. It is a case now." if case else "No spam.")
