"""A Facebook Page passes the suite, and what is special about it."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest

from hark.channels.errors import AuthLost, Refused, Retry, SendError
from hark.channels.facebook.guide import FIELDS, SCOPES
from hark.channels.facebook.venue import Facebook
from hark.channels.testing.conformance import ChannelConformance
from hark.channels.testing.conformance.bench import MOMENT, Visibility
from hark.channels.testing.conformance.inbound import no_sockets
from hark.channels.testing.counterpart import Answer, Call
from hark.channels.types import Account, Change, Outbound, Raw, Request, Standing, Target
from tests.channels.venues.meta_place import SECRETS, MetaPlace, fields_of, handshake, signed
from tests.channels.venues.stored import a_file

PAGE, PERSON, COMMENT = "102290129340398", "7012345678901234", "644555321_900001"
POST = f"{PAGE}_644555321"
ACCOUNT = Account("chan_fb", PAGE, {"page_id": PAGE}, SECRETS, frozenset({PAGE}))
PEOPLE_LONGER = replace(ACCOUNT, settings={**ACCOUNT.settings, "human_agent": True})
VENUE = Facebook()
DAY = timedelta(hours=24)
PRIVATE = Outbound(
    UUID(int=9),
    Target("m_theirs1", PERSON, "m_theirs1", "m_theirs1", PERSON),
    "private",
    "We are on it.",
    standing=Standing(MOMENT, MOMENT + DAY),
)
PUBLIC = Outbound(UUID(int=9), Target(COMMENT, POST, POST, COMMENT, PERSON), "public", "We are sorry.")
MOVED = replace(PUBLIC, visibility="private", private_of=COMMENT)


class FacebookPlace(MetaPlace):
    """Graph, as one Page's token sees it."""

    def __init__(self, account: Account = ACCOUNT) -> None:
        super().__init__(account, SCOPES)
        self.posts: dict[str, str | None] = {}
        self.files: list[dict[str, bytes]] = []
        self.fields, self.page, self.next_error = list(FIELDS), PAGE, {}

    def taken_or_told(self, call: Call) -> Answer:
        own = call.path.removeprefix("/")
        if call.method == "GET":
            apps = {"data": [{"id": "1", "subscribed_fields": self.fields}]}
            return Answer(200, {"id": self.page, "name": "Plum Prams"} if own == "me" else apps)
        if self.next_error:
            return Answer(400, {"error": self.next_error})
        if own == "me/messages":
            return self._message(call.json())
        if own == "me/message_attachments" or own.endswith("/comments"):
            return self._with_file(own, call)
        if self.posts.get(own) is None:
            return self.refuse(100, error_subcode=33)
        self.posts[own] = None if call.method == "DELETE" else call.json()["message"]
        return Answer(200, {"success": True})

    def _with_file(self, own: str, call: Call) -> Answer:
        said = fields_of(call) if call.headers["content-type"].startswith("multipart/") else {}
        self.files += [said] if said else []
        if own == "me/message_attachments":
            return Answer(200, {"attachment_id": f"file{len(self.files)}"})
        text = said["message"].decode() if said else call.json()["message"]
        return self._comment(own.removesuffix("/comments"), text)

    def _message(self, said: dict[str, Any]) -> Answer:
        to, message = said["recipient"], said["message"]
        own = self.take(
            f"m_ours{len(self.taken)}",
            text=message.get("text", ""),
            visibility="private",
            private_of=to.get("comment_id") or to.get("post_id"),
            ref=message.get("metadata"),
            said=said,
        )
        return Answer(200, {"recipient_id": PERSON, "message_id": own})

    def _comment(self, under: str, text: str) -> Answer:
        own = self.take(f"644555321_{len(self.taken)}", text=text, visibility="public", parent=under)
        self.posts[own] = text
        return Answer(200, {"id": own})

    def echo(self) -> Raw:
        last = self.taken[-1]
        if last["visibility"] == "public":
            return a_change(a_comment(last["text"], own=last["id"], author=PAGE))
        message = {"mid": last["id"], "text": last["text"], "is_echo": True, "metadata": last["ref"]}
        return a_talk({"sender": {"id": PAGE}, "recipient": {"id": PERSON}, "timestamp": 1, "message": message})

    def published(self, external_id: str) -> str | None:
        return self.posts[external_id]


