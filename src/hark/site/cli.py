"""The `hark` command. Its parts are imported when they are called, so that `hark --help` is quick."""

import errno
import importlib
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import click

from hark.kernel.errors import HarkError

# name: where it is, and its line in `hark --help`
PARTS = {
    "up": ("hark.site.commands.running:up", "Run Hark: database, web, workers, kept alive."),
    "demo": ("hark.site.demo.command:demo", "Run the main job with made-up customers."),
    "doctor": ("hark.site.commands.doctor:doctor", "Say what is wrong and what to do."),
    "migrate": ("hark.site.commands.tables:migrate", "Bring the tables up to date."),
    "keys": ("hark.site.commands.keys:keys", "The key ring: new, rotate."),
    "search": ("hark.site.commands.search:search", "Rebuild what search finds by; say how far it is behind."),
    "readings": ("hark.site.commands.readings:readings", "Read old messages again, with the models of today."),
    "audit": ("hark.site.commands.audit:audit", "Prove that nobody changed the audit."),
    "people": ("hark.site.commands.people:people", "Let somebody in who has lost the second factor."),
    "ledger": ("hark.site.commands.ledger:ledger", "Prove that nothing was lost or doubled."),
    "channels": ("hark.site.commands.channels:channels", "Read a venue's files, without a database."),
    "understand": ("hark.understanding.command:understand", "Read texts from a file, without a database."),
    "web": ("hark.site.commands.running:web", "One web process (`hark up` runs it)."),
    "worker": ("hark.site.commands.running:worker", "One worker process (`hark up` runs them)."),
}
WRONG_USE = 2


class MissingPart(HarkError):
    """This part of Hark is not installed here."""


class Parts(click.Group):
    """Commands that are imported only when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table."""
        return list(PARTS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import it. Raises MissingPart in one sentence."""
        if cmd_name not in PARTS:
            return None
        module_name, _, attribute = PARTS[cmd_name][0].partition(":")
        try:
            command = getattr(importlib.import_module(module_name), attribute)
        except ModuleNotFoundError as problem:
            raise MissingPart(f"`hark {cmd_name}` needs {problem.name}") from None
        if not isinstance(command, click.Command):
            raise MissingPart(f"`hark {cmd_name}`")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list, from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in PARTS.items()])


@click.command(cls=Parts, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(version("hark"), prog_name="hark")
def cli() -> None:
    """Hark: open-source social customer service.

    Example: hark up --port 8420
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; every refusal is one sentence on stderr and exit status 2, never a traceback."""
    try:
        status = cli.main(args=arguments, prog_name="hark", standalone_mode=False)
    except click.Abort:
        fail("Stopped.", status=130)
    except click.ClickException as problem:
        fail(problem.format_message(), usage=getattr(problem, "ctx", None), status=problem.exit_code)
    except HarkError as problem:
        fail(problem.message)
    except BrokenPipeError:  # `hark … | head`
        sys.stderr.close()
        sys.exit(1)
    except OSError as problem:
        fail(sentence_of(problem))
    sys.exit(status if isinstance(status, int) else 0)


def sentence_of(problem: OSError) -> str:
    """The operating system's refusal, for people; what is not one goes on as it is."""
    if problem.errno == errno.ENOSPC:
        return "The disk is full."
    if problem.errno in {errno.EACCES, errno.EPERM, errno.ENOENT, errno.EISDIR, errno.ENOTDIR, errno.EROFS}:
        return f"{problem.strerror}: {problem.filename}"
    raise problem


def fail(sentence: str, *, usage: Any = None, status: int = WRONG_USE) -> None:
    """Say it and leave."""
    hint = f" Try `{usage.command_path} --help`." if usage is not None else ""
    print(f"hark: {sentence}{hint}", file=sys.stderr, flush=True)
    sys.exit(status)


if __name__ == "__main__":
    main()
