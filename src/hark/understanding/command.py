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
from hark.understanding.loading import FOLDER, Models, load_models
from hark.understanding.sameness import Heard, Utterance, form_of
from hark.understanding.types import BrandProfile

BATCH = 256
BATCH_BYTES = 8 << 20  # of lines that are held at once: few long ones are a batch as well
LONGEST_LINE = 16 << 20  # bytes; of a longer line nothing is kept
MALFORMED = 2
TOLD_EVERY = 20  # batches between two words of progress, where they go to a file
EXISTING = click.Path(dir_okay=False, path_type=Path)
FOLDERS = click.Path(file_okay=False, exists=True, path_type=Path)


@dataclass(frozen=True, slots=True)
class _Line:
    """One input line: what it asks, or what is wrong with it."""

    number: int
    asked: Asked | None
    id: str | None = None
    error: str = ""
    size: int = 0


@click.group(invoke_without_command=True)
@click.option("--brands", "brands_file", type=EXISTING, help="Brand profiles, JSON.")
@click.option("--input", "input_file", type=EXISTING, help="Texts, one JSON object a line.")
@click.option("--output", "output_file", type=EXISTING, help="Readings, one JSON object a line.")
@click.option("--corrections", "corrections_file", type=EXISTING, help="What people corrected, one JSON object a line.")
@click.option("--linear", is_flag=True, help="Only the linear models: faster, less exact.")
@click.option("--models", "models_dir", type=FOLDERS, envvar="HARK_MODELS", help="Models of one's own.")
@click.pass_context
def understand(  # noqa: PLR0913 - the command's own options
    context: click.Context,
    *,
    brands_file: Path | None,
    input_file: Path | None,
    output_file: Path | None,
    corrections_file: Path | None,
    linear: bool,
    models_dir: Path | None,
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
        _check_files(input_file, output_file, brands_file, corrections_file)
        models, brands = _prepared(brands_file, corrections_file, models_dir or FOLDER, linear=linear)
        progress = _Progress(_count(input_file, brands))
        malformed = _read(input_file, output_file, models, brands, progress)
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
@click.option(
    "--encoder",
    "encoder_dir",
    type=FOLDERS,
    help="Keep the encoder of this folder, which was tuned already; only the heads are fitted anew.",
)
def train_command(  # noqa: PLR0913 - the command's own options
    *,
    data_dir: Path,
    out_dir: Path,
    minutes: float,
    seed: int,
    corrections_file: Path | None,
    linear: bool,
    encoder_dir: Path | None,
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
        card = train(data_dir, out_dir, seed, minutes, corrections=extra, base=base, keep=encoder_dir, tell=_tell)
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
    brands_file: Path, corrections_file: Path | None, models_dir: Path, *, linear: bool
) -> tuple[Models, dict[str, BrandProfile]]:
    """The models, with what the corrections teach, and the profiles."""
    try:
        brands = brands_from(json.loads(brands_file.read_text(encoding="utf-8-sig")))
    except (OSError, ValueError, RecursionError) as error:
        raise Unreadable(f"brands: {error}") from error
    given = corrections_in(corrections_file) if corrections_file else []
    models = load_models(models_dir, linear=linear)
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
        lines = path.read_bytes().split(b"\n")  # no other sign ends a line: texts may hold any
    except OSError as error:
        raise Unreadable(f"corrections: {error}") from error
    found = []
    for place, line in enumerate(lines, start=1):
        if line.strip():
            try:
                content = json.loads(line.decode("utf-8-sig"))
            except (ValueError, RecursionError) as error:
                raise Unreadable(f"corrections, line {place}: not JSON in UTF-8") from error
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


def _check_files(input_file: Path, output_file: Path, *others: Path | None) -> None:
    """The input is read twice, so it cannot be a pipe; the output must be none of the files that are read."""
    if input_file.exists() and not input_file.is_file():
        raise Unreadable("input: a file is needed, which can be read twice")
    read = [one for one in (input_file, *others) if one and one.exists()]
    if output_file.exists() and any(map(output_file.samefile, read)):
        raise Unreadable("output: this is one of the files that are read")


def _lines(file: IO[bytes], brands: Mapping[str, BrandProfile]) -> Iterator[_Line]:
    """Every line that is not blank, parsed or with its fault. No line is held that is longer than may be."""
    number = 0
    while raw := file.readline(LONGEST_LINE):
        number += 1
        if len(raw) == LONGEST_LINE and not raw.endswith(b"\n"):
            while (rest := file.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                pass
            yield _Line(number, None, error=f"longer than {LONGEST_LINE >> 20} MiB")
        elif raw.strip():
            yield _line(raw, number, brands)


def _line(raw: bytes, number: int, brands: Mapping[str, BrandProfile]) -> _Line:
    content: Any = None
    try:
        content = json.loads(raw.decode("utf-8-sig" if number == 1 else "utf-8"))
        return _Line(number, line_from(content, brands), size=len(raw))
    except BadLine as error:
        name = content.get("id") if isinstance(content, Mapping) else None
        return _Line(number, None, name if isinstance(name, str) else None, error.detail)
    except (ValueError, RecursionError):
        return _Line(number, None, None, "not a JSON object in UTF-8")


def _count(input_file: Path, brands: Mapping[str, BrandProfile]) -> int:
    """The number of the last line; every brand that one names must have a profile. Raises Unreadable."""
    last = 0
    with input_file.open("rb") as file:
        for line in _lines(file, brands):
            last = line.number
    return last


class _Progress:
    """How far it is, on stderr: one line that changes on a terminal, a few that stay in a file."""

    def __init__(self, last: int) -> None:
        self.last, self.batches = last, 0
        self.terminal = sys.stderr.isatty()

    def at(self, number: int) -> None:
        """A batch is written, up to this line."""
        self.batches += 1
        if self.terminal:
            percent = 100 * number // max(self.last, 1)
            click.echo(f"\r{number:,} of {self.last:,} lines read, {percent} %", nl=number >= self.last, err=True)
        elif self.batches % TOLD_EVERY == 0:
            click.echo(f"{number} lines read", err=True)

    def fault(self, line: _Line) -> None:
        """Name a line that is malformed."""
        click.echo(f"{self.margin}line {line.number}: {line.error}", err=True)

    @property
    def margin(self) -> str:
        """What takes the changing line away."""
        return "\r\x1b[K" if self.terminal else ""


def _read(
    input_file: Path, output_file: Path, models: Models, brands: Mapping[str, BrandProfile], progress: _Progress
) -> int:
    """Read the file in batches, in its order; the number of malformed lines. No more than a batch is held."""
    malformed, heard = 0, Heard()
    with input_file.open("rb") as source, output_file.open("w", encoding="utf-8") as target:
        for batch in _batches(_lines(source, brands)):
            for answer in _answers(batch, models, brands, heard):
                target.write(json.dumps(answer, ensure_ascii=True) + "\n")
            faults = [line for line in batch if line.asked is None]
            malformed += len(faults)
            for line in faults:
                progress.fault(line)
            progress.at(batch[-1].number)
    return malformed


def _batches(lines: Iterator[_Line]) -> Iterator[list[_Line]]:
    batch: list[_Line] = []
    held = 0
    for line in lines:
        batch.append(line)
        held += line.size
        if len(batch) == BATCH or held >= BATCH_BYTES:
            yield batch
            batch, held = [], 0
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
