"""The key ring."""

import base64
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from hark.kernel import secrets
from hark.kernel.errors import HarkError
from hark.kernel.secrets import BadKeyRing, CannotOpen, Key, NoKey, WrongKey

OLD, NEW = Key("old", b"o" * 32), Key("new", b"n" * 32)


@pytest.fixture
def ring(settings: Settings) -> Callable[..., None]:
    """Sets the ring."""

    def use(*keys: Key) -> None:
        settings.HARK_KEYS = "\n".join(key.line() for key in keys)

    return use


@given(plain=st.binary(max_size=300), aad=st.text(max_size=40))
def test_sealed_value_opens_to_what_was_sealed(plain: bytes, aad: str) -> None:
    blob = secrets.seal(plain, aad=aad)
    assert secrets.open_sealed(blob, aad=aad) == plain
    assert plain == b"" or len(plain) < 4 or plain not in blob


def test_sealed_value_does_not_open_in_another_place() -> None:
    blob = secrets.seal(b"token", aad="organisation_channel|sealed_secrets|chan_1")
    with pytest.raises(CannotOpen):
        secrets.open_sealed(blob, aad="organisation_channel|sealed_secrets|chan_2")


def test_sealed_value_does_not_open_when_any_byte_was_changed() -> None:
    blob = secrets.seal(b"token", aad="place")
    for position in range(len(blob)):
        spoilt = bytearray(blob)
        spoilt[position] ^= 1
        with pytest.raises(CannotOpen):
            secrets.open_sealed(bytes(spoilt), aad="place")
    for length in range(len(blob)):
        with pytest.raises(CannotOpen):
            secrets.open_sealed(blob[:length], aad="place")


def test_first_key_writes_and_all_keys_read(ring: Callable[..., None]) -> None:
    ring(OLD)
    old = secrets.seal(b"token", aad="place")
    ring(NEW, OLD)
    assert secrets.open_sealed(old, aad="place") == b"token"
    resealed = secrets.reseal(old, aad="place")
    assert resealed is not None
    assert secrets.sealed_with(resealed) == "new"
    assert secrets.reseal(resealed, aad="place") is None
    ring(NEW)
    assert secrets.open_sealed(resealed, aad="place") == b"token"
    with pytest.raises(CannotOpen, match="no key old"):
        secrets.open_sealed(old, aad="place")


def test_signature_holds_for_its_purpose_and_message_only(ring: Callable[..., None]) -> None:
    ring(OLD)
    signature = secrets.sign("reply-address", b"case_1")
    ring(NEW, OLD)
    assert secrets.verify_signature("reply-address", b"case_1", signature)
    assert not secrets.verify_signature("visitor", b"case_1", signature)
    assert not secrets.verify_signature("reply-address", b"case_2", signature)
    assert not secrets.verify_signature("reply-address", b"case_1", "")
    assert not secrets.verify_signature("reply-address", b"case_1", "é\udcff")
    assert secrets.sign("reply-address", b"case_1") != signature


def test_django_gets_a_key_and_fallbacks_that_tell_nothing_of_the_ring(ring: Callable[..., None]) -> None:
    ring(NEW, OLD)
    first, second = secrets.django_secret_keys()
    assert first != second
    assert NEW.secret.hex() not in (first, second)


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "a:",
        "a:" + base64.b64encode(b"short").decode(),
        "a:" + "!" * 44,
        f"{'x' * 33}:{base64.b64encode(b'k' * 32).decode()}",
        f"{OLD.line()}\n{OLD.line()}",
    ],
)
def test_bad_ring_is_refused_without_showing_it(text: str, settings: Settings) -> None:
    settings.HARK_KEYS = text
    with pytest.raises(BadKeyRing) as caught:
        secrets.key_ring()
    assert text not in str(caught.value)
    assert OLD.line() not in str(caught.value)


def test_key_file_is_made_for_its_owner_alone_and_a_new_key_comes_first(tmp_path: Path, settings: Settings) -> None:
    settings.HARK_KEYS, settings.HARK_DATA = "", tmp_path
    with pytest.raises(NoKey):
        secrets.key_ring()
    first = secrets.add_key_to_file()
    blob = secrets.seal(b"token", aad="place")
    second = secrets.add_key_to_file()
    assert [key.id for key in secrets.key_ring()] == [second.id, first.id]
    assert secrets.open_sealed(blob, aad="place") == b"token"
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o600
    (tmp_path / "keys").chmod(0o640)
    with pytest.raises(BadKeyRing, match="chmod 600"):
        secrets.key_ring()


def test_a_key_never_shows_itself() -> None:
    assert "oooo" not in f"{OLD} {OLD!r} {[OLD]}"
    assert base64.b64encode(OLD.secret).decode() not in repr(OLD)


@pytest.mark.django_db
def test_database_of_another_ring_is_refused(ring: Callable[..., None]) -> None:
    ring(OLD)
    assert not secrets.belongs_to_a_key()
    secrets.check_database()
    secrets.check_database()
    assert secrets.belongs_to_a_key()
    ring(NEW)
    with pytest.raises(WrongKey) as caught:
        secrets.check_database()
    assert isinstance(caught.value, HarkError)
    ring(NEW, OLD)
    secrets.check_database()
    secrets.reseal_check()
    ring(NEW)
    secrets.check_database()
