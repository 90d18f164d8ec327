"""`hark understand`: one answer a line, in order; faults of a line are answered, faults of a file end it."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hark.understanding.command import understand
from hark.understanding.loading import CARD, FOLDER, LINEAR

BRANDS = {
    "brands": [{"key": "plum", "name": "Plum", "handles": ["@plumcare"], "products": ["sim"], "exclude": ["jam"]}]
}


class Bench:
    """A folder with the files of one run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write("brands.json", json.dumps(BRANDS))

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def run(self, lines: list[Any], corrections: list[Any] | None = None) -> tuple[Result, list[dict[str, Any]]]:
        texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        self.write("in.jsonl", "\n".join(texts) + "\n")
        arguments = ["--brands", str(self.folder / "brands.json"), "--input", str(self.folder / "in.jsonl")]
        arguments += ["--output", str(self.folder / "out.jsonl"), "--linear"]
        if corrections is not None:
            path = self.write("corrections.jsonl", "\n".join(json.dumps(one) for one in corrections))
            arguments += ["--corrections", str(path)]
        result = CliRunner().invoke(understand, arguments)
        out = self.folder / "out.jsonl"
        return result, [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_lines_are_answered_in_order_with_their_ids(bench: Bench) -> None:
    lines = [{"id": f"m{i}", "text": f"where is order {i}?", "brand": "plum"} for i in range(300)]
    result, answers = bench.run(lines)
    assert result.exit_code == 0, result.output
    assert [answer["id"] for answer in answers] == [f"m{i}" for i in range(300)]


def test_malformed_lines_are_answered_named_and_end_in_two(bench: Bench) -> None:
    lines: list[Any] = [
        {"id": "a", "text": "hello"},
        "{nope",
        {"id": "b"},
        {"id": 7, "text": "x"},
        "[" * 5000,
        {"id": "c", "text": ""},
    ]
    result, answers = bench.run(lines)
    assert result.exit_code == 2
    assert [answer.get("error") is not None for answer in answers] == [False, True, True, True, True, False]
    assert answers[2] == {"id": "b", "error": "`text` is a text", "line": 3}
    assert answers[1]["id"] is None
    assert "line 2" in result.stderr


def test_same_bytes_twice(bench: Bench) -> None:
    lines = [{"id": "1", "text": "Plum lost my sim \ud83d\ude21", "brand": "plum"}, {"id": "2", "text": "\ud800"}]
    bench.run(lines)
    first = (bench.folder / "out.jsonl").read_bytes()
    bench.run(lines)
    assert (bench.folder / "out.jsonl").read_bytes() == first


def test_line_that_names_an_unknown_brand_is_a_fault_of_the_brands_file(bench: Bench) -> None:
    result, answers = bench.run([{"id": "1", "text": "x"}, {"id": "2", "text": "x", "brand": "pear"}])
    assert result.exit_code == 2
    assert "pear" in result.stderr
    assert answers == []


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"brands": [{}]}',
        '{"brands": [{"key": "a", "name": 3}]}',
        '{"brands": [{"key": "a", "name": "A", "handles": "x"}]}',
        '{"brands": [{"key": "a", "name": "A"}, {"key": "a", "name": "B"}]}',
        '{"brands": [{"key": "a", "name": "A", "lexicon": {"safety": ["|"]}}]}',
    ],
)
def test_unreadable_brands_end_the_run_at_once(bench: Bench, content: str) -> None:
    bench.write("brands.json", content)
    result, answers = bench.run([{"id": "1", "text": "x"}])
    assert (result.exit_code, answers) == (2, [])
    assert result.stderr.strip()


