"""What no linter knows of the house: rooms, door plates, sizes, names, and that documents keep up."""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
HARK = ROOT / "src" / "hark"
ROOMS = sorted(path.parent.name for path in HARK.glob("*/__init__.py"))
SOURCES = sorted(path for path in HARK.rglob("*.py") if "migrations" not in path.parts)
BANNED_NAMES = {"utils", "helpers", "common", "manager", "service", "base"}
WITHOUT_TABLES_OR_PAGES = {"site"}


def functions() -> Iterator[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Every function of the source."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield path, node


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    documented = ast.get_docstring(node, clean=False)
    return (node.end_lineno or node.lineno) - node.lineno + 1 - (documented.count("\n") + 1 if documented else 0)


def test_all_rooms_stand_and_are_installed() -> None:
    installed = {name.removeprefix("hark.") for name in settings.INSTALLED_APPS if name.startswith("hark.")}
    assert installed == set(ROOMS) - WITHOUT_TABLES_OR_PAGES


def test_architecture_document_names_every_room() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    assert [room for room in ROOMS if f"`{room}`" not in text] == []


@pytest.mark.parametrize("room", ROOMS)
def test_room_opens_with_a_door_plate(room: str) -> None:
    plate = importlib.import_module(f"hark.{room}").__doc__ or ""
    assert len(plate.split()) >= 12, f"hark.{room} needs a door plate: what it takes, gives, never does"


def test_no_file_is_longer_than_500_lines() -> None:
    lines = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in SOURCES}
    assert {path: count for path, count in lines.items() if count > 500} == {}


def test_no_function_is_longer_than_60_lines_and_95_percent_keep_40() -> None:
    lengths = [(length(node), f"{path.relative_to(ROOT)}:{node.lineno} {node.name}") for path, node in functions()]
    assert [name for lines, name in lengths if lines > 60] == []
    assert sum(lines <= 40 for lines, _ in lengths) >= 0.95 * len(lengths)


def test_no_module_has_a_name_that_says_nothing() -> None:
    bad = [path for path in SOURCES if path.stem in BANNED_NAMES and path != HARK / "channels" / "base.py"]
    assert bad == []


def test_public_functions_of_actions_and_queries_say_what_they_do() -> None:
    silent = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path, node in functions()
        if {"actions", "queries", "types"} & {*path.parts, path.stem}
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


def test_network_is_opened_only_where_the_house_says() -> None:
    """HTTP clients in kernel.http, checked lines for mail in kernel.lines; nobody else dials out."""
    allowed = {"kernel/http.py", "kernel/lines.py"}
    found = {
        str(path.relative_to(HARK)): sorted(dialled)
        for path in SOURCES
        if "testing" not in path.parts and (dialled := dials(path) & DIALS)
    }
    assert {name: what for name, what in found.items() if name not in allowed} == {}


DIALS = {"httpx", "requests", "urllib.request", "http.client", "aiohttp", "socket.create_connection"}


def dials(path: Path) -> set[str]:
    """The modules a file imports, and the functions of modules it calls."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Call):
            names |= {ast.unparse(node.func)} - {"requests"}
    return names


def test_safe_html_is_made_in_one_place() -> None:
    found = [
        str(path.relative_to(ROOT)) for path in SOURCES if "mark_safe" in path.read_text() and path.name != "html.py"
    ]
    pages = HARK.rglob("*.html")
    templates = [str(path.relative_to(ROOT)) for path in pages if re.search(r"\|\s*safe\b", path.read_text())]
    assert found + templates == []


def test_no_machine_path_and_no_registry_host_is_written_down() -> None:
    words = re.compile(r"/(?:work/|root/\.)|pypi\.org|registry\.npmjs|files\.pythonhosted")
    places = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "requirements").glob("*"), *SOURCES]
    assert [str(path.relative_to(ROOT)) for path in places if words.search(path.read_text())] == []


def test_readme_and_architecture_stay_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 120
    assert len((ROOT / "ARCHITECTURE.md").read_text().splitlines()) <= 200


def test_every_runtime_dependency_has_its_reason_in_a_decision() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [
        *project["dependencies"],
        *(line for extra in project["optional-dependencies"].values() for line in extra),
    ]
    names = {re.split(r"[^A-Za-z0-9-]", line)[0].lower() for line in wanted}
    reasons = "\n".join(path.read_text().lower() for path in (ROOT / "docs" / "decisions").glob("*.md"))
    assert sorted(name for name in names if f"`{name}`" not in reasons) == []


def test_features_marked_built_name_a_proof_that_exists() -> None:
    rows = [
        line for line in (ROOT / "docs" / "features.md").read_text().splitlines() if re.match(r"\| [A-L]\d+ ", line)
    ]
    assert rows
    for row in rows:
        _, number, state, proof, *_ = (cell.strip() for cell in row.split("|"))
        if state == "not yet":
            continue
        assert state in {"built", "partly"}, number
        paths = re.findall(r"tests/[\w/]+\.py", proof)
        assert paths, f"{number} is {state} but names no test"
        assert all((ROOT / path).exists() for path in paths), f"{number}: {proof}"
