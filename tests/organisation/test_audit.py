"""The audit: every act is in it, nobody can change it, and whoever does it all the same is named."""

import random
import threading
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from hark.conversations.actions.merging import merge, unmerge
from hark.conversations.actions.saved_replies import (
    NewMacro,
    NewSavedReply,
    keep_macro,
    keep_saved_reply,
    remove_macro,
    remove_saved_reply,
)
from hark.conversations.actions.saved_views import NewView, add_view, change_view, remove_view
from hark.conversations.actions.tags import add_tag, change_tag
from hark.conversations.queries.filters import CaseFilter
from hark.kernel.acting import acting
from hark.kernel.db import execute
from hark.kernel.errors import NotFound, NotInTransaction
from hark.organisation.actions.audit import audit, keep_head
from hark.organisation.actions.channel_secrets import drop_older_secret, make_secret
from hark.organisation.actions.channels import change_channel, connect_channel, pause_channel, resume_sending
from hark.organisation.actions.people import (
    add_agent,
    add_inbox,
    change_agent,
    change_brand,
    change_inbox,
    deactivate_agent,
    reactivate_agent,
    set_inbox_members,
)
from hark.organisation.actions.set_up import set_up
from hark.organisation.audit_chain import BEGINNING, Broken, Entry, first_broken, hash_of
from hark.organisation.models import AuditEntry
from hark.organisation.queries import audit_visible_to, broken_audit, has_second_factor
from hark.organisation.types import RIGHTS_OF, NewBrand, NewInbox, Right, Role
from tests.conversations.desk import acts
from tests.organisation.commands import done
from tests.security.test_second_factor import with_app
from tests.workspace.fixtures import SignedIn, signed_in, world
from tests.workspace.makers import PASSWORD, World, case_of, known, make_role, say

__all__ = ["signed_in", "world"]
ROUNDS = 300  # tamperings; 1,000 of them take 4 s


def chain(length: int) -> list[Entry]:
    """A whole chain."""
    entries: list[Entry] = []
    for number in range(1, length + 1):
        at = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(minutes=number)
        previous = entries[-1].hash if entries else BEGINNING
        entry = Entry(number, at, f"agent_{number % 3}", "agent.changed", "agent_x", {"n": number}, "::1", previous)
        entries.append(replace(entry, hash=hash_of(entry)))
    return entries


def changed(entry: Entry, dice: random.Random) -> Entry:
    """The same entry with one field changed."""
    name = dice.choice([field.name for field in fields(Entry)])
    old: Any = getattr(entry, name)
    new: Any = {
        int: lambda: old + dice.choice([-1, 1]),
        str: lambda: old + "x",
        bytes: lambda: old[:-1] + bytes([old[-1] ^ 1]),
        dict: lambda: {**old, "n": 0},
        datetime: lambda: old + timedelta(microseconds=1),
    }[type(old)]()
    return replace(entry, **{name: new})


def tampered(entries: Sequence[Entry], dice: random.Random) -> tuple[list[Entry], int]:
    """A chain after one tampering, and the number at which it first shows."""
    place = dice.randrange(len(entries))
    rows = list(entries)
    act = dice.choice(["change", "cut", "swap", "double", "rewrite", "end"])
    if act == "change":
        rows[place] = changed(rows[place], dice)
    elif act == "cut":
        del rows[place]
    elif act == "swap":
        place = min(place, len(rows) - 2)
        rows[place], rows[place + 1] = rows[place + 1], rows[place]
    elif act == "double":
        rows.insert(place, rows[place])
        place += 1
    elif act == "end":
        rows = rows[:place]
    else:  # one entry and, so that it fits, everything after it, with right hashes
        previous = rows[place].previous
        for number in range(place, len(rows)):
            entry = replace(rows[number], actor="agent_eve", previous=previous)
            rows[number] = replace(entry, hash=hash_of(entry))
            previous = rows[number].hash
        place = len(rows) - 1
    return rows, place + 1


def test_every_random_tampering_is_named_with_its_place() -> None:
    dice = random.Random(71)
    entries = chain(40)
    heads = {entries[-1].number: entries[-1].hash}
    assert first_broken(entries, heads) is None
    for _ in range(ROUNDS):
        rows, place = tampered(entries, dice)
        broken = first_broken(rows, heads)
        assert broken is not None
        assert broken.number == place, broken


