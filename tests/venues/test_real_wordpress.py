"""The whole way through a real WordPress: comment in, answer beneath it, edits, removals, answers given there."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import override_settings

from hark.channels.accounts import account_of
from hark.channels.errors import AuthLost, Refused
from hark.channels.types import Account, Outbound, Target
from hark.channels.wordpress.calls import NOT_KNOWN
from hark.channels.wordpress.venue import WordPress
from hark.conversations.actions.changing import change_reply
from hark.conversations.models import Case, Message
from hark.delivery.models import OutboxItem
from hark.kernel.ids import new_uuid
from hark.kernel.time import database_now
from hark.organisation.actions.channel_health import Found, note_check
from hark.organisation.models import Agent, Channel
from hark.organisation.types import Role
from tests.conversations.desk import acts, an_agent, answers
from tests.venues.transcripts import Transcript
from tests.venues.whole_way import connected, poll, said_in, settle
from tests.venues.wordpress_site import Site, wordpress_site

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("wordpress"),
    pytest.mark.slow,
    pytest.mark.timeout(600),
]
whole = pytest.mark.skipif(not os.environ.get("HARK_VENUES"), reason="a slow proof: run `make venues`")


@pytest.fixture(scope="module")
def server() -> Iterator[Site]:
    with wordpress_site() as site:
        yield site


@pytest.fixture
def site(server: Site) -> Iterator[Site]:
    with override_settings(HARK_ALLOWED_NETWORKS=server.allowed):
        yield server


def blog(site: Site, **more: object) -> Channel:
    """The site as a channel, tested and read once: it begins with what comes from now on."""
    settings = {"base_url": site.url, "user": "care", **more}
    channel = connected("wordpress", f"{site.url}/#{new_uuid().hex[:6]}", settings, {"password": site.user("care")[1]})
    health = WordPress().check(account_of(channel))
    assert health.problems == ()
    note_check(channel_id=channel.pk, found=Found(self_ids=health.self_ids))
    channel.refresh_from_db()
    poll(channel)
    return channel


def changes(agent: Agent, message: Message, text: str | None) -> None:
    """The agent gives a reply other words, or takes it back; the undo time is over, and it is done there."""
    message.refresh_from_db()
    done = change_reply(
        message_id=message.pk, author=acts(agent), text=text, seen_text=message.text, idempotency_key=new_uuid()
    )
    OutboxItem.objects.filter(pk=done.change_item_id).update(not_before=database_now() - timedelta(seconds=1))
    settle()


def answered_by_hand(site: Site, number: str) -> str:
    """Somebody of the company answers in WordPress itself."""
    who = f"'user_id' => {site.user('care')[0]}, 'comment_author' => 'Care', 'comment_content' => 'By hand.'"
    where = f"'comment_post_ID' => {site.post}, 'comment_parent' => {number}, 'comment_approved' => 1"
    return site.php(f"echo wp_insert_comment([{where}, {who}]);")


def is_beneath(site: Site, number: str, answer: str, words: str) -> bool:
    """Does the post's page show the answer as a child of the comment?"""
    page = site.page(f"/?p={site.post}")
    found = re.search(rf'id="comment-{number}".*?<ol class="children">(.*?)</ol>', page, re.DOTALL)
    return bool(found and f'id="comment-{answer}"' in found.group(1) and words in found.group(1))


def test_comment_in_answer_beneath_it_edit_removal_and_native_answer(site: Site) -> None:
    told = Transcript()
    channel, agent = blog(site), an_agent("Tessa", role=Role.SUPERVISOR)
    told.tell("Hark asks who it is (`users/me`), may moderate, and reads once: it begins with what comes from now on")
    number = site.comment("Grüße 🎉, where is my SIM?", "maud")
    told.tell("Maud fills in the comment form beneath the post")
    poll(channel)
    [first] = said_in(channel)
    told.tell("Hark polls, and the comment is a case")
    assert (first.text, first.external_id, first.visibility) == ("Grüße 🎉, where is my SIM?", number, "public")
    case = first.conversation.case
    assert case

    reply = answers(agent, case, "We look at it <now> & write.", visibility="public")
    settle()
    told.tell("an agent answers in public, and the answer is in WordPress")
    reply.refresh_from_db()
    assert is_beneath(site, number, str(reply.external_id), "We look at it &lt;now&gt; &amp; write.")
    told.tell("the post's page shows it beneath Maud's comment")
    poll(channel)
    assert Message.objects.filter(channel=channel).count() == 2  # our own comment came back and was known
    assert OutboxItem.objects.get(pk=reply.outbox_item_id).external_ids == [reply.external_id]
    told.tell("Hark polls: its own comment comes back as an echo and is known by its number")

    changes(agent, reply, "We have looked at it.")
    assert "We have looked at it." in site.page(f"/?p={site.post}")
    told.tell("the agent corrects the answer, and the page shows the other words")
    site.php(f"wp_update_comment(['comment_ID' => {number}, 'comment_content' => 'Where is my eSIM?']);")
    poll(channel)
    first.refresh_from_db()
    assert (first.text, first.versions.count()) == ("Where is my eSIM?", 1)
    told.tell("Maud's comment is edited in WordPress; the next poll sees it, and the earlier words are kept")

    native = answered_by_hand(site, number)
    poll(channel)
    by_hand = Message.objects.get(channel=channel, external_id=native)
    assert (by_hand.direction, by_hand.conversation_id) == ("out", first.conversation_id)
    told.tell("somebody answers in WordPress itself; the next poll shows it in the conversation as answered there")

    again = site.comment("Thank you, it works.", "maud2", parent=str(reply.external_id))
    poll(channel)
    answer = Message.objects.get(channel=channel, external_id=again)
    assert answer.conversation_id == first.conversation_id
    told.tell("another reader answers beneath our answer, and it joins the same conversation")

    changes(agent, reply, None)
    assert "We have looked at it." not in site.page(f"/?p={site.post}")
    told.tell("the agent takes the answer back; it is in WordPress's trash")
    site.php(f"wp_spam_comment({number});")
    poll(channel)
    first.refresh_from_db()
    assert first.deleted_at is not None
    told.tell("Maud's comment is marked as spam there; the next poll shows it as deleted")
    assert Case.objects.count() == 1
    started = ", ".join(f"{what} {seconds:.1f} s" for what, seconds in site.seconds)
    told.keep("wordpress", f"WordPress {site.version} on this machine ({started}); nothing was there before.")


