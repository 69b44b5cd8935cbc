"""House style that no linter knows. See CONTRIBUTING.md for the why of each rule."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(
    path
    for path in (ROOT / "errata").rglob("*.py")
    if "migrations" not in path.parts and "static_src" not in path.parts
)
FUNCTION_LINES_MAX = 60
FILE_LINES_MAX = 600
BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "managers", "misc", "stuff"}
# Where anything may be caught: the digest's batch loop and its trainer, the HTTP front, the clock's runner of duties.
CATCH_ALL = {
    "errata/digest/loop.py",
    "errata/digest/dictionary.py",
    "errata/digest/count.py",
    "errata/ops/front.py",
    "errata/ops/clock.py",  # A duty that trips over a record must not end the process, which digests.
    "errata/ops/demo/send.py",  # The shop raises on purpose: what it raises is the point.
}
# A reason follows the code, after a dash or in brackets.
IGNORE = re.compile(r"#\s*(type: ignore|noqa|pragma|fmt: off|mypy:)(.*)$")
CLOCKS = {
    ("time", "time"), ("time", "monotonic"), ("datetime", "now"), ("datetime", "utcnow"), ("date", "today"),
    ("timezone", "now"), ("random", "random"), ("secrets", "token_hex"), ("uuid", "uuid4"), ("os", "urandom"),
}  # fmt: skip

each_source = pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def place(path: Path, node: ast.expr | ast.stmt | ast.excepthandler) -> str:
    return f"{path.relative_to(ROOT)}:{node.lineno}"


@each_source
def test_no_function_is_longer_than_a_screen(path):
    long = [
        f"{place(path, node)} {node.name} has {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno + 1 > FUNCTION_LINES_MAX
    ]
    assert not long


@each_source
def test_no_file_is_more_than_one_room(path):
    assert len(path.read_text().splitlines()) <= FILE_LINES_MAX


@each_source
def test_no_module_is_a_drawer(path):
    assert not BANNED_NAMES & {path.stem, path.parent.name}


@each_source
def test_everything_is_caught_in_few_places_only(path):
    caught = [
        place(path, handler)
        for handler in ast.walk(tree(path))
        if isinstance(handler, ast.ExceptHandler)
        and (handler.type is None or (isinstance(handler.type, ast.Name) and handler.type.id == "Exception"))
    ]
    assert not caught or str(path.relative_to(ROOT)) in CATCH_ALL


@each_source
def test_every_ignore_gives_its_reason(path):
    without = [
        f"{path.relative_to(ROOT)}:{number} {line.strip()}"
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if (found := IGNORE.search(line)) and not re.search(r"(?:\s-\s|\(|#)\s*\w+", found.group(2))
    ]
    assert not without


@pytest.mark.parametrize("path", sorted((ROOT / "errata" / "core").rglob("*.py")), ids=lambda path: path.stem)
def test_rules_have_no_clock_and_no_dice(path):
    assert not list(clocks(path))


def clocks(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and (node.value.id, node.attr) in CLOCKS
        ):
            yield f"{place(path, node)} {node.value.id}.{node.attr}"


@each_source
def test_apps_are_not_reached_by_their_names_as_text(path):
    assert ".get_model(" not in path.read_text()


def test_templates_are_formatted():
    djade = Path(sys.executable).with_name("djade")
    pages = sorted(map(str, (ROOT / "errata").rglob("*.html")))

    checked = subprocess.run([djade, "--check", "--target-version", "5.2", *pages], capture_output=True, check=False)

    assert checked.returncode == 0, checked.stdout.decode() + checked.stderr.decode() + "Run `make fix`."
