"""What a venue says of itself: the form of its settings, and what it allows, in words."""

from dataclasses import dataclass, replace
from typing import Literal, get_args

from hark.channels.in_words import allows
from hark.channels.kit.setting import asked, secret_names, setting
from hark.channels.registry import venues
from hark.channels.types import Caps


@dataclass(frozen=True)
class Mail:
    """A venue with an account elsewhere."""

    host: str = setting("", label="Server", help="Such as imap.example.org.", required=True)
    port: int = setting(993, low=1, high=65_535)
    security: Literal["tls", "none"] = setting("tls", words={"tls": "TLS"})
    user: str = ""
    password: str = setting("", secret=True, part="Who you are")
    folder: str = "INBOX"
    days_to_read_back: int = 0
    polite: bool = True
    more: dict[str, str] | None = None


def test_every_kind_of_field_is_asked_for_in_order() -> None:
    found = {one.name: one for one in asked(Mail)}
    assert list(found) == ["host", "port", "security", "user", "password", "folder", "days_to_read_back", "polite"]
    assert [found[name].kind for name in ("host", "port", "security", "password", "polite")] == [
        "text", "number", "choice", "secret", "yes",
    ]  # fmt: skip
    assert (found["host"].label, found["host"].required) == ("Server", True)
    assert (found["port"].default, found["port"].low, found["port"].high) == (993, 1, 65_535)
    assert found["security"].choices == (("tls", "TLS"), ("none", "None"))
    assert found["days_to_read_back"].label == "Days to read back"
    assert secret_names(Mail) == {"password"}
    assert [name for name, one in found.items() if one.part] == ["password"]
    assert Mail() == Mail(port=993, folder="INBOX")


def test_every_venue_of_ours_has_words_for_its_settings_and_an_introduction() -> None:
    ours = [place for place in venues().values() if type(place).__module__.startswith("hark.")]
    assert [place.key for place in ours if not place.intro] == []
    assert [one.name for place in ours for one in asked(place.Settings) if not one.label] == []


def test_words_follow_every_ability() -> None:
    plain = Caps(private=True, webhook=True)
    told = {
        flag for flag in ("edits_in", "deletes_in", "media", "echo", "edits_out", "deletes_out", "receipts") if flag
    }
    for flag in told:
        before, after = allows(plain), allows(replace(plain, **{flag: True}))
        assert before != after, flag
        assert sum(one.yes for one in after) == sum(one.yes for one in before) + 1, flag
    for unit in get_args(Caps.__annotations__["unit"]):
        assert "500" in " ".join(one.words for one in allows(replace(plain, max_length=500, unit=unit)))


def test_venue_without_replies_says_so_and_nothing_else_of_writing() -> None:
    words = [one.words for one in allows(Caps(poll=True))]
    assert "Replies are not possible from Hark" in words
    assert not any("Automatic answers" in one for one in words)