def test_acts_on_rights_settings_and_channels_are_written_with_who_and_from_where(world: World) -> None:
    begun = AuditEntry.objects.count()
    with acting(world.owner.key, "192.0.2.7"):
        agent = add_agent(name="Tom", email="tom@plum.example", actor=world.owner.key)
        change_agent(key=agent.key, role=Role.SUPERVISOR, teams=[world.team], actor=world.owner)
        deactivate_agent(key=agent.key, actor=world.owner)
        reactivate_agent(key=agent.key, actor=world.owner)
        change_brand(key=world.brand.key, brand=NewBrand(name="Plum", products=("SIM",)))
        inbox = add_inbox(inbox=NewInbox(name="Day"), brand=world.brand)
        change_inbox(key=inbox.key, inbox=NewInbox(name="Days"))
        set_inbox_members(key=inbox.key, teams=[world.team], only_assigned=True, second_factor=True)
        connect_channel(
            actor=world.owner.key, venue="webchat", external_id="new", name="New", inbox=inbox, settings={},
            secrets={"token": "a canary that must not show"},
        )  # fmt: skip
    rows = list(AuditEntry.objects.order_by("number")[begun:])
    assert [row.verb for row in rows] == [
        "agent.added", "agent.changed", "agent.deactivated", "agent.reactivated", "brand.changed", "inbox.added",
        "inbox.changed", "inbox.members_changed", "channel.connected",
    ]  # fmt: skip
    assert {(row.actor, row.address) for row in rows} == {(world.owner.key, "192.0.2.7")}
    assert rows[1].details["role"] == ["agent", "supervisor"]
    assert "canary" not in str([row.details for row in rows])
    assert broken_audit() is None


def test_what_administrators_define_and_what_is_merged_is_written_without_a_word_of_it(
    world: World, signed_in: SignedIn
) -> None:
    begun, owner = AuditEntry.objects.count(), acts(world.owner)
    with acting(world.owner.key, "192.0.2.7"):
        given = {"name": "canary", "inbox": world.chat.inbox, "settings": {"sites": ["canary"]}}
        change_channel(channel_id=world.chat.pk, actor=world.owner.key, secrets={"token": "canary"}, **given)
        pause_channel(channel_id=world.chat.pk, actor=world.owner.key)
        resume_sending(channel_id=world.chat.pk, actor=world.owner.key)
        for _ in range(2):
            make_secret(channel_id=world.chat.pk, name="identity", actor=world.owner.key)
        drop_older_secret(channel_id=world.chat.pk, name="identity", actor=world.owner.key)
        for keep, remove, new in (
            (keep_saved_reply, remove_saved_reply, NewSavedReply("canary", "canary")),
            (keep_macro, remove_macro, NewMacro("canary", "canary")),
        ):
            key = keep(new=new, actor=owner).key  # type: ignore[operator]
            keep(new=new, actor=owner, key=key)  # type: ignore[operator]
            remove(key=key, actor=owner)
        tag = add_tag(name="canary", actor=owner)
        for retired in (True, True, False):
            change_tag(key=tag.key, name="canary", retired=retired, actor=owner)
        view = add_view(new=NewView("canary", CaseFilter(), world.team), actor=owner)
        change_view(key=view.key, name="canaries", filter=CaseFilter(), actor=owner)
        remove_view(key=view.key, actor=owner)
        add_view(new=NewView("my own", CaseFilter()), actor=owner)
        first, second = (case_of(say(world.chat, known(who), "canary")) for who in ("maud", "bram"))
        row = merge(survivor_id=first.pk, absorbed_id=second.pk, actor=owner)
        for _ in range(2):
            unmerge(merge_key=row.key, actor=owner)
    rows = list(AuditEntry.objects.order_by("number")[begun:])
    assert [row.verb for row in rows] == [
        "channel.changed", "channel.paused", "channel.resumed", "channel.secret_made", "channel.secret_made",
        "channel.secret_dropped", "saved_reply.added", "saved_reply.changed", "saved_reply.removed", "macro.added",
        "macro.changed", "macro.removed", "tag.added", "tag.changed", "tag.changed", "view.added", "view.changed",
        "view.removed", "case.merged", "case.unmerged",
    ]  # fmt: skip
    assert {(row.actor, row.address) for row in rows} == {(world.owner.key, "192.0.2.7")}
    assert rows[0].details == {"fields": ["name", "sites", "token"]}
    assert "canar" not in str([row.details for row in rows])
    page = signed_in(world.owner).get("/audit/").content.decode()
    assert "made a secret of the channel" in page
    assert "changed the saved reply" in page
    assert "Teams’ views" in page
    assert broken_audit() is None


def test_act_that_fails_leaves_no_line_and_no_gap(world: World) -> None:
    before = AuditEntry.objects.count()
    with transaction.atomic():
        audit("inbox.changed", "inbox_x")
        transaction.set_rollback(True)
    with transaction.atomic():
        audit("inbox.changed", "inbox_y")
    assert AuditEntry.objects.count() == before + 1
    assert broken_audit() is None


@pytest.mark.django_db(transaction=True)
def test_audit_outside_a_transaction_is_refused() -> None:
    with pytest.raises(NotInTransaction):
        audit("inbox.changed", "inbox_x")


@pytest.mark.parametrize(
    "statement",
    ["UPDATE organisation_audit SET actor = 'eve'", "DELETE FROM organisation_audit", "TRUNCATE organisation_audit"],
)
def test_database_refuses_to_change_the_audit(world: World, statement: str) -> None:
    with pytest.raises(DatabaseError, match=r"append-only|permission denied"), transaction.atomic():
        execute(statement)


