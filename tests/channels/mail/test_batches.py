"""The two batch commands: every field, every line once, exit status 0 whatever the content."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hark.site.cli import main
from tests.channels.mail.reading import mail, parts
from tests.clean import wrong_in

FIELDS = {
    *("file", "ok", "external_id", "from", "subject", "text_chars", "attachments", "auto_reply", "bounce", "note"),
    "seconds",
}


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def hark(*words: str | Path) -> None:
    assert run(*words) == 0


def run(*words: str | Path) -> int:
    try:
        main(["channels", *map(str, words)])
    except SystemExit as left:
        return int(left.code or 0)
    return 0


def test_every_mail_below_the_folder_has_its_line(tmp_path: Path) -> None:
    box = tmp_path / "mails"
    (box / "deep" / "er").mkdir(parents=True)
    (box / "plain.eml").write_bytes(mail(body="Words."))
    (box / "deep" / "two parts").write_bytes(parts("Content-Type: text/html\n\n<p>Hi", "Content-Type: image/gif\n\nx"))
    (box / "deep" / "er" / "bounce.eml").write_bytes(
        b"From: MAILER-DAEMON@x.example\nSubject: failure notice\n\n<a@b.example>:\n550 5.1.1 user unknown"
    )
    (box / "robot").write_bytes(b"From ann\nFrom: =?x?= <ann@example.org>\nAuto-Submitted: auto-replied\n\nAway.")
    (box / "empty").write_bytes(b"")
    (box / "link").symlink_to(box / "plain.eml")
    out = tmp_path / "out.jsonl"
    hark("parse", "email", "--batch", box, "--output", out)
    found = {row["file"]: row for row in lines(out)}
    assert set(found) == {"plain.eml", "deep/two parts", "deep/er/bounce.eml", "robot", "empty"}
    assert all(set(row) == FIELDS for row in found.values())
    plain = {key: value for key, value in found["plain.eml"].items() if key != "seconds"}
    assert plain == {
        "file": "plain.eml",
        "ok": True,
        "external_id": "<one@example.org>",
        "from": "ann@example.org",
        "subject": "Hello",
        "text_chars": 6,
        "attachments": 0,
        "auto_reply": False,
        "bounce": False,
        "note": "",
    }
    assert (found["deep/two parts"]["text_chars"], found["deep/two parts"]["attachments"]) == (2, 1)
    assert (found["deep/er/bounce.eml"]["bounce"], found["deep/er/bounce.eml"]["auto_reply"]) == (True, False)
    assert (found["robot"]["bounce"], found["robot"]["auto_reply"]) == (False, True)
    assert (found["empty"]["ok"], found["empty"]["note"]) == (False, "no_headers")


@pytest.mark.parametrize(
    "words",
    [
        ["parse", "email"],
        ["parse", "email", "--batch", "."],
        ["parse", "email", "--batch", "nowhere", "--output", "out"],
        ["parse", "email", "FILE", "--batch", ".", "--output", "out"],
        ["parse", "simulated", "--batch", ".", "--output", "out"],
        ["parse", "email", "--batch", ".", "--output", "no/such/folder/out"],
        ["clean-html", "--input", "nowhere", "--output", "out"],
        ["clean-html"],
    ],
)
def test_wrong_use_is_one_sentence(words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(*words) == 2


def test_html_is_answered_line_by_line(tmp_path: Path) -> None:
    asked = tmp_path / "in.jsonl"
    asked.write_bytes(
        b'{"id": "a", "html": "<p onclick=x>3 < 5<img src=//t.example/x>"}\n'
        b"\n"
        b'{"id": 2, "html": "\\ud800"}\n'
        b"not json \xff\n"
        b'{"id": null}\n'
        b'["list"]\n'
        b'{"id": "deep", "html": "' + b"<div>" * 50_000 + b'words"}\n'
        b'{"id": "last", "html": "' + b"long " * 9_000 + b'<b>end"}'
    )
    out = tmp_path / "out.jsonl"
    hark("clean-html", "--input", asked, "--output", out)
    found = lines(out)
    assert [row["id"] for row in found] == ["a", 2, None, None, None, "deep", "last"]
    assert found[0] == {"id": "a", "html": '<p>3 &lt; 5<img data-remote-src="//t.example/x"></p>', "blocked_remote": 1}
    assert [row["html"] for row in found[1:6]] == ["\ufffd", "", "", "", "words"]
    assert found[6]["html"].endswith("<b>end</b>")
    assert all(wrong_in(row["html"]) == [] for row in found)


def test_short_lines_are_cleaned_quickly_without_django_settings(tmp_path: Path) -> None:
    """In a process of its own, as people run it: no database, no settings, no key."""
    asked, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    asked.write_text("".join(json.dumps({"id": n, "html": f"<b>line</b> {n} <i>x"}) + "\n" for n in range(2_000)))
    command = [sys.executable, "-m", "hark.site.cli", "channels", "clean-html", "--input", asked, "--output", out]
    done = subprocess.run(command, env={"PYTHONPATH": ":".join(sys.path)}, capture_output=True, timeout=60, check=True)
    assert done.stderr == b""
    assert [row["id"] for row in lines(out)] == list(range(2_000))
    assert lines(out)[7]["html"] == "<b>line</b> 7 <i>x</i>"
