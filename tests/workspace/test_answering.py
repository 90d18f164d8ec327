"""Answering from the page: what the form sends, what is refused, what the page is told."""

import json
from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.test import Client

from hark.contacts.models import Identity
from hark.conversations.models import Draft, HeldReply, Message, Note
from hark.conversations.queries.readings import corrected, corrections_of, newest_reading
from hark.conversations.types import Visibility
from hark.delivery.models import OutboxItem
from hark.kernel.ids import new_uuid
from hark.kernel.time import now
from hark.organisation.models import Channel
from hark.organisation.types import Role
from hark.workspace.queries.words import until
from tests.workspace.fixtures import SignedIn, page_of
from tests.workspace.makers import World, case_of, known, make_role, maud, say

HTMX = {"HX-Request": "true"}
ASKED: dict[str, Any] = {"visibility": Visibility.PUBLIC, "targets_us": "mention"}  # in public, of us


def answer(client: Client, message: Message, **changes: Any) -> HttpResponse:
    """Send the composer's form under a message that the page has shown."""
    fields = {
        "kind": message.visibility,
        "text": "We look into it.",
        "conversation": message.conversation.key,
        "seen": f"{message.conversation.key}:{message.pk}",
        "send_key": str(new_uuid()),
        **changes,
    }
    return client.post(f"/case/{case_of(message).key}/answer/", fields, headers=HTMX)


def test_reply_is_stored_with_its_out_box_row_and_the_page_shows_undo(world: World, signed_in: SignedIn) -> None:
    message = say(world.chat, known("ann"), "My SIM will not activate.")
    told = answer(signed_in(world.tessa), message)
    assert told.status_code == 200
    assert "Your reply leaves in" in told.content.decode()
    assert json.loads(told["HX-Trigger-After-Settle"])["hark:changed"]["case"] == case_of(message).key
    assert OutboxItem.objects.get().payload["text"] == "We look into it."


def test_form_sent_twice_makes_one_reply(world: World, signed_in: SignedIn) -> None:
    message, client, key = say(world.chat, known("ann"), "Hello?"), signed_in(world.tessa), str(new_uuid())
    for _ in range(2):
        assert answer(client, message, send_key=key).status_code == 200
    assert OutboxItem.objects.count() == 1


def test_reply_without_its_key_is_not_sent(world: World, signed_in: SignedIn) -> None:
    message = say(world.chat, known("ann"), "Hello?")
    assert answer(signed_in(world.tessa), message, send_key="").status_code == 404
    assert not OutboxItem.objects.exists()


def test_stale_reply_is_stopped_with_the_difference_and_sent_by_one_more_key(world: World, signed_in: SignedIn) -> None:
    author, client = known("ann"), signed_in(world.tessa)
    seen = say(world.chat, author, "My SIM will not activate.", ago=60)
    say(world.chat, author, "Forget it, it works now!", ago=5)
    stopped = answer(client, seen, text="Please restart it.")
    page = stopped.content.decode()
    assert stopped.status_code == 422
    assert "Not sent." in page
    assert "Forget it, it works now!" in page
    assert "Please restart it." in page
    assert not OutboxItem.objects.exists()
    assert answer(client, seen, text="Please restart it.", anyway="1").status_code == 200
    assert OutboxItem.objects.count() == 1


def test_second_of_two_agents_is_stopped_and_shown_the_first_answer(world: World, signed_in: SignedIn) -> None:
    message = say(world.chat, known("ann"), "My SIM will not activate.")
    answer(signed_in(world.tessa), message, text="Tessa was first.")
    stopped = answer(signed_in(world.ruben), message, text="Ruben too.")
    assert stopped.status_code == 422
    assert "Tessa was first." in stopped.content.decode()
    assert OutboxItem.objects.count() == 1


def test_private_talk_offers_no_public_reply_and_says_why(world: World, signed_in: SignedIn) -> None:
    message, client = say(world.chat, known("ann"), "My number is 0470."), signed_in(world.tessa)
    page = page_of(client.get(f"/case/{case_of(message).key}/"))
    assert "This talk is private. Nothing in it can be made public." in page
    assert 'value="private" checked' in page
    refused = answer(client, message, kind="public")
    assert refused.status_code == 422
    assert not OutboxItem.objects.exists()


def test_public_talk_opens_public_and_its_button_says_so(world: World, signed_in: SignedIn) -> None:
    _, said = maud(world)
    page = page_of(signed_in(world.tessa).get(f"/case/{case_of(said[-1]).key}/"))
    assert 'value="public" checked' in page
    assert "Reply in public" in page
    assert "Everyone can read this." in page


