"""Who is it: authors become identities and contacts, once, and never somebody else's."""

import threading
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, timedelta

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from hark.contacts.actions import recognise, set_moods
from hark.contacts.actions.recognising import claim_scope
from hark.contacts.models import Contact, Identity
from hark.contacts.queries import get_contact, identities_of, mood_levels
from hark.contacts.types import ContactMood, SeenAuthor, Verified
from hark.kernel.errors import NotFound
from hark.kernel.time import database_now

pytestmark = pytest.mark.django_db

MAUD = SeenAuthor("square", "eu", "u1", handle="@maud", name="Maud Terlinden", followers=12)
IDRIS = SeenAuthor("square", "eu", "u2", handle="@idris")


def test_new_author_gets_an_identity_and_a_contact_of_his_own() -> None:
    maud, idris = recognise([MAUD, IDRIS])
    assert maud.contact_id != idris.contact_id
    assert Contact.objects.get(pk=maud.contact_id).name == "Maud Terlinden"
    assert Contact.objects.get(pk=idris.contact_id).name == "@idris"  # no name: the handle
    assert Contact.objects.get(pk=maud.contact_id).key.startswith("contact_")


def test_same_author_is_known_again_in_the_same_order() -> None:
    first = recognise([MAUD, IDRIS, MAUD])
    assert first[0] == first[2]
    assert recognise([IDRIS, MAUD]) == [first[1], first[0]]
    assert (Identity.objects.count(), Contact.objects.count()) == (2, 2)


def test_same_key_in_another_scope_or_network_is_somebody_else() -> None:
    others = [MAUD, replace(MAUD, scope="us"), replace(MAUD, network="circle")]
    assert len({known.contact_id for known in recognise(others)}) == 3


def test_name_handle_and_followers_are_refreshed_and_never_emptied() -> None:
    recognise([MAUD])
    recognise([replace(MAUD, name="Maud T.", handle="", followers=15)])
    row = Identity.objects.get(key="u1")
    assert (row.name, row.handle, row.followers) == ("Maud T.", "@maud", 15)


def test_proof_is_kept_once_given() -> None:
    recognise([replace(MAUD, verified=Verified.PROVED)])
    recognise([MAUD])
    assert Identity.objects.get(key="u1").verified == Verified.PROVED


def test_later_proof_lifts_an_observed_identity() -> None:
    recognise([MAUD])
    recognise([replace(MAUD, verified=Verified.PROVED), MAUD])
    assert Identity.objects.get(key="u1").verified == Verified.PROVED


def test_claim_stands_beside_its_author_and_matches_nobody() -> None:
    holder = recognise([SeenAuthor("email", "", "anna@shop.example", verified=Verified.PROVED)])[0]
    liar = SeenAuthor("webchat", "plum", "visitor1", claims=(("email", " Anna@Shop.example "),))
    stranger = recognise([liar])[0]
    assert stranger.contact_id != holder.contact_id
    claim = Identity.objects.get(verified=Verified.CLAIMED)
    assert claim.contact_id == stranger.contact_id
    assert (claim.key, claim.handle) == ("anna@shop.example", "Anna@Shop.example")
    assert claim.scope == "claim:webchat:plum:visitor1"
    assert recognise([SeenAuthor("email", "", "anna@shop.example")])[0] == holder


def test_two_who_claim_the_same_address_stay_two() -> None:
    claims = (("email", "anna@shop.example"), ("phone", "+32 470 12 34 56"))
    one, two = recognise([SeenAuthor("webchat", "", name, claims=claims) for name in ("v1", "v2")])
    assert one.contact_id != two.contact_id
    assert [row.key for row in identities_of(two.contact_id)] == ["v2", "anna@shop.example", "+32470123456"]


def test_claim_is_stored_once_however_often_it_is_typed() -> None:
    typed = (("email", "a@b.example"), ("email", "A@b.example"), ("email", " "))
    author = SeenAuthor("webchat", "", "v1", claims=typed)
    recognise([author, author])
    recognise([author])
    assert Identity.objects.filter(verified=Verified.CLAIMED).count() == 1


