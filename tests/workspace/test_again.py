"""The desk says that somebody has come again, where before, and lets an agent say that it is another matter."""

import pytest
from django.test import Client

from hark.conversations.models import Case, Message
from hark.conversations.types import Visibility
from hark.kernel.db import execute
from hark.kernel.time import database_now
from hark.organisation.models import Inbox
from hark.routing.actions import place
from hark.routing.queries import is_senior
from hark.routing.types import NewWork
from tests.workspace.fixtures import SignedIn
from tests.workspace.makers import World, a_macro, a_saved_reply, case_of, known, make_channel, say

pytestmark = pytest.mark.django_db
WORDS = ("My SIM card will not activate.", "SIM card still not active", "The SIM card is dead: activate it!")


def third(world: World, *, hidden: bool = False) -> list[Case]:
    """Mia has come by chat, by another way, and once more."""
    night = make_channel(world.night, "simulated", "@night") if hidden else world.square
    mia = known("mia", name="Mia")
    cases = []
    for number, (channel, text) in enumerate(zip((world.chat, night, world.square), WORDS, strict=True)):
        message = say(channel, mia, text, kind="direct", thread_id=f"m{number}")
        days = 2 - number
        execute(
            "UPDATE conversations_message SET sent_at = sent_at - make_interval(days => %s) WHERE id = %s",
            [days, message.pk],
        )
        Case.objects.filter(pk=case_of(message).pk).update(last_message_at=Message.objects.get(pk=message.pk).sent_at)
        cases.append(case_of(message))
    return [Case.objects.get(pk=case.pk) for case in cases]


def page(client: Client, address: str) -> str:
    return " ".join(client.get(address).content.decode().split())


def test_head_and_list_say_the_third_contact_and_lead_to_the_earlier_ones(world: World, signed_in: SignedIn) -> None:
    cases = third(world)
    last = cases[2]
    place([NewWork(last.pk, last.inbox_id, "async", (), database_now(), 900, senior=True)])
    client = signed_in(world.tessa)
    shown = page(client, f"/case/{last.key}/?view=all")
    assert "3rd contact on this matter" in shown
    assert f'href="/case/{cases[0].key}/?view=all"' in shown
    assert "No senior works in this inbox, so it goes to everybody." in shown
    assert "Again, 3rd" in page(client, "/?view=all")
    only = page(client, "/?view=f~again.yes")
    assert f"row-{cases[2].key}" in only
    assert f"row-{cases[0].key}" not in only


def test_earlier_contact_that_the_agent_may_not_see_is_counted_and_no_more(world: World, signed_in: SignedIn) -> None:
    cases = third(world, hidden=True)
    shown = page(signed_in(world.tessa), f"/case/{cases[2].key}/")
    assert "and 1 more" in shown
    assert cases[1].key not in shown
    assert cases[1].key in page(signed_in(world.owner), f"/case/{cases[2].key}/")


def test_one_act_says_it_is_another_matter_and_is_taken_back(world: World, signed_in: SignedIn) -> None:
    *_, case = third(world)
    client = signed_in(world.tessa)
    act = {"act": "another_matter", "cases": case.key}
    assert client.post("/acts/", act, headers={"HX-Request": "true"}).status_code == 200
    shown = page(client, f"/case/{case.key}/")
    assert "Tessa Okonedo said: not the same matter as before." in shown
    assert "said: not the same matter as before" in shown
    client.post("/acts/", {"act": "same_matter", "cases": case.key}, headers={"HX-Request": "true"})
    assert "3rd contact on this matter" in page(client, f"/case/{case.key}/")


def test_macro_and_saved_reply_do_not_close_it_and_say_why(world: World, signed_in: SignedIn) -> None:
    from hark.conversations.actions.reply import reply
    from hark.kernel.ids import new_uuid
    from hark.workspace.actions.acts import author_of
    from hark.workspace.actions.answering import Place, run_macro

    a_saved_reply(world, "Hello {{first_name}}, switch it off and on.", title="Restart")
    macro = a_macro(world, ("resolve", ""), text="Mended, {{first_name}}.", title="Mended")
    *_, case = third(world)
    talk = case.conversations.get()
    newest = talk.messages.latest("pk").pk
    place = Place(talk.key, Visibility.PRIVATE, newest, new_uuid())
    outcome = run_macro(agent=world.tessa, case_key=case.key, macro_key=macro.key, place=place)
    assert "Add a word of your own first" in outcome.left[0].why
    assert not talk.messages.filter(direction="out").exists(), "all of it or nothing"
    reply(
        case_id=case.pk, conversation_id=talk.pk, author=author_of(world.tessa), visibility=Visibility.PRIVATE,
        text="Hello Mia, switch it off and on.", idempotency_key=new_uuid(), seen_message_id=newest,
    )  # fmt: skip
    client = signed_in(world.tessa)
    refused = client.post(f"/case/{case.key}/status/", {"act": "resolve"}, headers={"HX-Request": "true"})
    assert refused.status_code == 422
    assert "has only had a saved reply" in refused.content.decode()


def test_settings_say_how_long_back_and_who_is_a_senior(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.owner)
    about = {"about": "1", "name": "Care", "brand": world.brand.key, "first_minutes": 15, "next_minutes": 30}
    client.post(f"/settings/inboxes/{world.care.key}/", {**about, "undo_seconds": 15, "again_days": 3})
    assert Inbox.objects.get(pk=world.care.pk).again_days == 3
    rights = {"role": "agent", "teams": [world.team.key], "senior": "on"}
    client.post(f"/settings/people/{world.tessa.key}/", rights)
    assert is_senior(world.tessa)
    assert "checked" in page(client, f"/settings/people/{world.tessa.key}/").partition('name="senior"')[2][:80]


def test_search_finds_those_who_came_again(world: World, signed_in: SignedIn) -> None:
    from hark.conversations.actions.searching import index_messages

    cases = third(world)
    index_messages(list(Message.objects.values_list("pk", flat=True)))
    found = page(signed_in(world.tessa), "/search/?q=is:again+sim")
    assert cases[2].key in found
    assert f"/case/{cases[0].key}/" not in found