def test_paused_channel_says_why_nothing_can_be_sent(world: World, signed_in: SignedIn) -> None:
    message = say(world.chat, known("ann"), "Hello?")
    type(world.chat).objects.filter(pk=world.chat.pk).update(state="paused")
    page = page_of(signed_in(world.tessa).get(f"/case/{case_of(message).key}/"))
    assert "This channel is paused by an administrator." in page
    assert 'value="note" checked' in page


def test_note_is_kept_and_never_in_the_out_box(world: World, signed_in: SignedIn) -> None:
    message = say(world.chat, known("ann"), "Hello?")
    light = make_role(world, Role.LIGHT_AGENT)
    assert answer(signed_in(light), message, kind="note", note="She called twice.").status_code == 200
    assert Note.objects.get().text == "She called twice."
    assert not OutboxItem.objects.exists()
    assert answer(signed_in(light), message).status_code == 404
    assert not OutboxItem.objects.exists()


def test_taken_back_reply_stands_in_the_composer_again(world: World, signed_in: SignedIn) -> None:
    message, client = say(world.chat, known("ann"), "Hello?"), signed_in(world.tessa)
    answer(client, message, text="Too quick.")
    ours = Message.objects.get(direction="out")
    page = page_of(client.post(f"/message/{ours.key}/take-back/", headers=HTMX))
    assert "Taken back" in page
    assert ">Too quick.</textarea>" in page
    assert OutboxItem.objects.get().state == "cancelled"


def test_reply_of_another_agent_is_not_mine_to_take_back(world: World, signed_in: SignedIn) -> None:
    message = say(world.chat, known("ann"), "Hello?")
    answer(signed_in(world.tessa), message)
    ours = Message.objects.get(direction="out")
    assert signed_in(world.ruben).post(f"/message/{ours.key}/take-back/", headers=HTMX).status_code == 404
    assert OutboxItem.objects.get().state == "queued"


def test_draft_is_kept_per_agent_and_shown_to_nobody_else(world: World, signed_in: SignedIn) -> None:
    message = say(world.chat, known("ann"), "Hello?")
    case = case_of(message)
    client = signed_in(world.tessa)
    assert client.post(f"/case/{case.key}/draft/", {"kind": "reply", "text": "Half a sent"}).status_code == 204
    assert "Half a sent</textarea>" in page_of(client.get(f"/case/{case.key}/"))
    assert "Half a sent" not in page_of(signed_in(world.ruben).get(f"/case/{case.key}/"))
    answer(client, message)
    assert not Draft.objects.exists()


def test_reply_that_may_have_been_sent_offers_three_choices(world: World, signed_in: SignedIn) -> None:
    message, client = say(world.square, known("ann"), "Hello?"), signed_in(world.tessa)
    answer(client, message)
    OutboxItem.objects.update(state="ambiguous")
    page = page_of(client.get(f"/case/{case_of(message).key}/"))
    assert "may have been sent." in page
    for words in ("It is there", "Send again", "Drop it"):
        assert words in page
    ours = Message.objects.get(direction="out")
    assert client.post(f"/message/{ours.key}/settle/", {"how": "it_was_sent"}, headers=HTMX).status_code == 204
    assert OutboxItem.objects.get().state == "sent"


def test_refused_reply_is_red_and_says_what_to_do(world: World, signed_in: SignedIn) -> None:
    message, client = say(world.square, known("ann"), "Hello?"), signed_in(world.tessa)
    answer(client, message)
    OutboxItem.objects.update(state="refused", error="The venue wants a shorter text")
    page = page_of(client.get(f"/case/{case_of(message).key}/"))
    assert "receipt--bad" in page
    assert "The venue wants a shorter text" in page
    assert "Send again" in page


def test_correction_changes_what_everybody_sees(world: World, signed_in: SignedIn) -> None:
    message, client = say(world.chat, known("ann"), "Hello?"), signed_in(world.tessa)
    form = {"urgency": "critical", "was_urgency": "normal", "complaint": "false", "was_complaint": "false"}
    told = client.post(f"/message/{message.key}/correct/", form, headers=HTMX)
    assert told.status_code == 204
    reading = newest_reading(message)
    assert reading
    shown = corrected(reading, corrections_of([message.pk])[message.pk])
    assert (shown.urgency, shown.corrected) == ("critical", ("urgency",))
    page = page_of(signed_in(world.ruben).get(f"/case/{case_of(message).key}/"))
    assert "Critical" in page
    assert "corrected by Tessa Okonedo" in page


