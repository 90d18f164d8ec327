"""Settings: channels with their health, people and their doors, brands and inboxes."""

from hark.organisation.models import Agent, Brand, Channel, Inbox
from tests.workspace.fixtures import SignedIn
from tests.workspace.makers import PASSWORD, World, known, say


def test_pattern_that_would_spare_card_numbers_is_refused(world: World, signed_in: SignedIn) -> None:
    client, address = signed_in(world.owner), f"/settings/brands/?brand={world.brand.key}"
    brand = {"name": "Plum", "language": "en", "colour": "#336699", "public_signature": "nobody"}
    assert client.post(address, {**brand, "own_numbers": "################"}).status_code == 422
    assert client.post(address, {**brand, "own_numbers": "PL-##########, 77########"}).status_code == 302
    world.brand.refresh_from_db()
    assert world.brand.own_numbers == ["PL-##########", "77########"]


def test_channels_say_how_they_are_and_what_to_paste(world: World, signed_in: SignedIn) -> None:
    say(world.chat, known("ann"), "Hello?")
    Channel.objects.filter(pk=world.square.pk).update(state="auth_lost", state_reason="The permission ended")
    client = signed_in(world.owner)
    page = client.get("/settings/channels/").content.decode()
    assert "3 connected, 2 well" in page
    assert "Cut off" in page
    assert "The permission ended. Replies wait in the out-box" in page
    page = client.get(f"/settings/channels/{world.chat.key}/").content.decode()
    assert f"/chat/{world.chat.key}/widget.js&quot;&gt;&lt;/script&gt;" in page


def test_secrets_of_channels_are_on_no_page(world: World, signed_in: SignedIn) -> None:
    from hark.organisation.actions.channels import opened

    secret = opened(world.chat)["signing"]
    for path in ("/settings/channels/", f"/settings/channels/{world.chat.key}/", "/first-run/channels/"):
        assert secret not in signed_in(world.owner).get(path).content.decode()


def test_person_is_added_with_a_link_and_moved(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.owner)
    page = client.post(
        "/settings/people/", {"name": "New", "email": "new@plum.example", "role": "agent", "teams": [world.team.key]}
    )
    assert "/join/agent_" in page.content.decode()
    agent = Agent.objects.get(email="new@plum.example")
    client.post(f"/settings/people/{agent.key}/", {"role": "supervisor", "teams": []})
    agent.refresh_from_db()
    assert agent.role == "supervisor"
    assert agent.teams.count() == 0


def test_administrator_makes_no_owner(world: World, signed_in: SignedIn) -> None:
    Agent.objects.filter(pk=world.ruben.pk).update(role="administrator")
    world.ruben.refresh_from_db()
    client = signed_in(world.ruben)
    client.post("/settings/people/", {"name": "Eve", "email": "eve@plum.example", "role": "owner"})
    assert not Agent.objects.filter(email="eve@plum.example").exists()
    client.post(f"/settings/people/{world.tessa.key}/", {"role": "owner"})
    world.tessa.refresh_from_db()
    assert world.tessa.role == "agent"
    assert client.post(f"/settings/people/{world.owner.key}/link/").status_code == 404


def test_extra_fields_of_a_form_change_nothing(world: World, signed_in: SignedIn) -> None:
    form = {
        "role": "agent",
        "teams": [world.team.key],
        "email": "other@x.example",
        "is_active": "",
        "password": PASSWORD,
    }
    before = Agent.objects.get(pk=world.tessa.pk)
    signed_in(world.owner).post(f"/settings/people/{world.tessa.key}/", form)
    after = Agent.objects.get(pk=world.tessa.pk)
    assert (after.email, after.is_active, after.password) == (before.email, before.is_active, before.password)


def test_deactivated_person_is_signed_out_and_can_come_back(world: World, signed_in: SignedIn) -> None:
    theirs, client = signed_in(world.tessa), signed_in(world.owner)
    client.post(f"/settings/people/{world.tessa.key}/door/", {"door": "close"})
    assert theirs.get("/").status_code == 302
    client.post(f"/settings/people/{world.tessa.key}/door/", {"door": "open"})
    assert Agent.objects.get(pk=world.tessa.pk).is_active


def test_inbox_promises_and_members_are_kept_apart(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.owner)
    path = f"/settings/inboxes/{world.care.key}/"
    about = {"name": "Care", "first_minutes": 5, "next_minutes": 6, "undo_seconds": 7, "brand": world.brand.key}
    client.post(path, {"about": "1", **about})
    client.post(path, {"who": "1", "teams": [], "only_assigned": "on"})
    inbox = Inbox.objects.get(pk=world.care.pk)
    assert (inbox.first_response_seconds, inbox.next_response_seconds, inbox.undo_seconds) == (300, 360, 7)
    assert inbox.only_assigned
    assert inbox.teams.count() == 0


def test_only_assigned_inbox_shows_an_agent_nothing_else(world: World, signed_in: SignedIn) -> None:
    say(world.chat, known("ann"), "My SIM will not activate.")
    Inbox.objects.filter(pk=world.care.pk).update(only_assigned=True)
    page = signed_in(world.tessa).get("/?view=all").content.decode()
    assert "My SIM will not activate." not in page
    assert "My SIM will not activate." in signed_in(world.owner).get("/?view=all").content.decode()


def test_second_brand_is_added_and_speaks_from_an_inbox_of_its_own(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.owner)
    page = client.post("/settings/brands/", {"add": "1", "new-name": "Pear"}, follow=True).content.decode()
    assert "No inbox" in page
    pear = Brand.objects.get(name="Pear")
    assert client.post("/settings/brands/", {"add": "1", "new-name": "Pear"}).status_code == 422
    words = {"name": "Pear", "about": "Fruit", "handles": "@pear", "language": "de", "colour": "#AA3300"}
    client.post(f"/settings/brands/?brand={pear.key}", {**words, "public_signature": "initials"})
    inbox = {"name": "Pears", "first_minutes": 5, "next_minutes": 6, "undo_seconds": 7, "brand": pear.key}
    client.post("/settings/inboxes/", inbox)
    pear.refresh_from_db()
    assert (pear.handles, pear.language, pear.colour, pear.public_signature) == (["@pear"], "de", "#AA3300", "initials")
    assert Inbox.objects.get(name="Pears").brand == pear
    assert "Pears" in client.get(f"/settings/brands/?brand={pear.key}").content.decode()
    bad = client.post(f"/settings/brands/?brand={pear.key}", {**words, "public_signature": "x", "colour": "red;}"})
    assert bad.status_code == 422
    assert Brand.objects.get(pk=world.brand.pk).name == "Plum"
