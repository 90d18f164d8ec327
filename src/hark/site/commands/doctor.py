"""`hark doctor`: each check in a sentence, with the cure; status 1 on trouble."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hark.kernel.errors import HarkError
from hark.site import boot

if TYPE_CHECKING:
    from hark.kernel.health import Finding

OLDEST_ARRIVAL_SECONDS = 60.0
OLDEST_UNSEARCHED_SECONDS = 60.0
LARGEST_CLOCK_ERROR_SECONDS = 1.0


@click.command()
@click.option("--data", type=click.Path(path_type=Path), help="Data folder (else HARK_DATA).")
@click.pass_context
def doctor(ctx: click.Context, data: Path | None) -> None:
    """Say in sentences what is wrong and what to do. Changes nothing.

    Example: hark doctor --data ./data
    """
    boot.enter(data=data, check_key=False)
    findings = examine()
    for finding in findings:
        click.echo(("fine     " if finding.ok else "TROUBLE  ") + finding.sentence)
        if not finding.ok and finding.cure:
            click.echo("         " + finding.cure)
    trouble = sum(not finding.ok for finding in findings)
    click.echo("Everything is in order." if not trouble else f"{trouble} of {len(findings)} checks found trouble.")
    ctx.exit(1 if trouble else 0)


def examine() -> list["Finding"]:
    """All checks, in the order in which their cures make sense."""
    from hark.kernel import health, secrets

    ours: list[health.Finding] = []
    try:
        with boot.speaking_of_the_database():
            boot.open_the_key()
    except secrets.WrongKey as problem:
        ours = [health.Finding("data", ok=False, sentence=problem.message, cure="See docs/running.md, Keys.")]
    except HarkError:
        pass  # the checks below say it
    checked = health.checks()
    answers = all(finding.ok for finding in checked if finding.name in {"database", "schema"})
    return [folder(), models(), *checked, *ours, *(asked_of_the_database() if answers else [])]


def folder() -> "Finding":
    """May Hark write where its data are?"""
    from django.conf import settings

    from hark.kernel.health import Finding

    place: Path = settings.HARK_DATA
    if not place.exists():
        cure = "`hark up` makes it; or name another with --data or HARK_DATA."
        return Finding("folder", ok=bool(settings.HARK_KEYS), sentence=f"There is no data folder {place}.", cure=cure)
    if not os.access(place, os.W_OK | os.X_OK):
        return Finding(
            "folder", ok=False, sentence=f"This user may not write to {place}.", cure=f"chown it to {os.getuid()}."
        )
    return Finding("folder", ok=True, sentence=f"The data folder is {place}.")


def models() -> "Finding":
    """Are the models whole by which messages are read?"""
    from django.conf import settings

    from hark.kernel.health import Finding
    from hark.understanding.loading import FOLDER, WeightsDamaged, load_models

    cure = "Install Hark again; with HARK_MODELS see that its files belong to its MODEL.json."
    try:
        version = load_models(Path(settings.HARK_MODELS or FOLDER)).version
    except WeightsDamaged as problem:
        sentence = f"Messages go on without a reading: the models are damaged or missing ({problem.message})."
        return Finding("models", ok=False, sentence=sentence, cure=cure)
    if version.endswith("+linear"):
        sentence = f"The encoder is missing or damaged: messages are read by the words alone ({version})."
        return Finding("models", ok=False, sentence=sentence, cure=cure)
    return Finding("models", ok=True, sentence=f"Messages are read by the models {version}.")


def asked_of_the_database() -> Sequence["Finding"]:
    """What only the database knows."""
    return [clock(), arrivals(), channels(), found(), copies()]


def clock() -> "Finding":
    """Leases run by the database's clock; logs by ours. They should agree."""
    from hark.kernel.health import Finding
    from hark.kernel.time import database_now, now

    error = abs((database_now() - now()).total_seconds())
    cure = "Let both machines follow a time server."
    sentence = f"This machine's clock and the database's differ by {error:.1f} s."
    return Finding("clock", ok=error < LARGEST_CLOCK_ERROR_SECONDS, sentence=sentence, cure=cure)


def arrivals() -> "Finding":
    """Is what came in being read?"""
    from hark.intake.queries import backlog
    from hark.kernel.health import Finding

    waiting, oldest, parked = backlog()
    if oldest > OLDEST_ARRIVAL_SECONDS:
        cure = "See that workers run (`hark up`, or `hark worker`) and what their logs say; nothing is lost meanwhile."
        sentence = f"{waiting} arrivals wait to be read, the oldest for {oldest:.0f} s."
        return Finding("arrivals", ok=False, sentence=sentence, cure=cure)
    if parked:
        cure = "Open the page Parked arrivals: read the cause, then replay or discard them."
        return Finding("arrivals", ok=False, sentence=f"{parked} arrivals could not be read and are parked.", cure=cure)
    return Finding("arrivals", ok=True, sentence="What comes in is read at once.")


def channels() -> "Finding":
    """Does every channel hear and speak?"""
    from hark.kernel.health import Finding
    from hark.organisation.queries import ill_channels

    ill = [f"{channel.name} ({why})" for channel, why in ill_channels()]
    if ill:
        cure = "Open Settings, Channels: each page names the step that fails and what to do."
        return Finding("channels", ok=False, sentence=f"Channels that need a person: {', '.join(ill)}.", cure=cure)
    return Finding("channels", ok=True, sentence="No channel is cut off or strangely silent.")


def found() -> "Finding":
    """Is what came in found by search?"""
    from hark.conversations.queries.searchable import search_lag_seconds
    from hark.kernel.health import Finding
    from hark.kernel.time import database_now

    seconds = search_lag_seconds(at=database_now())
    if seconds > OLDEST_UNSEARCHED_SECONDS:
        cure = "See that workers run (`hark up`, or `hark worker`); `hark search rebuild` writes everything anew."
        return Finding("search", ok=False, sentence=f"Search is {seconds:.0f} s behind.", cure=cure)
    return Finding("search", ok=True, sentence="Search finds what has come in.")


def copies() -> "Finding":
    """Said in words, because nobody looks for it before the disk is gone."""
    from hark.kernel.db import fetch_all
    from hark.kernel.health import Finding

    standbys = fetch_all("SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')")[0][0]
    if standbys:
        return Finding("copies", ok=True, sentence=f"Every commit waits for a standby ({standbys} of them).")
    sentence = (
        "One machine, no standby: nothing acknowledged is lost when programs crash or the machine restarts with its "
        "disk intact; if the disk is lost, everything since the last backup is lost with it."
    )
    return Finding("copies", ok=True, sentence=sentence)