def test_status_and_holder_are_set_from_the_head(world: World, signed_in: SignedIn) -> None:
    case, client = case_of(say(world.chat, known("ann"), "Hello?")), signed_in(world.tessa)
    for act, status in (("wait", "waiting"), ("reopen", "open"), ("resolve", "resolved"), ("reopen", "open")):
        assert client.post(f"/case/{case.key}/status/", {"act": act}, headers=HTMX).status_code == 204
        case.refresh_from_db()
        assert case.status == status
    client.post(f"/case/{case.key}/holder/", {"to": "me"}, headers=HTMX)
    case.refresh_from_db()
    assert case.assignee == world.tessa
    client.post(f"/case/{case.key}/holder/", {"to": world.ruben.key}, headers=HTMX)
    case.refresh_from_db()
    assert case.assignee == world.ruben
    client.post(f"/case/{case.key}/holder/", {"to": ""}, headers=HTMX)
    case.refresh_from_db()
    assert case.assignee is None


def test_case_is_never_given_to_someone_who_cannot_see_it(world: World, signed_in: SignedIn) -> None:
    case, client = case_of(say(world.chat, known("ann"), "Hello?")), signed_in(world.tessa)
    refused = client.post(f"/case/{case.key}/holder/", {"to": world.stranger.key}, headers=HTMX)
    assert refused.status_code == 422
    case.refresh_from_db()
    assert case.assignee is None


def test_stream_post_becomes_a_case_of_the_one_who_opened_it(world: World, signed_in: SignedIn) -> None:
    message = say(world.square, known("tram"), "No signal with Plum", case_reason="", visibility=Visibility.PUBLIC)
    told = signed_in(world.tessa).post(f"/message/{message.key}/case/", headers=HTMX)
    message.refresh_from_db()
    case = case_of(message)
    assert told["HX-Redirect"] == f"/case/{case.key}/"
    assert case.assignee == world.tessa


def test_where_the_venue_takes_no_reply_the_composer_leads_there_and_takes_the_answer_down(
    world: World, signed_in: SignedIn
) -> None:
    message = say(world.square, known("ann"), "@plumcare my kettle is broken", visibility=Visibility.PUBLIC)
    case, client = case_of(message), signed_in(world.tessa)
    Identity.objects.update(stopped_at=now())
    assert "Answer at the venue" not in page_of(client.get(f"/case/{case.key}/"))
    Message.objects.update(permalink="https://square.example/p/1")
    page = page_of(client.get(f"/case/{case.key}/"))
    assert 'href="https://square.example/p/1"' in page
    assert "This person has asked for no more messages here." in page
    form = {"conversation": message.conversation.key, "kind": "public", "send_key": str(new_uuid())}
    assert client.post(f"/case/{case.key}/there/", {**form, "act": "went"}, headers=HTMX).status_code == 204
    answered = {**form, "act": "answered", "text": "We look at it."}
    assert client.post(f"/case/{case.key}/there/", answered, headers=HTMX).status_code == 200
    page = page_of(client.get(f"/case/{case.key}/"))
    assert "went to the venue to answer there" in page
    assert "answered at the venue, as we were told" in page
    assert Message.objects.get(direction="out").text == "We look at it."
    assert not OutboxItem.objects.exists()


def test_who_only_reads_says_nothing_of_answers_elsewhere(world: World, signed_in: SignedIn) -> None:
    message = say(world.chat, known("ann"), "Hello?")
    form = {"conversation": message.conversation.key, "kind": "private", "send_key": str(new_uuid()), "act": "answered"}
    light = make_role(world, Role.LIGHT_AGENT)
    assert signed_in(light).post(f"/case/{case_of(message).key}/there/", form).status_code == 404
    assert not Message.objects.filter(direction="out").exists()


def test_composer_counts_down_to_the_end_of_the_window(world: World, signed_in: SignedIn) -> None:
    message, client = say(world.square, known("ann"), "Hello?"), signed_in(world.tessa)
    page = f"/case/{case_of(message).key}/"
    assert "You can answer here until" not in page_of(client.get(page))
    ends = now() + timedelta(hours=3, minutes=5, seconds=30)
    Message.objects.filter(pk=message.pk).update(reply_until=ends)
    shown = page_of(client.get(page))
    assert f"You can answer here until {until(ends, now())}," in shown
    assert f'data-count-down="{ends.timestamp():.6f}"' in shown
    assert ">3 h 05</b> left." in shown
    Message.objects.filter(pk=message.pk).update(reply_until=now())
    shown = page_of(client.get(page))
    assert "You can answer here until" not in shown
    assert "The time in which this venue lets us answer is over." in shown