class TestFacebook(ChannelConformance):
    venue = VENUE
    samples = Path(__file__).parents[1] / "samples" / "facebook"
    secret_name = "app_secret"
    proof_headers = ("x-hub-signature-256",)
    seen = "public"  # what can be changed later is public
    echo_carries_ref = False  # Messenger's do (below); a comment's do not
    target = PUBLIC.target

    def account(self) -> Account:
        return ACCOUNT

    def genuine(self, body: bytes) -> Request:
        return signed(body)

    def handshake(self) -> Request:
        return handshake()

    def says(self, text: str, visibility: Visibility = "private", *, thread: str = "t1", at: datetime = MOMENT) -> Raw:
        if visibility == "private":
            return a_talk(a_message(text, at=at, sender=thread))
        return a_change(a_comment(text, post=thread, at=at))

    def batch(self, count: int) -> tuple[Raw, list[str]]:
        said = [a_message(f"line {number}") for number in range(count)]
        return a_talk(*said), [each["message"]["mid"] for each in said]

    def counterpart(self) -> FacebookPlace:
        return FacebookPlace()

    def forbidden(self) -> tuple[Outbound, ...]:
        closed = replace(PRIVATE, standing=Standing(MOMENT, MOMENT))
        late = (f"private_until:{MOMENT.isoformat()}",)
        twice, too_late = Standing(MOMENT, private_replies=1), Standing(MOMENT, policy=late)
        return (closed, replace(MOVED, standing=twice), replace(MOVED, standing=too_late))

    def case_15(self) -> None:
        """Private echoes carry our own id, public ones do not: each as it is."""
        for reply, ref in ((PRIVATE, str(PRIVATE.id)), (PUBLIC, None)):
            with self.counterpart() as place:
                receipt = VENUE.send(place.account, reply)
                (echo,) = VENUE.parse(place.account, place.echo())
                assert [each["text"] for each in place.taken] == [reply.text]
                assert (echo.kind, echo.external_id) == ("echo", *receipt.external_ids)
                assert (echo.client_ref, echo.visibility) == (ref, reply.visibility)


def a_message(text: str, *, at: datetime = MOMENT, sender: str = PERSON) -> dict[str, Any]:
    message = {"mid": f"m_{uuid5(UUID(int=6), text)}", "text": text}
    stamp = int(at.timestamp() * 1000)
    return {"sender": {"id": sender}, "recipient": {"id": PAGE}, "timestamp": stamp, "message": message}


def a_comment(
    text: str, *, own: str = "", post: str = POST, author: str = PERSON, at: datetime = MOMENT
) -> dict[str, Any]:
    said = {"item": "comment", "verb": "add", "post_id": post, "parent_id": post, "message": text}
    who = {"id": author, "name": "Maud Terlinden"}
    return {
        **said,
        "comment_id": own or f"c_{uuid5(UUID(int=6), text)}",
        "from": who,
        "created_time": int(at.timestamp()),
    }


def a_call(**lists: Any) -> Raw:
    entry = {"id": PAGE, "time": int(MOMENT.timestamp()), **lists}
    return Raw(json.dumps({"object": "page", "entry": [entry]}).encode(), {}, "1", MOMENT)


def a_talk(*items: dict[str, Any]) -> Raw:
    return a_call(messaging=list(items))


def a_change(*values: dict[str, Any], field: str = "feed") -> Raw:
    return a_call(changes=[{"field": field, "value": value} for value in values])


def test_messages_and_comments_of_several_entries_are_all_read() -> None:
    talk, change = (json.loads(raw.body)["entry"][0] for raw in (a_talk(a_message("one")), a_change(a_comment("two"))))
    raw = Raw(json.dumps({"object": "page", "entry": [talk, change, talk]}).encode())
    assert [event.text for event in VENUE.parse(ACCOUNT, raw)] == ["one", "two", "one"]


def test_comment_that_comes_again_with_an_advertisement_is_the_same_comment() -> None:
    said = a_comment("under our advert")
    events = VENUE.parse(ACCOUNT, a_change(said, {**said, "ad_id": "120210"}))
    assert len({event.external_id for event in events}) == 1


@pytest.mark.parametrize(("account", "length"), [(ACCOUNT, DAY), (PEOPLE_LONGER, timedelta(days=7))])
def test_window_is_a_day_and_a_week_with_human_agent(account: Account, length: timedelta) -> None:
    (event,) = VENUE.parse(account, a_talk(a_message("hello")))
    assert event.expires_reply_at == MOMENT + length


@pytest.mark.parametrize(
    ("left", "kind", "tag"), [(timedelta(days=6, seconds=1), "RESPONSE", None), (DAY, "MESSAGE_TAG", "HUMAN_AGENT")]
)
def test_human_agent_tag_goes_only_where_the_day_is_over(left: timedelta, kind: str, tag: str | None) -> None:
    with FacebookPlace(PEOPLE_LONGER) as place:
        VENUE.send(place.account, replace(PRIVATE, standing=Standing(MOMENT, MOMENT + left)))
        said = place.taken[-1]["said"]
        assert (said["messaging_type"], said.get("tag")) == (kind, tag)


def test_automatic_answer_never_goes_under_the_human_agent_tag() -> None:
    robot = replace(PRIVATE, author_kind="bot", standing=Standing(MOMENT, MOMENT + DAY))
    with no_sockets(), pytest.raises(Refused, match="from a person only"):
        VENUE.send(PEOPLE_LONGER, robot)
    soon = replace(robot, standing=Standing(MOMENT, MOMENT + timedelta(days=6, hours=1)))
    assert VENUE.objection(PEOPLE_LONGER, soon) is None
    assert VENUE.objection(ACCOUNT, robot) is None


