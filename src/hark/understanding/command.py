"""`hark understand` and `hark understand train`: reading files of texts, without database, Django or network.

`understand` is a click group that reads when no subcommand is given; `site.cli` hangs it into `hark`.
"""

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, NoReturn

import click

from hark.kernel.errors import HarkError
from hark.understanding.analyse import analyse
from hark.understanding.corrections import RelevanceCorrection, learn, learn_own_intents
from hark.understanding.files import Asked, BadLine, Correction, Unreadable, brands_from, correction_from, line_from
from hark.understanding.folds import moods
from hark.understanding.loading import Models, load_models
from hark.understanding.sameness import Heard, Utterance, form_of
from hark.understanding.types import BrandProfile

BATCH = 256
MALFORMED = 2
TOLD_EVERY = 20  # batches between two words of progress
EXISTING = click.Path(dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class _Line:
    """One input line: what it asks, or what is wrong with it."""

    number: int
    asked: Asked | None
    id: str | None = None
    error: str = ""


@click.group(invoke_without_command=True)
@click.option("--brands", "brands_file", type=EXISTING, help="Brand profiles, JSON.")
@click.option("--input", "input_file", type=EXISTING, help="Texts, one JSON object a line.")
@click.option("--output", "output_file", type=EXISTING, help="Readings, one JSON object a line.")
@click.option("--corrections", "corrections_file", type=EXISTING, help="What people corrected, one JSON object a line.")
@click.option("--linear", is_flag=True, help="Only the linear models: faster, less exact.")
@click.pass_context
def understand(
    context: click.Context,
    *,
    brands_file: Path | None,
    input_file: Path | None,
    output_file: Path | None,
    corrections_file: Path | None,
    linear: bool,
) -> None:
    """Read texts: language, relevance, feeling, complaint, urgency, flags and mood, each with its reasons.

    \b
    Example:
      hark understand --brands brands.json --input texts.jsonl --output readings.jsonl
    """
    if context.invoked_subcommand is not None:
        return
    if not (brands_file and input_file and output_file):
        raise click.UsageError("--brands, --input and --output are needed")
    try:
        models, brands = _prepared(brands_file, corrections_file, linear=linear)
        _check_brands(input_file, brands)
        malformed = _read(input_file, output_file, models, brands)
    except (HarkError, OSError) as error:
        _fail(error)
    if malformed:
        sys.exit(MALFORMED)


@understand.command("train")
@click.option("--data", "data_dir", type=click.Path(file_okay=False, path_type=Path), required=True)
@click.option("--out", "out_dir", type=click.Path(file_okay=False, path_type=Path), required=True)
@click.option("--minutes", type=click.FloatRange(min=0.1), default=20.0, show_default=True, help="Stop after these.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--corrections", "corrections_file", type=EXISTING, help="Corrections that the global heads take in.")
@click.option("--linear", is_flag=True, help="Only the linear models: no encoder is made.")
def train_command(
    *, data_dir: Path, out_dir: Path, minutes: float, seed: int, corrections_file: Path | None, linear: bool
) -> None:
    """Make the weights anew and print how well they read. Needs the extra `train`.

    \b
    Example:
      hark understand train --data ../shared/data/understanding --out /tmp/weights
    """
    try:
        from hark.understanding.train import train
        from hark.understanding.train.branches import find_base
        from hark.understanding.train.taken_in import taken_in
    except ImportError:
        click.echo("Training needs the extra `train`: pip install 'hark[train]'.", err=True)
        sys.exit(MALFORMED)
    try:
        given = corrections_in(corrections_file) if corrections_file else []
        extra, left = taken_in(given)
        if left:
            click.echo(f"{left} corrections are of fields that no global head learns yet", err=True)
        base = None if linear else find_base()
        card = train(data_dir, out_dir, seed, minutes, corrections=extra, base=base, tell=_tell)
    except (HarkError, OSError) as error:
        _fail(error)
    click.echo(json.dumps(card["metrics"], indent=1))


def _fail(error: Exception) -> NoReturn:
    """One sentence on stderr, exit 2."""
    sentence = error.message if isinstance(error, HarkError) else f"{error.__class__.__name__}: {error}"
    click.echo(sentence, err=True)
    sys.exit(MALFORMED)


def _tell(step: str) -> None:
    click.echo(step, err=True)


def _prepared(
    brands_file: Path, corrections_file: Path | None, *, linear: bool
) -> tuple[Models, dict[str, BrandProfile]]:
    """The models, with what the corrections teach, and the profiles."""
    try:
        brands = brands_from(json.loads(brands_file.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise Unreadable(f"brands: {error}") from error
    given = corrections_in(corrections_file) if corrections_file else []
    models = load_models(linear=linear)
    near = models.deep.near if models.deep else None
    models = replace(models, brands=learn(relevance_of(given, brands), brands, models.prior, near))
    if near and models.deep:
        own = learn_own_intents(intents_of(given, brands), near, *models.deep.examples)
        models = replace(models, own_intents=own)
    return models, brands


def intents_of(given: Iterable[Correction], brands: Mapping[str, BrandProfile]) -> list[tuple[str, str, str]]:
    """Brand, intent and text of those of intent; without a brand they count for every brand."""
    named = [one for one in given if one.field == "intent"]
    return [(brand, str(one.value), one.text) for one in named for brand in ([one.brand] if one.brand else brands)]


def corrections_in(path: Path) -> list[Correction]:
    """All lines of a corrections file. Raises Unreadable at the first that cannot be used."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise Unreadable(f"corrections: {error}") from error
    found = []
    for place, line in enumerate(lines, start=1):
        if line.strip():
            try:
                content = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise Unreadable(f"corrections, line {place}: not JSON") from error
            found.append(correction_from(content, place))
    return found


def relevance_of(given: Iterable[Correction], brands: Mapping[str, BrandProfile]) -> list[RelevanceCorrection]:
    """Those of relevance; they act in this run. Raises Unreadable for a brand that the brands file lacks."""
    found = []
    for correction in given:
        if correction.field == "relevance":
            if correction.brand is None or correction.brand not in brands:
                raise Unreadable(f"corrections: no brand {correction.brand!r} in the brands file")
            found.append(RelevanceCorrection(correction.brand, correction.text, correction.value == "relevant"))
    return found


def _lines(file: IO[bytes], brands: Mapping[str, BrandProfile]) -> Iterator[_Line]:
    """Every line that is not blank, parsed or with its fault."""
    for number, raw in enumerate(file, start=1):
        if raw.strip():
            yield _line(raw, number, brands)


def _line(raw: bytes, number: int, brands: Mapping[str, BrandProfile]) -> _Line:
    content: Any = None
    try:
        content = json.loads(raw.decode("utf-8"))
        return _Line(number, line_from(content, brands))
    except BadLine as error:
        name = content.get("id") if isinstance(content, Mapping) else None
        return _Line(number, None, name if isinstance(name, str) else None, error.detail)
    except (ValueError, RecursionError):
        return _Line(number, None, None, "not a JSON object in UTF-8")


def _check_brands(input_file: Path, brands: Mapping[str, BrandProfile]) -> None:
    """Every brand that a line names must have a profile, before anything is read. Raises Unreadable."""
    with input_file.open("rb") as file:
        for _ in _lines(file, brands):
            pass


def _read(input_file: Path, output_file: Path, models: Models, brands: Mapping[str, BrandProfile]) -> int:
    """Read the file in batches, in its order; the number of malformed lines."""
    malformed, heard = 0, Heard()
    with input_file.open("rb") as source, output_file.open("w", encoding="utf-8") as target:
        for count, batch in enumerate(_batches(_lines(source, brands)), start=1):
            for answer in _answers(batch, models, brands, heard):
                target.write(json.dumps(answer, ensure_ascii=True) + "\n")
            faults = [line for line in batch if line.asked is None]
            malformed += len(faults)
            for line in faults:
                click.echo(f"line {line.number}: {line.error}", err=True)
            if count % TOLD_EVERY == 0:
                click.echo(f"{batch[-1].number} lines read", err=True)
    return malformed


def _batches(lines: Iterator[_Line]) -> Iterator[list[_Line]]:
    batch: list[_Line] = []
    for line in lines:
        batch.append(line)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _answers(
    batch: list[_Line], models: Models, brands: Mapping[str, BrandProfile], heard: Heard
) -> Iterator[dict[str, Any]]:
    """One answer a line, in order; `heard` is what the lines before it said."""
    asked = [line.asked for line in batch if line.asked]
    contexts = [one.context for one in asked]
    readings = analyse([one.text for one in asked], contexts, models, brands)
    folded = moods(contexts, readings, models, brands)
    shapes = iter([reading.as_json(mood) for reading, mood in zip(readings, folded, strict=True)])
    for line in batch:
        if line.asked is None:
            yield {"id": line.id, "error": line.error, "line": line.number}
            continue
        shape = next(shapes)
        key = shape["duplicate_key"] or own_key(line.asked.id, line.number)
        said = Utterance(form_of(line.asked.text), line.asked.context.author, key)
        shape["duplicate_key"] = heard.first_of(said, line.asked.context.brand or "").key
        yield {"id": line.asked.id, **shape}


def own_key(name: str, number: int) -> str:
    """A duplicate key that no other line has, for a text whose sameness cannot be told."""
    return hashlib.sha256(f"line\0{number}\0{name}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
