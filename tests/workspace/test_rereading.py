"""The page where old messages are read again."""

from hark.conversations.models import Rereading
from hark.organisation.models import AuditEntry
from tests.workspace.fixtures import SignedIn, page_of
from tests.workspace.makers import World, known, say

PAGE = "/settings/rereading/"


def test_it_is_started_paused_gone_on_with_and_cancelled(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.owner)
    assert "Nothing has been read again yet" in page_of(client.get(PAGE))
    assert client.post(PAGE, {"act": "start"}).status_code == 422
    say(world.square, known("ann"), "My bill is wrong")
    assert client.post(PAGE, {"act": "start", "brand": world.brand.key, "since": "2020-01-01"})["Location"] == PAGE
    page = page_of(client.get(PAGE))
    assert "0 of 1 messages, 0 %" in page
    assert 'hx-get="/settings/rereading/progress/"' in page
    for act, state in (("pause", "paused"), ("go_on", "running"), ("cancel", "cancelled")):
        client.post(PAGE, {"act": act})
        assert Rereading.objects.get().state == state
    assert "hx-get" not in client.get(f"{PAGE}progress/").content.decode()
    verbs = set(AuditEntry.objects.values_list("verb", flat=True))
    assert {"readings.again", "readings.paused", "readings.running", "readings.cancelled"} <= verbs


def test_second_run_beside_one_that_goes_on_is_refused_in_words(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.owner)
    say(world.square, known("ann"), "My bill is wrong")
    client.post(PAGE, {"act": "start"})
    refused = client.post(PAGE, {"act": "start"})
    assert refused.status_code == 422
    assert "being read again already" in refused.content.decode()


def test_what_changed_is_shown_in_sum(world: World, signed_in: SignedIn) -> None:
    say(world.square, known("ann"), "My bill is wrong")
    client = signed_in(world.owner)
    client.post(PAGE, {"act": "start"})
    Rereading.objects.update(
        state="done",
        alive=None,
        done=1,
        compared=200,
        model_version="2027.1+ab<b>",
        changes={"sentiment": {"neutral>negative": 30, "negative>": 4}, "flags.leave": {"false>true": 6}},
        agreement={"corrected": 9, "before": 4, "now": 7},
    )
    page = page_of(client.get(PAGE))
    assert "30 neutral → negative, 4 negative → nothing said" in page
    assert "6 not set → set" in page
    assert "17.0 %" in page
    assert "2027.1+ab&lt;b&gt;" in page
    assert "said the same of 4, the new ones of 7" in page


def test_page_is_not_there_for_those_who_may_not(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.tessa)
    assert client.get(PAGE).status_code == 404
    assert client.post(PAGE, {"act": "start"}).status_code == 404
    assert client.get(f"{PAGE}progress/").status_code == 404
