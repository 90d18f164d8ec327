"""The environment, read once, typed, loudly failing."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hark.kernel.errors import MissingSetting

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}


@dataclass(frozen=True, slots=True)
class Env:
    """Typed reading of environment variables; a value that cannot be read names its variable and what was expected."""

    values: Mapping[str, str]

    def text(self, name: str, default: str | None = None) -> str:
        """The variable, or `default`; MissingSetting when there is neither."""
        value = self.values.get(name, "").strip() or default
        if value is None:
            raise MissingSetting(f"{name} is not set")
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """yes/no."""
        value = self.values.get(name, "").strip().lower()
        if not value:
            return default
        if value in TRUE:
            return True
        if value in FALSE:
            return False
        raise MissingSetting(f"{name} must be yes or no, not {value!r}")

    def number(self, name: str, default: int) -> int:
        """A whole number."""
        value = self.values.get(name, "").strip()
        try:
            return int(value) if value else default
        except ValueError:
            raise MissingSetting(f"{name} must be a whole number, not {value!r}") from None

    def words(self, name: str, default: str = "") -> list[str]:
        """A list, separated by commas."""
        return [word.strip() for word in self.values.get(name, default).split(",") if word.strip()]

    def path(self, name: str, default: Path) -> Path:
        """A folder or file, absolute."""
        return Path(self.values.get(name, "").strip() or default).expanduser().absolute()


def default_data_folder() -> Path:
    """Where a first `hark up` keeps its database and key ring: a system folder for root, else the person's own."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib/hark")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "hark"
