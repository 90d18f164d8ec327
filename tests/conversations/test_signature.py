"""Public replies carry their author's mark where the brand wants it; private ones never do."""

from uuid import uuid4

import pytest

from hark.conversations.actions.reply import reply
from hark.conversations.errors import CannotReply
from hark.conversations.models import Message
from hark.conversations.signature import signature, signed
from hark.conversations.types import Author, Visibility
from hark.organisation.models import Brand
from hark.workspace.queries.composing import ways_shown
from tests.workspace.makers import World, case_of, known, make_world, say


@pytest.fixture
def world(db: None) -> World:
    """A brand whose public replies are signed with initials."""
    made = make_world()
    Brand.objects.update(public_signature="initials")
    return made


def answer(world: World, message: Message, text: str, visibility: Visibility) -> Message:
    """Tessa answers."""
    return reply(
        case_id=case_of(message).pk, conversation_id=message.conversation_id,
        author=Author(world.tessa.pk, world.tessa.key, world.tessa.name), text=text, visibility=visibility,
        idempotency_key=uuid4(), seen_message_id=message.pk,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "how", "mark"),
    [
        ("Tessa Okonedo", "initials", "^TO"),
        ("Tessa Marie de Okonedo", "initials", "^TO"),
        ("Tessa", "initials", "^T"),
        ("Tessa Okonedo", "name", "– Tessa"),
        ("Tessa Okonedo", "nobody", ""),
        (" ", "initials", ""),
    ],
)
def test_mark_is_made_of_the_name_and_private_words_have_none(name: str, how: str, mark: str) -> None:
    assert signature(name, how, "public") == signature(name, how, "limited") == mark
    assert signature(name, how, "private") == ""


def test_text_that_its_author_signed_is_not_signed_twice() -> None:
    assert signed("Sorry. ^TO", "^TO") == "Sorry. ^TO"
    assert signed("Sorry.\n", "^TO") == "Sorry. ^TO"
    assert signed("Sorry.\n", "") == "Sorry.\n"


def test_public_reply_leaves_signed_and_private_one_as_it_was_typed(world: World) -> None:
    post = say(world.square, known("maud"), "Still nothing?", visibility=Visibility.PUBLIC)
    ours = answer(world, post, "We look into it.", Visibility.PUBLIC)
    assert ours.outbox_item
    assert (ours.text, ours.outbox_item.payload["text"]) == ("We look into it.", "We look into it. ^TO")
    direct = say(world.square, known("bram"), "And mine?", thread_id="bram")
    private = answer(world, direct, "Yours too.", Visibility.PRIVATE)
    assert private.outbox_item
    assert private.outbox_item.payload["text"] == "Yours too."


def test_mark_counts_as_part_of_the_length_and_the_composer_says_so(world: World) -> None:
    post = say(world.square, known("maud"), "Still nothing?", visibility=Visibility.PUBLIC)
    way = ways_shown(world.tessa, case_of(post))[0]
    assert way.limit == 496
    assert way.kinds[0].readers == "Everyone can read this. Signed ^TO."
    assert way.kinds[1].readers == "Only the customer reads this."
    with pytest.raises(CannotReply):
        answer(world, post, "x" * 497, Visibility.PUBLIC)
    assert answer(world, post, "x" * 496, Visibility.PUBLIC)
