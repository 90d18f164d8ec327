"""Make sure there is a Chromium for the tests: Playwright's own, else the distribution's."""

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Playwright, sync_playwright

SHELL = "chromium-headless-shell"  # the same engine without windows and extensions: pages in two thirds of the time
NAMES = (SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def chromium(playwright: Playwright) -> str:
    """The path of one that is here already: Playwright's own, else the distribution's; empty when there is none."""
    own = playwright.chromium.executable_path
    return own if Path(own).exists() else next((path for name in NAMES if (path := shutil.which(name))), "")


def found() -> str:
    """The same, asked from outside of Playwright."""
    with sync_playwright() as playwright:
        return chromium(playwright)


def from_distribution() -> None:
    """Install Debian's or Ubuntu's package, as root or through sudo."""
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    for command in (["update"], ["install", "-y", SHELL], ["install", "-y", "chromium"]):
        if not found():
            line = [*sudo, "apt-get", "-qq", *command]
            subprocess.run(line, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def main() -> int:
    """Look, download, install; say in one sentence when none of that worked."""
    if found():
        return 0
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(command, check=False, timeout=300, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if not found() and shutil.which("apt-get"):
        from_distribution()
    if not found():
        print(
            "There is no Chromium for the browser tests. Install it (Debian: apt install chromium).",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
