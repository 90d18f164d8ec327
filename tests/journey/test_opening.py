"""What opens a case, and what was said to us is about us whether or not our name is in it."""

from dataclasses import replace

import pytest

from hark.channels.types import Account, Inbound, Mention, Person
from hark.journey.opening import addressed, reason_to_open
from hark.organisation.models import Brand

PLUM = Brand(name="Plum", handles=["@plumcare"])
NOISE = {"relevance": {"p": 0.03, "label": "irrelevant"}, "complaint": {"p": 0.9}, "abstain": []}
OURS = {**NOISE, "relevance": {"p": 0.9, "label": "relevant"}}


def said(text: str, **more: object) -> Inbound:
    """A message by somebody."""
    return Inbound("message", text=text, author=Person("u1"), **{"visibility": "public", **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("inbound", "reading", "why"),
    [
        (said("hello", visibility="private"), NOISE, "Private message"),
        (said("Why must I call to cancel?", targets_us="owned_venue"), NOISE, "On our own page"),
        (said("Waited an hour", targets_us="owned_venue", rating=1), NOISE, "Review, 1 of 5"),
        (said("and now?", targets_us="reply"), NOISE, "Reply to us"),
        (said("@plumcare help", targets_us="mention"), NOISE, "Mentions us"),
        (said("plum jam with the mention of a namesake", targets_us="mention"), NOISE, ""),
        (said("no network, Plum", targets_us="keyword"), OURS, "About us, a complaint"),
        (said("no network, Plum", targets_us="keyword"), {**OURS, "abstain": ["complaint"]}, ""),
        (said("plum cake", targets_us="keyword"), NOISE, ""),
        (said("plum cake"), OURS, ""),
        (said("old", visibility="private", policy=("backfilled",)), OURS, ""),
    ],
)
def test_case_opens_with_its_reason(inbound: Inbound, reading: dict[str, object], why: str) -> None:
    assert reason_to_open(inbound, reading, PLUM) == why


def test_only_what_was_addressed_to_us_needs_no_reading_of_relevance() -> None:
    assert addressed(said("x", visibility="private"))
    assert addressed(said("x", targets_us="owned_venue"))
    assert not addressed(said("x", targets_us="mention"))
    assert not addressed(said("x", targets_us="keyword"))


def test_the_channels_own_name_and_a_mention_of_its_account_count_as_ours() -> None:
    told = {"relevance": {"label": "irrelevant", "p": 0.1}}
    account = Account("chan", self_ids=frozenset({"did:plc:1"}), handles=frozenset({"@plum.example"}))
    plain = Inbound("message", text="@Plum.example and a jar of jam", visibility="public", targets_us="mention")
    marked = replace(plain, text="you two", mentions=(Mention("did:plc:1", "plum", 0, 3),))
    for inbound in (plain, marked):
        assert reason_to_open(inbound, told, PLUM) == ""
        assert reason_to_open(inbound, told, PLUM, account=account) == "Mentions us"
