"""A venue that speaks JSON: one call, its answer, and a refusal in the venue's own words."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from hark.channels.errors import Refused, Retry, SendError
from hark.channels.kit.careful_json import MAX_BATCH_BYTES, Json, Unreadable, loads
from hark.channels.kit.multipart import multipart
from hark.channels.kit.once import READS, Refusal, attempt, error_of
from hark.channels.kit.words import text_of
from hark.kernel.http import TOTAL_SECONDS, HttpRequest, HttpResponse

Pairs = Iterable[tuple[str, str]]
WORDS = ("error_description", "description", "message", "error", "reason")  # where venues say why


@dataclass(frozen=True, slots=True)
class JsonApi:
    """Where a venue listens and how we are known there. `refusal` says what an answer other than 2xx means."""

    base: str = field(repr=False)  # some venues want a token in it
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    refusal: Refusal | None = None
    seconds: float = TOTAL_SECONDS

    def get(self, path: str, query: Pairs = ()) -> Json:
        """What the venue says; raises one of the four errors, Retry too where its answer is no JSON."""
        return self._called("GET", path, query, {}, b"")

    def send(self, method: str, path: str, said: Json, headers: Mapping[str, str] | None = None) -> Json:
        """One call with a JSON body. An answer that is no JSON is empty: it was taken all the same."""
        more = {"content-type": "application/json", **(headers or {})}
        return self._called(method, path, (), more, json.dumps(said).encode())

    def submit(self, path: str, fields: Mapping[str, str]) -> Json:
        """One POST of a form."""
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return self._called("POST", path, (), kind, urlencode(fields).encode())

    def upload(self, path: str, fields: Mapping[str, str], files: Iterable[tuple[str, str, str, bytes]]) -> Json:
        """One POST of a form with files (field, name, type, bytes)."""
        kind, body = multipart(fields, files)
        return self._called("POST", path, (), {"content-type": kind}, body)

    def _called(self, method: str, path: str, query: Pairs, headers: Mapping[str, str], body: bytes) -> Json:
        asked = urlencode(list(query))
        request = HttpRequest(
            method,
            f"{self.base}{path}{'?' + asked if asked else ''}",
            {"accept": "application/json", **self.headers, **headers},
            body,
            max_bytes=MAX_BATCH_BYTES,
            total_seconds=self.seconds,
        )
        response = attempt(request, refusal=self.refusal or in_its_words)
        try:
            return loads(response.body, max_bytes=MAX_BATCH_BYTES)
        except Unreadable as problem:
            if method in READS:
                raise Retry(detail="the venue's answer could not be read") from problem
            return {}


def in_its_words(response: HttpResponse) -> SendError:
    """A refusal with the reason that the venue gives, for the agent who wrote the reply."""
    error, words = error_of(response), reason_of(response)
    return Refused(error.code, f"It was refused there: {words}") if isinstance(error, Refused) and words else error


def reason_of(response: HttpResponse) -> str:
    """What the venue says of its refusal, or nothing."""
    try:
        said = mapping(loads(response.body))
    except Unreadable:
        return ""
    found = (
        [text_of(one) for one in said["errors"] if isinstance(one, str)] if isinstance(said.get("errors"), list) else []
    )
    found += [text_of(said.get(name)) for name in WORDS]
    return next((words.strip()[:200] for words in found if words.strip()), "")


def mapping(value: Json) -> dict[str, Any]:
    """The object that it is, or an empty one."""
    return value if isinstance(value, dict) else {}


def mappings(value: Json, most: int = 1_000) -> list[dict[str, Any]]:
    """The objects in a list, the first `most`; nothing where it is no list."""
    return [one for one in value if isinstance(one, dict)][:most] if isinstance(value, list) else []


def places_in(cursor: str) -> dict[str, Any]:
    """A cursor that holds several places, as it was written by `as_cursor`; empty where it cannot be read."""
    try:
        return mapping(loads(cursor.encode("utf-8", "replace")))
    except Unreadable:
        return {}


def as_cursor(places: Mapping[str, Any]) -> str:
    """The places of several sources as one text: the same places are the same text."""
    return json.dumps(places, sort_keys=True, separators=(",", ":"))
