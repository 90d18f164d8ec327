"""Views from the list's filter, and the settings of tags, saved replies and macros, as pages."""

import pytest

from hark.conversations.models import Macro, SavedReply, SavedView, Tag
from tests.workspace.fixtures import SignedIn, page_of
from tests.workspace.makers import World, a_macro, a_saved_reply, a_tag, known, say


def test_filter_is_shown_kept_and_kept_in_place(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.tessa)
    say(world.chat, known("ann", name="Ann"), "Hello?")
    shown = client.post("/views/", {"act": "show", "status": "open", "assignee": ["nobody", "<b>"]})
    assert shown["Location"] == "/?view=f~status.open~assignee.nobody"
    page = page_of(client.get(shown["Location"]))
    assert 'name="assignee" value="nobody" checked' in page
    assert "Ann" in page
    saved = client.post("/views/", {"act": "save", "name": "Loose ends", "assignee": "nobody"})["Location"]
    view = SavedView.objects.get()
    assert (saved, view.owner, view.filter) == (f"/?view={view.key}", world.tessa, "assignee.nobody")
    page = page_of(client.get(saved))
    assert 'Loose ends <span class="n">1</span>' in page
    assert "Keep in “Loose ends”" in page
    client.post("/views/", {"act": "keep", "key": view.key, "name": "Angry", "mood": "angry"})
    view.refresh_from_db()
    assert (view.name, view.filter) == ("Angry", "mood.angry")
    assert "No case fits this view" in client.get(saved).content.decode()


def test_somebody_elses_view_is_like_none(world: World, signed_in: SignedIn) -> None:
    signed_in(world.tessa).post("/views/", {"act": "save", "name": "Mine alone", "mood": "angry"})
    key = SavedView.objects.get().key
    other = signed_in(world.ruben)
    assert "Mine alone" not in other.get(f"/?view={key}").content.decode()
    assert "Mine alone" not in other.get("/views/").content.decode()
    for act in ("keep", "remove", "up"):
        assert other.post("/views/", {"act": act, "key": key, "name": "x"}).status_code == 404


def test_first_nine_views_are_on_keys(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.tessa)
    client.post("/views/", {"act": "save", "name": "Fourth", "mood": "angry"})
    page = page_of(client.get("/?view=mine"))
    assert f'href="/?view={SavedView.objects.get().key}" data-key="4"' in page
    assert 'href="/?view=mine" aria-current="page" data-key="1"' in page


def test_tags_are_added_renamed_and_retired(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.owner)
    client.post("/settings/tags/", {"name": "Billing"})
    tag = Tag.objects.get()
    assert client.post("/settings/tags/", {"name": "billing"}).status_code == 422
    client.post("/settings/tags/", {"key": tag.key, "name": "Money", "act": "keep"})
    client.post("/settings/tags/", {"key": tag.key, "name": "Money", "act": "retire"})
    page = page_of(client.get("/settings/tags/"))
    assert 'value="Money"' in page
    assert "Offer again" in page


@pytest.mark.parametrize("path", ["/settings/replies/", "/settings/macros/"])
def test_preview_fills_in_and_marks_without_keeping(world: World, signed_in: SignedIn, path: str) -> None:
    asked = {"act": "preview", "title": "x", "text": "Dear {{first_name}}, {{7*7}} {% now %} {{customer.__class__}}"}
    page = page_of(signed_in(world.owner).post(path, asked))
    assert "Dear Maud, {{7*7}} {% now %} {{customer.__class__}}</p>" in page
    assert "{{7*7}} is not a variable" in page
    assert not SavedReply.objects.exists()
    assert not Macro.objects.exists()


def test_saved_reply_is_kept_changed_and_removed(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.owner)
    form = {"title": "Hello", "text": "Hello {{customer}}", "brand": world.brand.key, "inboxes": [world.care.key]}
    client.post("/settings/replies/", form)
    row = SavedReply.objects.get()
    assert (row.brand, list(row.inboxes.all())) == (world.brand, [world.care])
    assert client.post("/settings/replies/", form).status_code == 422
    client.post(f"/settings/replies/{row.key}/", {**form, "title": "Good day", "inboxes": [], "brand": ""})
    row.refresh_from_db()
    assert (row.title, row.brand, row.inboxes.count()) == ("Good day", None, 0)
    assert "Good day" in client.get("/settings/replies/").content.decode()
    client.post(f"/settings/replies/{row.key}/", {"act": "remove"})
    assert not SavedReply.objects.exists()


def test_macro_says_what_it_does_and_must_do_something(world: World, signed_in: SignedIn) -> None:
    client, tag = signed_in(world.owner), a_tag(world, "Billing")
    assert client.post("/settings/macros/", {"title": "Nothing"}).status_code == 422
    assert client.post("/settings/macros/", {"title": "x", "status": "resolve", "snooze": "week"}).status_code == 422
    form = {"title": "Refund made", "text": "It is on its way.", "tag": tag.key, "give": "me", "status": "resolve"}
    client.post("/settings/macros/", form)
    row = Macro.objects.get()
    assert row.acts == [["tag", tag.key], ["give", "me"], ["resolve", "resolve"]]
    assert "Replies, tags it billing, takes it, resolves it" in page_of(client.get("/settings/macros/"))
    page = page_of(client.get(f"/settings/macros/{row.key}/"))
    assert f'value="{tag.key}" selected' in page
    assert 'value="resolve" selected' in page
    client.post(f"/settings/macros/{row.key}/", {"act": "remove"})
    assert not Macro.objects.exists()


def test_only_administrators_write_what_all_use(world: World, signed_in: SignedIn) -> None:
    client, reply, macro = signed_in(world.tessa), a_saved_reply(world), a_macro(world)
    for path in ("tags/", "replies/", f"replies/{reply.key}/", "macros/", f"macros/{macro.key}/"):
        assert client.post(f"/settings/{path}", {"name": "x", "title": "x", "text": "x"}).status_code == 404
