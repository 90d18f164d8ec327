"""One HTTP attempt at a venue, with the four errors (channels reference, section 2.4)."""

from collections.abc import Callable

from hark.channels.errors import Ambiguous, AuthLost, Refused, Retry, SendError
from hark.kernel import http

ANSWERED = range(200, 300)
Refusal = Callable[[http.HttpResponse], SendError]
READS = frozenset({"GET", "HEAD"})


def attempt(request: http.HttpRequest, *, refusal: Refusal | None = None) -> http.HttpResponse:
    """The venue's 2xx answer to exactly one request.

    `refusal` says what another answer means, in place of `error_of`.
    Raises Retry (nothing was written, 429, 5xx), AuthLost (401), Refused (any other answer) or Ambiguous (the line
    broke after bytes had been written, so that the venue may have taken it).
    """
    try:
        response = http.fetch(request)
    except http.AddressRefused as error:
        raise Refused("address", "Hark may not connect to this address; an owner can allow it.") from error
    except http.NotConnected as error:
        raise Retry(detail="no connection") from error
    except http.TooLarge as error:
        raise _broken(request, Refused("too_large", "This is larger than Hark takes.")) from error
    except http.BrokenAfterWrite as error:
        raise _broken(request, Retry(detail="the line broke")) from error
    if response.status in ANSWERED:
        return response
    raise (refusal or error_of)(response)


def _broken(request: http.HttpRequest, error: SendError) -> SendError:
    """Reading again harms nobody; a reply may have been taken."""
    return error if request.method in READS else Ambiguous("the line broke after the reply had left")


def sentence_of(error: SendError) -> str:
    """What went wrong, for an administrator."""
    return error.human if isinstance(error, Refused) else error.detail or error.message


def error_of(response: http.HttpResponse) -> SendError:
    """The error that an answer other than 2xx means."""
    status = response.status
    if status == 429 or status >= 500:
        return Retry(retry_after(response), f"the venue answered {status}")
    if status == 401:
        return AuthLost("the venue answered 401")
    return Refused(str(status), f"The venue refused this reply (code {status}).")


def retry_after(response: http.HttpResponse) -> float | None:
    """The seconds of Retry-After where they are a sane number; the form with a date is left to our own back-off."""
    said = response.headers.get("retry-after", "").strip()
    return float(said) if said.isascii() and said.isdigit() and len(said) <= 6 else None
