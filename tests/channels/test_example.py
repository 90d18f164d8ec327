"""The example package is a whole venue in less than a hundred lines, and passes what every venue passes."""

import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "hark-pigeon"


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The package, as an installation leaves it."""
    about = tmp_path / "hark_pigeon-0.1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: hark-pigeon\nVersion: 0.1\n")
    (about / "entry_points.txt").write_text("[hark.channels]\npigeon = hark_pigeon:Pigeon\n")
    return tmp_path


def test_it_has_less_than_a_hundred_lines_of_code() -> None:
    lines = (EXAMPLE / "src" / "hark_pigeon" / "__init__.py").read_text().splitlines()
    assert len([line for line in lines if line.strip()]) < 100


def test_it_is_found_by_its_entry_point_alone(installed: Path) -> None:
    path = [str(installed), str(EXAMPLE / "src"), str(EXAMPLE.parents[1] / "src")]
    code = f"import sys; sys.path[:0] = {path}; from hark.site.cli import main; main()"
    sample = EXAMPLE / "tests" / "samples" / "letter.raw"
    command = [sys.executable, "-c", code, "channels", "parse", "pigeon", str(sample)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert '"The hammock tore. What now?"' in done.stdout


sys.path.insert(0, str(EXAMPLE / "src"))
_spec = spec_from_file_location("test_pigeon_example", EXAMPLE / "tests" / "test_pigeon.py")
assert _spec
assert _spec.loader
_module = module_from_spec(_spec)
_spec.loader.exec_module(_module)
TestPigeon = _module.TestPigeon