def test_missing_files_and_missing_options_are_said(bench: Bench) -> None:
    runner = CliRunner()
    assert runner.invoke(understand, []).exit_code == 2
    arguments = [
        "--brands",
        str(bench.folder / "brands.json"),
        "--input",
        "/nowhere",
        "--output",
        str(bench.folder / "o"),
    ]
    result = runner.invoke(understand, arguments)
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_history_moods_and_blank_texts(bench: Bench) -> None:
    history = [{"author": "contact", "text": "never read again", "score": -0.9, "sent_at": "not a time"}] * 3
    lines = [{"id": "1", "text": " ", "history": history}, {"id": "2", "text": "hi", "history": [{"author": "bot"}]}]
    result, answers = bench.run(lines)
    assert result.exit_code == 2
    assert answers[0]["mood"] == {"score": None, "value": -0.9, "slope": 0.0, "level": "furious"}
    assert "author" in answers[1]["error"]


def test_duplicate_keys_join_the_author_and_keep_strangers_apart(bench: Bench) -> None:
    lines = [
        {"id": "1", "text": "Thanks a lot!", "author": "ann"},
        {"id": "2", "text": "thanks, a lot", "author": "ann"},
        {"id": "3", "text": "Thanks a lot!", "author": "bob"},
        {"id": "4", "text": "Thanks a lot!"},
        {"id": "5", "text": "Thanks a lot!"},
        {"id": "6", "text": "!"},
    ]
    keys = [answer["duplicate_key"] for answer in bench.run(lines)[1]]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 5
    assert all(len(key) == 16 for key in keys)


def test_relevance_corrections_act_and_others_are_taken(bench: Bench) -> None:
    line = {"id": "1", "text": "Plum the kitten is asleep", "brand": "plum"}
    before = bench.run([line])[1][0]["relevance"]["p"]
    corrections = [
        *(
            {"brand": "plum", "text": f"Plum the kitten {v}", "field": "relevance", "value": "irrelevant"}
            for v in "abc"
        ),
        *({"brand": "plum", "text": f"Plum bills {v}", "field": "relevance", "value": "relevant"} for v in "abc"),
        {"text": "x", "field": "sentiment", "value": "negative"},
        {"text": "x", "field": "flags.safety", "value": True},
        {"text": "x", "field": "intent", "value": "refund"},
    ]
    result, answers = bench.run([line], corrections)
    assert result.exit_code == 0, result.output
    assert answers[0]["relevance"]["p"] < before


@pytest.mark.parametrize(
    "correction",
    [
        {"text": "x"},
        {"text": "x", "field": "weather", "value": "wet"},
        3,
        {"text": "x", "field": "relevance", "value": "relevant", "brand": "pear"},
    ],
)
def test_unreadable_corrections_end_the_run_at_once(bench: Bench, correction: Any) -> None:
    result, answers = bench.run([{"id": "1", "text": "x"}], [correction])
    assert (result.exit_code, answers) == (2, [])


def test_duplicate_keys_join_nearly_the_same_words_of_strangers_within_a_brand(bench: Bench) -> None:
    said = "My new kettle from Plum burst into flames this morning and nobody picks up the phone"
    lines = [
        {"id": "1", "text": said, "author": "ann", "brand": "plum"},
        {"id": "2", "text": f"RT @ann: {said.upper()}!!", "author": "bob", "brand": "plum"},
        {"id": "3", "text": said, "author": "cid"},
        {
            "id": "4",
            "text": "Plum charged me twice for the bundle and says that I am wrong",
            "author": "dan",
            "brand": "plum",
        },
    ]
    keys = [answer["duplicate_key"] for answer in bench.run(lines)[1]]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


def test_folder_of_ones_own_is_read_with_and_a_wrong_one_is_refused(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "models").mkdir()
    monkeypatch.setenv("HARK_MODELS", str(tmp_path / "models"))
    result, answers = bench.run([{"id": "a", "text": "where is my order?"}])
    assert result.exit_code == 2
    assert "MODEL.json" in result.output
    assert answers == []
    for name in (CARD, LINEAR):
        shutil.copy(FOLDER / name, tmp_path / "models")
    result, answers = bench.run([{"id": "a", "text": "where is my order?"}])
    assert result.exit_code == 0, result.output
    assert [answer["id"] for answer in answers] == ["a"]
