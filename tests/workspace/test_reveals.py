"""What shows more than a page does, and what leaves the house, is in the audit."""

import csv
import io
from datetime import timedelta

from django.utils import timezone

from hark.conversations.models import Message
from hark.intake.models import Arrival
from hark.kernel.time import now
from hark.organisation.actions.people import add_team
from hark.organisation.models import Agent, AuditEntry
from hark.organisation.types import Role
from tests.workspace.fixtures import SignedIn, page_of
from tests.workspace.makers import World, an_own_role, case_of, known, make_role, say
from tests.workspace.parking import park


def entries(kind: str) -> list[tuple[str, str, str]]:
    """Verb, actor and subject of the entries about a kind of thing."""
    found = AuditEntry.objects.filter(verb__startswith=f"{kind}.").order_by("number")
    return list(found.values_list("verb", "actor", "subject"))


def test_original_is_given_to_those_who_may_and_written_down(world: World, signed_in: SignedIn) -> None:
    message = say(world.chat, known("ann"), "Hello?", problem="its second half is missing")
    park(world.chat, b"the bytes it came in")
    Message.objects.update(arrival=Arrival.objects.get())
    link, case = f"/message/{message.key}/original/", case_of(message)
    may_not = signed_in(make_role(world, an_own_role(world)))
    assert may_not.get(link).status_code == 404
    assert link not in page_of(may_not.get(f"/case/{case.key}/"))
    client = signed_in(world.tessa)
    assert link in page_of(client.get(f"/case/{case.key}/"))
    assert entries("message") == []
    assert client.get(link).content == b"the bytes it came in"
    assert entries("message") == [("message.original_opened", world.tessa.key, message.key)]


def test_look_into_a_parked_arrival_is_written_down(world: World, signed_in: SignedIn) -> None:
    key, chief = park(world.chat), make_role(world, Role.SUPERVISOR)
    client = signed_in(chief)
    client.get("/parked/")
    assert entries("arrival") == []
    assert client.get(f"/parked/{key}/").status_code == 200
    assert entries("arrival") == [("arrival.opened", chief.key, key)]


def test_audit_is_exported_as_it_is_filtered_and_that_is_an_entry(world: World, signed_in: SignedIn) -> None:
    Agent.objects.filter(pk=world.ruben.pk).update(name='=HYPERLINK("http://x.example")')
    client = signed_in(world.owner)
    client.post(f"/settings/people/{world.ruben.key}/door/", {"door": "close"})
    add_team(name="Day")
    asked = {"kind": "agent", "who": world.owner.key, "since": f"{timezone.localdate():%Y-%m-%d}"}
    answer = client.post("/audit/export/", asked)
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    head, *rows = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")), restkey="more")
    assert rows == []
    assert (head["who"], head["what"]) == ("Ada Owner", "deactivated")
    assert head["about"] == '\'=HYPERLINK("http://x.example")'
    assert entries("audit") == [("audit.exported", world.owner.key, "audit")]
    assert AuditEntry.objects.latest("number").details == asked


def test_audit_is_narrowed_to_days(world: World, signed_in: SignedIn) -> None:
    client, today = signed_in(world.owner), timezone.localdate(now())
    for since, until, some in ((0, 0, True), (-1, 0, True), (1, 1, False), (-2, -1, False)):
        days = [today + timedelta(days=count) for count in (since, until)]
        page = page_of(client.get(f"/audit/?since={days[0]}&until={days[1]}"))
        assert ("Nothing of this kind" not in page) == some, (since, until)
    assert client.get("/audit/?since=never&until=0000-99-99").status_code == 200
