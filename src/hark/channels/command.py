"""`hark channels`: what a venue's code makes of a file. No Django, no database, no network, no secret."""

import json
import sys
from pathlib import Path
from typing import Any, NoReturn

import click

from hark.channels import registry
from hark.channels.as_json import as_line
from hark.channels.types import Account, Raw

ALIASES = {"messenger": "facebook"}  # one webhook for both
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def channels() -> None:
    """What venues deliver, in Hark's words."""


@channels.command()
@click.argument("venue")
@click.argument("file", required=False)
@click.option("--batch", type=FOLDER, help="Read every file below this folder instead (e-mail only).")
@click.option("--output", type=FILE, help="Where the lines of --batch go.")
@click.option("--account", metavar="FILE.json", help="self_ids, handles and base_url of our account.")
@click.option("--header", "headers", multiple=True, metavar="NAME=VALUE", help="A header of the call; may be repeated.")
def parse(
    *,
    venue: str,
    file: str | None,
    batch: Path | None,
    output: Path | None,
    account: str | None,
    headers: tuple[str, ...],
) -> None:
    """Print the events in one raw arrival, one JSON object a line, in order.

    FILE holds the bytes exactly as VENUE delivered them; - reads standard input. What cannot be read becomes an event
    of kind "unknown" with its problem. With --batch each file is one mail and gets one line in --output.

    \b
    Example:
      hark channels parse simulated webhook.json --account account.json
      curl -s https://venue.example/feed | hark channels parse rss -
      hark channels parse email --batch mails/ --output read.jsonl
    """
    if batch is not None or output is not None:
        _batch(venue, file, batch, output)
        return
    if file is None:
        _stop("Name a FILE to read, or a folder with --batch.")
    try:
        kind = registry.venue(ALIASES.get(venue, venue))
    except registry.UnknownVenue as error:
        _stop(error.message)
    raw = Raw(_bytes_of(file), dict(_header(each) for each in headers))
    for event in kind.parse(_account(account), raw):
        sys.stdout.buffer.write(as_line(event) + b"\n")


@channels.command("clean-html")
@click.option("--input", "source", type=click.Path(dir_okay=False, path_type=Path), required=True)
@click.option("--output", type=FILE, required=True)
def clean_html(source: Path, output: Path) -> None:
    """Clean HTML as it is cleaned before an agent sees it: lines {"id", "html"} in, one cleaned line out for each.

    \b
    Example:
      hark channels clean-html --input fragments.jsonl --output clean.jsonl
    """
    from hark.channels.batches import clean_lines

    try:
        with source.open("rb") as lines, output.open("w", encoding="utf-8") as out:
            clean_lines(lines, out)
    except OSError as error:
        _stop(f"{error.filename or output}: {error.strerror}.")


def _batch(venue: str, file: str | None, folder: Path | None, output: Path | None) -> None:
    """Exit status 0 whatever the mails hold."""
    from hark.channels.batches import parse_mails

    if venue != "email":
        _stop(f"--batch reads mails only: `hark channels parse email`, not {venue!r}.")
    if file is not None or folder is None or output is None:
        _stop("--batch DIR and --output FILE.jsonl go together, without another FILE.")
    try:
        with output.open("w", encoding="utf-8") as out:
            parse_mails(folder, out)
    except OSError as error:
        _stop(f"{error.filename or output}: {error.strerror}.")


def _bytes_of(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        _stop(f"{file} cannot be read: {error.strerror}.")


def _header(said: str) -> tuple[str, str]:
    name, equals, value = said.partition("=")
    if not equals or not name.strip():
        _stop(f"--header must look like NAME=VALUE, not {said!r}.")
    return name.strip().lower(), value


def _account(file: str | None) -> Account:
    if file is None:
        return Account("")
    try:
        said: Any = json.loads(_bytes_of(file))
    except ValueError:
        said = None
    if not isinstance(said, dict):
        _stop(f"{file} must hold one JSON object with self_ids, handles and base_url.")
    return Account(
        "",
        settings=said,
        self_ids=_words(said.get("self_ids")),
        handles=_words(said.get("handles")),
        base_url=str(said.get("base_url") or ""),
    )


def _words(listed: Any) -> frozenset[str]:
    return frozenset(map(str, listed)) if isinstance(listed, list) else frozenset()


def _stop(words: str) -> NoReturn:
    click.echo(words, err=True)
    sys.exit(2)