def test_line_in_public_goes_along_with_a_private_reply_when_asked(world: World, signed_in: SignedIn) -> None:
    message, client = say(world.square, known("ann"), "Bill?", **ASKED), signed_in(world.tessa)
    page = f"/case/{case_of(message).key}/"
    assert 'name="aside"' not in page_of(client.get(page))
    Channel.objects.filter(pk=world.square.pk).update(settings={**world.square.settings, "moves": "always"})
    shown = page_of(client.get(page))
    assert 'name="aside" value="public" data-aside="Reply in private, say so in public">' in shown
    assert ">We have written to you privately.</textarea>" in shown
    told = answer(client, message, kind="private", aside="public", line="We have written to you.")
    assert told.status_code == 200
    shown = page_of(client.get(page))
    assert "We have written to you." in shown
    assert "We look into it." in shown
    ours = Message.objects.filter(direction="out").order_by("id").values_list("visibility", "text")
    assert list(ours) == [("public", "We have written to you."), ("private", "We look into it.")]


def test_line_in_public_is_looked_at_again_and_kept_meanwhile(world: World, signed_in: SignedIn) -> None:
    message, client = say(world.square, known("ann"), "Bill?", **ASKED), signed_in(world.tessa)
    Channel.objects.filter(pk=world.square.pk).update(settings={**world.square.settings, "moves": "always"})
    form = {"kind": "private", "aside": "public", "line": "We have written to ann@example.org.", "text": "Hello."}
    stopped = answer(client, message, **form)
    assert stopped.status_code == 422
    shown = page_of(stopped)
    assert "Everybody could read this." in shown
    assert 'say so in public" checked>' in shown
    assert ">We have written to ann@example.org.</textarea>" in shown
    assert not OutboxItem.objects.exists()
    assert answer(client, message, **form, later="hour").status_code == 422
    assert not HeldReply.objects.exists()


def test_line_in_public_is_not_offered_where_a_colleague_approves(world: World, signed_in: SignedIn) -> None:
    message = say(world.square, known("ann"), "Bill?", **ASKED)
    settings = {**world.square.settings, "moves": "always"}
    Channel.objects.filter(pk=world.square.pk).update(settings=settings, needs_approval=True)
    client = signed_in(world.tessa)
    assert 'name="aside"' not in page_of(client.get(f"/case/{case_of(message).key}/"))
    assert answer(client, message, kind="private", aside="public", line="We wrote to you.").status_code == 422
    assert not Message.objects.filter(direction="out").exists()


def test_case_solved_in_private_is_closed_in_public_when_resolved(world: World, signed_in: SignedIn) -> None:
    message, client = say(world.square, known("ann"), "Bill?", **ASKED), signed_in(world.tessa)
    Channel.objects.filter(pk=world.square.pk).update(settings={**world.square.settings, "moves": "always"})
    page, talk = f"/case/{case_of(message).key}/", message.conversation.key
    answer(client, message, kind="private", aside="public", line="We have written to you.")
    assert "Close it in public" not in page_of(client.get(page))
    client.post(f"{page}status/", {"act": "resolve"}, headers=HTMX)
    assert f"to={talk}&amp;close=1" in page_of(client.get(f"{page}timeline/"))
    composer = page_of(client.get(f"{page}composer/?to={talk}&close=1", headers=HTMX))
    assert 'value="public" checked' in composer
    assert "We have solved this with you privately. Thank you for telling us.</textarea>" in composer
    assert "We have solved this" not in page_of(client.get(f"{page}composer/?to={talk}", headers=HTMX))
    newest = Message.objects.latest("id")
    assert answer(client, newest, kind="public", text="Solved, thank you.").status_code == 200
    assert "Close it in public" not in page_of(client.get(page))
    assert case_of(message).status == "resolved"


def test_what_was_never_moved_is_not_offered_to_be_closed_in_public(world: World, signed_in: SignedIn) -> None:
    message, client = say(world.square, known("ann"), "Bill?", **ASKED), signed_in(world.tessa)
    page = f"/case/{case_of(message).key}/"
    answer(client, message)
    client.post(f"{page}status/", {"act": "resolve"}, headers=HTMX)
    assert "Close it in public" not in page_of(client.get(page))


def test_a_shut_window_is_the_first_thing_that_the_composer_says(world: World, signed_in: SignedIn) -> None:
    message = say(world.square, known("late"), "Hello?", reply_until=now())
    page = page_of(signed_in(world.tessa).get(f"/case/{case_of(message).key}/"))
    assert 'value="private" checked' in page
    assert "The time in which this venue lets us answer is over." in page
    light = make_role(world, Role.LIGHT_AGENT)
    assert 'value="note" checked' in page_of(signed_in(light).get(f"/case/{case_of(message).key}/"))