def test_post_of_a_visitor_is_answered_in_private_by_its_post_id() -> None:
    with FacebookPlace() as place:
        VENUE.send(place.account, MOVED)
        VENUE.send(place.account, replace(MOVED, private_of=f"{PAGE}_777"))
        recipients = [each["said"]["recipient"] for each in place.taken]
        assert recipients == [{"comment_id": COMMENT}, {"post_id": f"{PAGE}_777"}]


def test_comment_can_be_answered_in_private_for_a_week() -> None:
    (event,) = VENUE.parse(ACCOUNT, a_change(a_comment("Where is it?")))
    week = timedelta(days=7)
    for at, code in ((MOMENT + week - timedelta(seconds=1), None), (MOMENT + week, "window_closed")):
        refused = VENUE.objection(ACCOUNT, replace(MOVED, standing=Standing(at, policy=event.policy)))
        assert (refused.code if refused else None) == code
    assert VENUE.objection(ACCOUNT, replace(PUBLIC, standing=Standing(MOMENT + 9 * week, policy=event.policy))) is None


def test_what_was_said_in_messenger_cannot_be_changed() -> None:
    change = Change(UUID(int=1), UUID(int=2), ("m_ours1",), PRIVATE.target, "private", "Other words.")
    with no_sockets(), pytest.raises(Refused, match="Messenger"):
        VENUE.change(ACCOUNT, change)


@pytest.mark.parametrize(
    ("error", "wanted", "words"),
    [
        ({"code": 190, "message": "expired"}, AuthLost, ""),
        ({"code": 613}, Retry, ""),
        ({"code": 10, "error_subcode": 2018278}, Refused, "as soon as this person writes"),
        ({"code": 10, "message": "no permission"}, Refused, "permission"),
        ({"code": 551}, Refused, "cannot be reached"),
        ({"code": 10900}, Refused, "one private answer already"),
        ({"code": 100, "error_subcode": 33}, Refused, "not there any more"),
        ({"code": 1, "is_transient": True}, Retry, ""),
    ],
)
def test_graph_errors_become_words_for_an_agent(error: dict[str, Any], wanted: type[SendError], words: str) -> None:
    with FacebookPlace() as place:
        place.next_error = error
        with pytest.raises(wanted) as found:
            VENUE.send(place.account, PRIVATE)
        assert not isinstance(found.value, Refused) or words in found.value.human


def test_check_names_the_page_of_the_token_and_what_meta_does_not_tell() -> None:
    with FacebookPlace() as place:
        place.fields.remove("feed")
        assert "feed" in VENUE.check(place.account).problems[0]
        place.page = "999"
        assert "Plum Prams" in VENUE.check(place.account).problems[0]


def test_file_is_fetched_from_metas_hosts_alone() -> None:
    for bad in (
        "https://fbcdn.net.evil.example/x",
        "http://scontent.xx.fbcdn.net/x",
        "https://evil.example/.fbcdn.net",
    ):
        with no_sockets(), pytest.raises(Refused, match="does not lie with Meta"):
            list(VENUE.media(ACCOUNT, bad))


def test_messenger_is_another_name_of_facebook_on_the_command_line() -> None:
    from click.testing import CliRunner

    from hark.channels.command import channels

    sample = str(TestFacebook.samples / "messenger.raw")
    ran = [CliRunner().invoke(channels, ["parse", name, sample]) for name in ("facebook", "messenger")]
    assert ran[0].exit_code == 0
    assert ran[0].output == ran[1].output != ""


@pytest.mark.usefixtures("files_here")
def test_files_follow_the_words_in_messenger() -> None:
    files = (a_file("wheel.jpg", "image/jpeg"), a_file("invoice.pdf", "application/pdf"))
    with FacebookPlace() as place:
        receipt = VENUE.send(place.account, replace(PRIVATE, attachments=files))
        said = [each["said"]["message"] for each in place.taken]
        assert said[0] == {"text": PRIVATE.text, "metadata": str(PRIVATE.id)}
        assert [one["attachment"]["type"] for one in said[1:]] == ["image", "file"]
        assert [one["attachment"]["payload"] for one in said[1:]] == [{"attachment_id": f"file{n}"} for n in (1, 2)]
        assert [form["filedata"] for form in place.files] == [b"what is in wheel.jpg", b"what is in invoice.pdf"]
        assert len(receipt.external_ids) == 3


@pytest.mark.usefixtures("files_here")
def test_comment_takes_one_picture_and_nothing_else() -> None:
    picture, paper = a_file("wheel.jpg", "image/jpeg"), a_file("invoice.pdf", "application/pdf")
    with FacebookPlace() as place:
        VENUE.send(place.account, replace(PUBLIC, attachments=(picture,)))
        assert place.files[0]["source"] == b"what is in wheel.jpg"
        assert place.taken[0]["text"] == PUBLIC.text
    for files in ((paper,), (picture, picture)):
        with no_sockets(), pytest.raises(Refused, match="one picture"):
            VENUE.send(ACCOUNT, replace(PUBLIC, attachments=files))
