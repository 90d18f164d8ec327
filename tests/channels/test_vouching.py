"""The code that a site signs with, run as it is shown, and what Hark says of a token."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import jwt
import pytest

from hark.channels.testing.conformance.bench import MOMENT
from hark.channels.webchat.identity import site_person
from hark.channels.webchat.vouching import LANGUAGES, SNIPPETS, read_token, signing_code
from hark.kernel.time import now
from tests.channels.accounts import CHAT, IDENTITY

NOW = int(MOMENT.timestamp())
CLAIMS = {"aud": CHAT.key, "iat": NOW, "exp": NOW + 600, "sub": "4711", "name": "Maud", "email": "maud@example.org"}
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "venues.md"
RUN = {
    "Python": ([sys.executable, "-c"], 'print(hark_identity(4711, "Maud Ünal", "maud@example.org"))'),
    "Node": (["node", "-e"], 'console.log(harkIdentity(4711, "Maud Ünal", "maud@example.org"))'),
    "PHP": (["php", "-r"], 'echo hark_identity(4711, "Maud Ünal", "maud@example.org");'),
    "Ruby": (["ruby", "-e"], 'puts hark_identity(4711, "Maud Ünal", "maud@example.org")'),
}


def word(secret: str = IDENTITY, algorithm: str = "HS256", **changes: object) -> str:
    claims = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not None}
    return jwt.encode(claims, secret, algorithm=algorithm)


@pytest.mark.parametrize("language", RUN)
def test_code_that_is_shown_makes_a_token_that_is_believed(language: str) -> None:
    command, call = RUN[language]
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed here")
    code = dict(signing_code(CHAT))[language].removeprefix("<?php\n")
    around = {"HARK_IDENTITY_SECRET": IDENTITY, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    done = subprocess.run(
        [*command, f"{code}\n{call}"], env=around, capture_output=True, text=True, timeout=60, check=True
    )  # fmt: skip
    person = site_person(CHAT, done.stdout.strip(), at=now())
    assert (person.key, person.name, person.email) == ("4711", "Maud Ünal", "maud@example.org")


def test_document_shows_the_same_code() -> None:
    said = DOCUMENT.read_text("utf-8")
    assert [name for name, file in LANGUAGES if (SNIPPETS / file).read_text("utf-8").strip() not in said] == []


def test_good_token_is_read_with_the_secret_that_signed_it() -> None:
    rotated = replace(CHAT, secrets={"identity": "n" * 43, "identity.previous": IDENTITY})
    read = read_token(rotated, f" {word()}\n", at=MOMENT)
    assert read.person == site_person(rotated, word(), at=MOMENT)
    assert (read.problems, read.signed_with) == ((), "older")
    assert read_token(rotated, word("n" * 43), at=MOMENT).signed_with == "newer"
    assert dict(read.claims)["exp"] == f"{MOMENT + timedelta(seconds=600):%Y-%m-%d %H:%M:%S} UTC"


@pytest.mark.parametrize(
    ("token", "problem"),
    [
        ("", "not a JWT"),
        ("a.b.c", "not a JWT"),
        ("x" * 9_000, "not a JWT"),
        ("\x00é.é.é", "not a JWT"),
        (word("o" * 43), "fits none"),
        (word(algorithm="HS512"), "only HS256"),
        (word(aud="chan_other"), f"aud must be {CHAT.key}"),
        (word(aud=["a", 7]), f"aud must be {CHAT.key}"),
        (word(aud=None), "aud is missing"),
        (word(exp=None), "exp is missing"),
        (word(sub=""), "sub must be"),
        (word(sub=None, iat=None), "iat is missing"),
        (word(exp=NOW - 1, iat=NOW - 60), "Expired"),
        (word(exp=NOW + 86_400), "more than an hour"),
        (word(exp="tomorrow"), "seconds since 1970"),
        (word(exp=1e300), "cannot be"),
    ],
)
def test_what_is_wrong_with_a_token_is_named(token: str, problem: str) -> None:
    read = read_token(CHAT, token, at=MOMENT)
    assert read.person is None
    assert problem in " ".join(read.problems)
    assert IDENTITY not in json.dumps([read.problems, read.claims])


def test_channel_without_a_secret_says_so() -> None:
    assert "make one" in read_token(replace(CHAT, secrets={}), word(), at=MOMENT).problems[0]