# why: what is done, to which line counted from the end
TAMPERINGS = {
    "was changed": ("UPDATE organisation_audit SET actor = 'eve' WHERE number = %s", 2),
    "is missing": ("DELETE FROM organisation_audit WHERE number = %s", 3),
    "is missing: the end was cut off": ("DELETE FROM organisation_audit WHERE number = %s", 0),
}


@pytest.mark.parametrize("why", TAMPERINGS)
def test_tampering_past_the_trigger_is_named(world: World, why: str, tmp_path: Path, settings: Any) -> None:
    settings.HARK_DATA = tmp_path
    assert keep_head()
    assert keep_head() == ""
    last = AuditEntry.objects.order_by("-number").first()
    assert last is not None
    statement, back = TAMPERINGS[why]
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE organisation_audit DISABLE TRIGGER USER")
            cursor.execute("GRANT UPDATE, DELETE ON organisation_audit TO CURRENT_USER")
            cursor.execute(statement, [last.number - back])
        assert broken_audit() == Broken(last.number - back, why)
        transaction.set_rollback(True)
    assert broken_audit() is None


def test_only_owners_and_auditors_read_it(world: World, signed_in: SignedIn) -> None:
    for role in Role:
        person = make_role(world, role)
        if Right.AUDIT in RIGHTS_OF[role]:
            assert audit_visible_to(person).exists()
        else:
            with pytest.raises(NotFound):
                audit_visible_to(person)


def test_page_tells_in_words_and_can_be_narrowed(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.owner)
    client.post(f"/settings/people/{world.ruben.key}/door/", {"door": "close"})
    page = " ".join(client.get("/audit/").content.decode().split())
    assert "Ada Owner" in page
    assert "deactivated <bdi>Ruben Asante</bdi>" in page
    assert "127.0.0.1" in page
    page = client.get(f"/audit/?kind=inbox&who={world.owner.key}").content.decode()
    assert "Nothing of this kind" in page
    assert client.get("/audit/?kind=;drop&before=x&who='").status_code == 200


def test_sign_in_is_written(world: World, client: Any) -> None:
    client.post("/sign-in/", {"login": world.tessa.email, "password": PASSWORD})
    row = AuditEntry.objects.order_by("-number").first()
    assert row is not None
    assert (row.verb, row.actor, row.address) == ("agent.signed_in", world.tessa.key, "127.0.0.1")


def test_long_audit_is_shown_page_by_page(world: World, signed_in: SignedIn) -> None:
    with transaction.atomic():
        for number in range(120):
            audit("inbox.changed", f"inbox_{number}")
    client = signed_in(world.owner)
    page = client.get("/audit/").content.decode()
    assert "inbox_119" in page
    assert "inbox_5<" not in page
    older = page.split("before=")[1].split('"')[0]
    assert "inbox_5<" in client.get(f"/audit/?before={older}").content.decode()


@pytest.mark.django_db(transaction=True)
def test_command_says_whether_the_audit_is_whole_and_names_what_is_not(tmp_path: Path) -> None:
    with transaction.atomic():
        audit("team.added", "team_x")
    status, said = done("audit", "head", data=tmp_path)
    assert status == 0
    number = int(said.split()[0])
    assert (tmp_path / "audit-heads").read_text().startswith(f"{number} ")
    assert done("audit", "verify", data=tmp_path)[1].startswith(f"The audit is whole: {number} lines")
    (tmp_path / "audit-heads").write_text(f"{number + 1} {'00' * 32} 2026-11-30\n")
    status, said = done("audit", "verify", data=tmp_path)
    assert status == 1
    assert f"Line {number + 1} of the audit is missing: the end was cut off." in said


@pytest.mark.django_db(transaction=True)
def test_command_lets_the_last_owner_in_again(tmp_path: Path) -> None:
    made = set_up(organisation="P", owner_name="Ada", owner_email="a@x.example", password="long enough to keep")
    with_app(made.owner)
    assert done("people", "forget-factor", "nobody@x.example")[0] == 2
    assert has_second_factor(made.owner)
    assert done("people", "forget-factor", "A@x.example")[0] == 0
    assert not has_second_factor(made.owner)
    execute("DELETE FROM kernel_keycheck")


@pytest.mark.django_db(transaction=True)
def test_acts_at_the_same_moment_make_one_chain() -> None:
    begun = AuditEntry.objects.count()

    def act() -> None:
        for _ in range(5):
            with transaction.atomic():
                audit("team.added", "team_x")
        connection.close()

    threads = [threading.Thread(target=act) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert AuditEntry.objects.count() == begun + 30
    assert broken_audit() is None


def test_first_run_is_written(db: None) -> None:
    begun = AuditEntry.objects.count()
    made = set_up(organisation="P", owner_name="Ada", owner_email="a@x.example", password="long enough to keep")
    verbs = list(AuditEntry.objects.order_by("number").values_list("verb", flat=True)[begun:])
    assert verbs[-1] == "organisation.set_up"
    assert "agent.added" in verbs
    assert made.owner.key