@whole
def test_rights_and_passwords_are_named_when_they_are_missing(site: Site) -> None:
    venue, account = WordPress(), account_of(blog(site))
    guest = Account("", site.url, {"user": "guest"}, {"password": site.user("guest")[1]}, base_url=site.url)
    health = venue.check(guest)
    assert (health.missing, len(health.problems)) == (("moderate_comments",), 1)
    wrong = Account("", site.url, {"user": "care"}, {"password": "wrong"}, base_url=site.url)
    assert venue.check(wrong).problems == (NOT_KNOWN,)
    with pytest.raises(AuthLost):
        venue.poll(wrong, "")
    nowhere = replace(account, base_url=f"{site.url}/wp-includes/js")
    assert venue.check(nowhere).problems


@whole
def test_the_same_answer_twice_is_one_comment(site: Site) -> None:
    venue, account = WordPress(), account_of(blog(site))
    number = site.comment("Is there a shop in Ghent?", "wim")
    reply = Outbound(new_uuid(), Target(number, f"{site.post}:{number}", number), "public", "There is, & a nice one 🎉")
    first, second = venue.send(account, reply), venue.send(account, reply)
    assert first.external_ids == second.external_ids
    with pytest.raises(Refused, match="same words"):
        venue.send(account, replace(reply, id=new_uuid()))


@whole
def test_a_comment_that_waits_is_shown_and_answered_once_it_is_approved(site: Site) -> None:
    venue, channel = WordPress(), blog(site)
    account = account_of(channel)
    site.php("update_option('comment_moderation', 1);")
    try:
        number = site.comment("May I say this?", "held")
    finally:
        site.php("update_option('comment_moderation', 0);")
    poll(channel)
    [waiting] = said_in(channel)
    assert "moderation" in waiting.problem
    reply = Outbound(new_uuid(), Target(number, f"{site.post}:{number}", number), "public", "You may.")
    with pytest.raises(Refused, match="waits for moderation"):
        venue.send(account, reply)
    approving = replace(account, settings={**account.settings, "approve": True})
    assert venue.send(approving, reply).external_ids
    assert "May I say this?" in site.page(f"/?p={site.post}")


@whole
def test_what_is_saved_from_the_spam_is_found_and_closed_comments_are_said(site: Site) -> None:
    channel = blog(site)
    number = site.comment("Buy nothing, just a question.", "spammer")
    site.php(f"wp_spam_comment({number});")
    poll(channel)
    assert said_in(channel) == []
    site.php(f"wp_unspam_comment({number});")
    poll(channel)
    [found] = said_in(channel)
    assert found.external_id == number
    site.php(f"wp_update_post(['ID' => {site.post}, 'comment_status' => 'closed']);")
    reply = Outbound(new_uuid(), Target(number, f"{site.post}:{number}", number), "public", "Too late.")
    try:
        with pytest.raises(Refused, match="Comments are closed"):
            WordPress().send(account_of(channel), reply)
    finally:
        site.php(f"wp_update_post(['ID' => {site.post}, 'comment_status' => 'open']);")


@whole
def test_hundreds_of_comments_come_once_oldest_first_and_an_edit_far_back_is_seen(site: Site) -> None:
    venue, account = WordPress(), account_of(blog(site))
    place = venue.poll(account, "").next_cursor
    comment = f"'comment_post_ID' => {site.post}, 'comment_approved' => 1"
    loop = (
        f"$made[] = (string) wp_insert_comment([{comment}, 'comment_author' => 'R', 'comment_content' => \"Line $n\"]);"
    )
    made = json.loads(site.php(f"$made = []; for ($n = 0; $n < 230; $n++) {loop} echo json_encode($made);"))
    ids, place = everything(venue, account, place)
    assert ids == made
    site.php(f"wp_update_comment(['comment_ID' => {made[0]}, 'comment_content' => 'Line 0, edited']);")
    site.php(f"wp_delete_comment({made[5]}, true);")
    changed: list[str | None] = []
    for _ in range(4):  # one older page is compared with each poll
        found, place = everything(venue, account, place)
        changed += found
    assert sorted(filter(None, changed)) == sorted([made[0], made[5]])


def everything(venue: WordPress, account: Account, cursor: str) -> tuple[list[str | None], str]:
    """The ids in all pages behind a cursor."""
    ids: list[str | None] = []
    for page in venue.watch(account, cursor):
        ids += [event.external_id for raw in page.raws for event in venue.parse(account, raw)]
        cursor = page.next_cursor
    return ids, cursor
