"""Web push is encrypted as RFC 8291 says, and goes to public https addresses only."""

import base64

import pytest
from pytest_django import Settings

from hark.kernel import webpush
from hark.kernel.webpush import NoSubscription, Push, PushLater, Subscription, encrypt

# RFC 8291, appendix A.
BROWSER = Subscription(
    "https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV",
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    "BTBZMqHH6r4Tts7J_aSIgg",
)
SENDER, SALT = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw", "DGv6ra1nlYgDCS1FRnbzlw"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl"
    "7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def plain(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_encryption_gives_the_bytes_of_the_rfc() -> None:
    words = b"When I grow up, I want to be a watermelon"
    assert encrypt(words, BROWSER, sender=plain(SENDER), salt=plain(SALT), padded=0) == plain(BODY)


def test_all_pushes_look_alike_and_no_two_are() -> None:
    sent = [encrypt(words, BROWSER) for words in (b"", b"short", b"x" * 900)]
    assert {len(each) for each in sent} == {86 + webpush.PADDED_BYTES + 16}
    assert len({each[:16] for each in sent}) == len({each[21:86] for each in sent}) == 3


@pytest.mark.parametrize(
    "bad",
    [
        {"endpoint": "http://push.example.net/x"},
        {"endpoint": "https://push.example.net:8443/x"},
        {"endpoint": "https://me@push.example.net/x"},
        {"endpoint": "ftp://push.example.net/x"},
        {"endpoint": ""},
        {"p256dh": "BA" + "A" * 85},
        {"p256dh": ""},
        {"auth": "c2hvcnQ"},
        {"auth": "é"},
    ],
)
def test_what_no_browser_gives_is_refused(bad: dict[str, str]) -> None:
    given = {"endpoint": BROWSER.endpoint, "p256dh": BROWSER.p256dh, "auth": BROWSER.auth}
    with pytest.raises(NoSubscription):
        webpush.checked(Subscription(**{**given, **bad}))
    assert webpush.checked(BROWSER) == BROWSER


@pytest.mark.parametrize("inside", ["127.0.0.1", "10.0.0.1", "[::1]", "169.254.169.254"])
def test_address_inside_is_never_called(settings: Settings, inside: str) -> None:
    to = Subscription(f"https://{inside}/push", BROWSER.p256dh, BROWSER.auth)
    with pytest.raises(PushLater, match="AddressRefused"):
        webpush.send(Push(b"{}", "t", 60), to, identity=webpush.new_identity())