def test_venue_cannot_speak_from_the_scope_of_a_claim() -> None:
    recognise([SeenAuthor("webchat", "", "v1", claims=(("email", "anna@shop.example"),))])
    forged = SeenAuthor("email", "claim:webchat::v1", "anna@shop.example")
    known = recognise([forged])[0]
    assert known.contact_id != Identity.objects.get(key="v1").contact_id


words = st.text(alphabet=":%/ab|", max_size=6)
keys = st.tuples(st.sampled_from(["email", "webchat"]), words, words.filter(bool))


@given(keys, keys)
def test_two_identities_never_share_a_scope_of_claims(one: tuple[str, str, str], two: tuple[str, str, str]) -> None:
    assert (claim_scope(one) == claim_scope(two)) == (one == two)


def test_absorbed_contact_resolves_to_its_survivor() -> None:
    maud, idris = recognise([MAUD, IDRIS])
    third = recognise([SeenAuthor("square", "eu", "u3")])[0]
    Contact.objects.filter(pk=maud.contact_id).update(merged_into=idris.contact_id)
    Contact.objects.filter(pk=idris.contact_id).update(merged_into=third.contact_id)
    assert recognise([MAUD])[0].contact_id == third.contact_id
    key = Contact.objects.get(pk=maud.contact_id).key
    assert get_contact(key).pk == third.contact_id


def test_unknown_contact_is_not_found() -> None:
    with pytest.raises(NotFound):
        get_contact("contact_none")


def test_nobody_is_recognised_in_an_empty_batch() -> None:
    assert recognise([]) == []


def test_moods_are_written_and_read() -> None:
    maud, idris = recognise([MAUD, IDRIS])
    set_moods(moods=[ContactMood(maud.contact_id, -0.6, -0.2, "angry", ("repeats",))])
    set_moods(moods=[])
    assert mood_levels([maud.contact_id, idris.contact_id]) == {maud.contact_id: "angry", idris.contact_id: "calm"}
    row = Contact.objects.get(pk=maud.contact_id)
    assert (row.mood_value, row.mood_slope, row.mood_reasons) == (-0.6, -0.2, ["repeats"])


@pytest.mark.django_db(transaction=True)
def test_workers_that_meet_the_same_people_at_once_make_each_once() -> None:
    people = [replace(MAUD, key=f"p{number}", name=f"P{number}") for number in range(30)]
    errors: list[Exception] = []
    found: list[dict[str, int]] = []

    def work(order: Iterable[SeenAuthor], followers: int) -> None:
        authors = [replace(person, followers=followers) for person in order]
        try:
            for _ in range(5):
                with transaction.atomic():
                    known = recognise(authors)
                found.append({a.key: k.contact_id for a, k in zip(authors, known, strict=True)})
        except Exception as error:  # noqa: BLE001 - told to the test below
            errors.append(error)
        finally:
            connection.close()

    orders = [people, people[::-1], people[7:] + people[:7]]
    threads = [threading.Thread(target=work, args=(order, n)) for n, order in enumerate(orders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert Identity.objects.count() == Contact.objects.count() == 30
    assert all(each == found[0] for each in found)


def test_followers_are_kept_with_their_day_which_is_today_again_when_they_are_said_again() -> None:
    recognise([MAUD, IDRIS])
    today = database_now().astimezone(UTC).date()
    maud, idris = Identity.objects.get(key="u1"), Identity.objects.get(key="u2")
    assert (maud.followers, maud.followers_on) == (12, today)
    assert (idris.followers, idris.followers_on) == (None, None)
    old = today - timedelta(days=9)
    Identity.objects.update(followers_on=old)
    recognise([replace(MAUD, followers=None, name="Maud T.")])
    maud.refresh_from_db()
    assert (maud.name, maud.followers, maud.followers_on) == ("Maud T.", 12, old)  # nobody said how many today
    recognise([replace(MAUD, name="Maud T.")])
    maud.refresh_from_db()
    assert (maud.followers, maud.followers_on) == (12, today)
    recognise([replace(MAUD, name="Maud T.", followers=13)])
    maud.refresh_from_db()
    assert (maud.followers, maud.followers_on) == (13, today)
