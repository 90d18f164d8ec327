"""Acts on one case and on many: what was done, what was left and why, and all of it taken back."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.core import signing
from django.test import Client

from hark.conversations.actions.cases import assign, resolve, set_waiting
from hark.conversations.actions.snoozing import snooze
from hark.conversations.models import Case, CaseMerge, CaseTag, Clock, Message
from hark.conversations.types import Status, Visibility
from hark.delivery.types import OutboxState
from hark.kernel.errors import NotFound
from hark.kernel.models import Event
from hark.kernel.time import database_now
from hark.organisation.models import Agent
from hark.workspace.actions.acts import author_of
from hark.workspace.actions.many import SALT, Outcome, TooMany, UndoGone, act_on_many, undo
from hark.workspace.queries.snooze import presets, until_of
from tests.workspace.fixtures import SignedIn, page_of
from tests.workspace.makers import World, a_macro, a_saved_reply, a_tag, case_of, known, say

HTMX = {"HX-Request": "true"}


def some(world: World, number: int = 3) -> list[Case]:
    """Cases of different people."""
    return [case_of(say(world.chat, known(f"p{place}", name=f"Ann {place}"), "Hello?")) for place in range(number)]


def do(agent: Agent, cases: Sequence[Case], act: str, value: str = "") -> Outcome:
    """The act, on these cases."""
    return act_on_many(agent=agent, keys=[case.key for case in cases], act=act, value=value)


def standing(cases: Sequence[Case]) -> list[dict[str, object]]:
    """How they stand, with their clocks and tags."""
    ids = [case.pk for case in cases]
    names = ("pk", "status", "assignee", "snoozed_until", "resolved_at", "mood_at_closing", "due_at", "merged_into")
    return [
        *Case.objects.filter(pk__in=ids).order_by("pk").values(*names),
        *Clock.objects.filter(case__in=ids).order_by("pk").values(),
        *({"case": case, "tag": tag} for case, tag in CaseTag.objects.order_by("pk").values_list("case", "tag")),
    ]


def mixed(world: World) -> list[Case]:
    """One open, one waiting and held, one that rests."""
    cases = some(world)
    assign(case_id=cases[1].pk, agent_id=world.ruben.pk, actor=author_of(world.owner))
    set_waiting(case_id=cases[1].pk, actor=author_of(world.owner))
    snooze(case_id=cases[2].pk, until=database_now() + timedelta(days=3), actor=author_of(world.owner))
    return cases


@pytest.mark.parametrize("act", ["give", "tag", "snooze", "wake", "resolve", "wait", "reopen", "merge"])
def test_every_act_on_many_is_taken_back_exactly(world: World, act: str) -> None:
    cases, value = mixed(world), {"give": world.owner.key, "snooze": "tomorrow"}.get(act, "")
    if act == "tag":
        value = a_tag(world).key
    if act == "merge":
        value = cases.pop().key
    before = standing(cases)
    outcome = do(world.owner, cases, act, value)
    assert (len(outcome.done), outcome.left) == (len(cases), ())
    if act != "reopen":  # of the three only the waiting one changes
        assert standing(cases) != before
    taken = undo(agent=world.owner, sealed=outcome.undo)
    assert taken.left == ()
    assert standing(cases) == before


def test_what_is_left_is_named_and_harms_no_other(world: World) -> None:
    ours = some(world, 2)
    theirs = case_of(say(world.night_chat, known("bob"), "Good evening."))
    resolve(case_id=ours[1].pk, actor=author_of(world.tessa))
    outcome = do(world.tessa, [ours[0], ours[1], theirs], "snooze", "week")
    assert [one.key for one in outcome.done] == [ours[0].key]
    assert [one.title for one in outcome.left] == [ours[1].title, "A case"]
    assert "before it is resolved" in outcome.left[0].why
    assert Case.objects.get(pk=theirs.pk).snoozed_until is None


def test_undo_leaves_alone_what_somebody_has_changed_since(world: World) -> None:
    cases = some(world, 2)
    outcome = do(world.tessa, cases, "resolve")
    Case.objects.filter(pk=cases[0].pk).update(version=99)
    taken = undo(agent=world.tessa, sealed=outcome.undo)
    assert [one.key for one in taken.done] == [cases[1].key]
    assert "Somebody else has changed" in taken.left[0].why
    assert Case.objects.get(pk=cases[0].pk).status == Status.RESOLVED


def test_undo_is_bound_to_its_agent_and_cannot_be_made_up(world: World) -> None:
    outcome = do(world.tessa, some(world, 1), "resolve")
    for agent, sealed in ((world.ruben, outcome.undo), (world.tessa, outcome.undo[:-1]), (world.tessa, "")):
        with pytest.raises(UndoGone):
            undo(agent=agent, sealed=sealed)
    theirs = case_of(say(world.night_chat, known("bob"), "Good evening."))
    made = signing.dumps(
        {"agent": world.tessa.pk, "steps": [[theirs.pk, theirs.version, [["resolve", ""]]]]}, salt=SALT
    )
    assert undo(agent=world.tessa, sealed=made).done == ()
    assert Case.objects.get(pk=theirs.pk).status == Status.OPEN


def test_unknown_acts_and_too_many_cases_are_refused(world: World) -> None:
    for act in ("unresolve", "take_back", "explode", ""):
        with pytest.raises(NotFound):
            do(world.tessa, some(world, 1), act)
    with pytest.raises(TooMany):
        act_on_many(agent=world.tessa, keys=["case_x"] * 301, act="resolve", value="")


def test_notice_says_what_was_done_and_offers_the_way_back(world: World, signed_in: SignedIn) -> None:
    client, cases = signed_in(world.tessa), some(world)
    asked = {"act": "resolve", "cases": ",".join([*(case.key for case in cases), "case_none"])}
    answer = client.post("/acts/", asked, headers=HTMX)
    body = page_of(answer)
    assert "Resolved: 3 cases." in body
    assert "1 left as it is." in body
    assert 'data-key="z"' in body
    assert "hark:acted" in answer["HX-Trigger"]
    assert "Taken back: 3 cases." in page_of(client.post("/acts/undo/", {"sealed": sealed_in(body)}, headers=HTMX))


def sealed_in(page: str) -> str:
    """What takes it back, as the page holds it."""
    return page.split('name="sealed" value="')[1].split('"', maxsplit=1)[0]


def picked(client: Client, what: str, *cases: Case, **more: str) -> str:
    """The lines of the picker."""
    asked = {"what": what, "cases": ",".join(case.key for case in cases), **more}
    return page_of(client.get("/pick/", asked, headers=HTMX))


def test_saved_replies_are_those_of_the_inbox_filled_in_and_measured(world: World, signed_in: SignedIn) -> None:
    [case] = some(world, 1)
    a_saved_reply(world, "Hello {{first_name}}, {{agent_first}} of {{brand}}. {{7*7}} {{nothing}}", title="Everywhere")
    a_saved_reply(world, "Good night.", title="Night only", inboxes=[world.night])
    body = picked(signed_in(world.tessa), "saved", case, kind="private")
    assert "Hello Ann, Tessa of Plum. {{7*7}} {{nothing}}" in body
    assert "{{7*7}}, {{nothing}} stays as it is." in body
    assert "Night only" not in body
    assert signed_in(world.stranger).get("/pick/", {"what": "saved", "cases": case.key}).status_code == 404


def test_customers_name_is_never_looked_at_for_variables(world: World, signed_in: SignedIn) -> None:
    case = case_of(say(world.chat, known("eve", name="{{agent}} <b>"), "Hello?"))
    a_saved_reply(world, "Dear {{customer}}!")
    body = picked(signed_in(world.tessa), "saved", case)
    assert "Dear {{agent}} &lt;b&gt;!" in body
    assert "Dear Tessa" not in body


def test_picker_offers_only_what_can_be_done(world: World, signed_in: SignedIn) -> None:
    client, cases, tag = signed_in(world.tessa), some(world, 2), a_tag(world, "Billing")
    do(world.tessa, cases[:1], "tag", tag.key)
    assert 'data-pick-act="untag"' in picked(client, "tags", cases[0])
    assert 'data-pick-act="tag"' in picked(client, "tags", *cases)
    people = picked(client, "people", *cases)
    assert "Ruben Asante" in people
    assert "Nils Night" not in people
    assert cases[1].title in picked(client, "merge", cases[0])
    assert "From here: Hello?" in picked(client, "split", cases[0])
    for asked in ({"what": "merge", "cases": f"{cases[0].key},{cases[1].key}"}, {"what": "x", "cases": cases[0].key}):
        assert client.get("/pick/", asked).status_code == 404


def test_macro_replies_and_acts_or_does_neither(world: World, signed_in: SignedIn) -> None:
    client, [case], tag = signed_in(world.tessa), some(world, 1), a_tag(world)
    macro = a_macro(world, ("tag", tag.key), ("give", "me"), ("resolve", "resolve"), text="Done, {{first_name}}.")
    page = client.get(f"/case/{case.key}/").content.decode()
    names = ("conversation", "send_key", "seen")
    form = {name: page.split(f'name="{name}" value="')[1].split('"')[0] for name in names}
    asked = {"act": "macro", "value": macro.key, "cases": case.key, "kind": "private", **form}
    late = say(world.chat, known("p0"), "One more thing.")
    assert "Something was written" in client.post("/acts/", asked, headers=HTMX).content.decode()
    assert (Message.objects.filter(direction="out").count(), CaseTag.objects.count()) == (0, 0)
    form["seen"] = f"{form['conversation']}:{late.pk}"
    done = client.post("/acts/", {**asked, **form}, headers=HTMX)
    message = Message.objects.get(direction="out")
    case.refresh_from_db()
    assert (message.text, message.visibility) == ("Done, Ann.", Visibility.PRIVATE)
    assert (case.status, case.assignee, CaseTag.objects.count()) == (Status.RESOLVED, world.tessa, 1)
    assert Event.objects.get(kind="case.macro").data["title"] == macro.title
    client.post("/acts/undo/", {"sealed": sealed_in(page_of(done))}, headers=HTMX)
    case.refresh_from_db()
    message.refresh_from_db()
    assert message.outbox_item is not None
    assert message.outbox_item.state == OutboxState.CANCELLED
    assert (case.status, case.assignee, CaseTag.objects.count()) == (Status.OPEN, world.tessa, 0), "who answers holds"


def test_one_text_to_many_carries_each_name_and_stops_where_it_cannot_go(world: World, signed_in: SignedIn) -> None:
    client, cases = signed_in(world.tessa), some(world, 2)
    public = case_of(say(world.square, known("zoe", name="Zoe"), "Anybody?", visibility=Visibility.PUBLIC))
    nameless = case_of(say(world.chat, known("nobody"), "Hi"))
    theirs = case_of(say(world.night_chat, known("bob", name="Bob"), "Good evening."))
    keys = [case.key for case in (*cases, public, nameless, theirs)]
    text = "Dear {{first_name}}, it is mended."
    page = client.post("/answer-many/", {"act": "preview", "text": text, "cases": keys}, headers=HTMX).content.decode()
    assert "Dear Ann, it is mended." in page
    assert "Dear Zoe, it is mended." in page
    assert "Not known here: {{first_name}}." in page
    assert theirs.key not in page
    tickets = [
        line.split('"')[0] for line in page.split('name="ticket" value="')[1:] if "checked" in line.split(">")[0]
    ]
    assert len(tickets) == 3
    say(world.chat, known("p1"), "Already solved, thanks.")
    done = page_of(client.post("/answer-many/", {"act": "send", "text": text, "ticket": tickets}))
    assert "On their way: 2 cases." in done
    assert "Something was written here" in done
    sent = {message.text: message.visibility for message in Message.objects.filter(direction="out")}
    assert sent == {"Dear Ann, it is mended.": "private", "Dear Zoe, it is mended.": "public"}
    again = client.post("/answer-many/", {"act": "send", "text": text, "ticket": tickets}).content.decode()
    assert Message.objects.filter(direction="out").count() == 2, again
    client.post("/acts/undo/", {"sealed": sealed_in(done)})
    assert Message.objects.filter(direction="out", deleted_at=None).count() == 0


def test_ticket_for_a_foreign_case_sends_nothing(world: World, signed_in: SignedIn) -> None:
    theirs = say(world.night_chat, known("bob"), "Good evening.")
    ticket = f"{case_of(theirs).key}:{theirs.conversation.key}:private:{theirs.pk}:5f0c1f6e-0c55-4d5e-9f5f-0d5f1d1c9a11"
    asked = {"act": "send", "text": "x", "ticket": [ticket]}
    assert "not yours to see" in signed_in(world.tessa).post("/answer-many/", asked).content.decode()
    assert not Message.objects.filter(direction="out").exists()
    assert signed_in(world.tessa).post("/answer-many/", {**asked, "ticket": ["x:y"]}).status_code == 404


def test_times_are_those_of_the_agents_zone(world: World) -> None:
    from zoneinfo import ZoneInfo

    from django.utils import timezone

    at = database_now().replace(year=2026, month=10, day=24, hour=20, minute=30, second=0, microsecond=0)
    with timezone.override(ZoneInfo("Europe/Brussels")):
        found = {word: until for word, _, until in presets(at)}
        assert f"{found['tomorrow']:%a %H:%M %z}" == "Sun 09:00 +0100", "the clock went back that night"
        assert "evening" not in found, "18:00 is past"
        assert until_of("2026-10-25T09:00", at) == found["tomorrow"]


def test_merge_and_split_lead_to_the_right_case(world: World, signed_in: SignedIn) -> None:
    client, cases = signed_in(world.tessa), some(world, 2)
    asked = {"act": "merge", "value": cases[0].key, "cases": cases[1].key}
    assert cases[0].key in client.post("/acts/", asked, headers=HTMX)["HX-Trigger"]
    assert client.get(f"/case/{cases[1].key}/")["Location"].startswith(f"/case/{cases[0].key}/")
    assert "Take back the merge of" in client.get(f"/case/{cases[0].key}/").content.decode()
    unmerge = {"act": "unmerge", "value": CaseMerge.objects.get().key, "cases": cases[0].key}
    client.post("/acts/", unmerge, headers=HTMX)
    assert Case.objects.filter(merged_into=None).count() == 2
