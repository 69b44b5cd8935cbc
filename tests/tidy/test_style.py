"""House style that no linter knows. See CONTRIBUTING.md for the why of each rule."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TypeVar

Node = TypeVar("Node", bound=ast.AST)
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


@cache
def read(path: Path) -> str:
    return path.read_text()


@cache
def nodes(path: Path) -> Sequence[ast.AST]:
    return [*ast.walk(ast.parse(read(path)))]


def found(kind: type[Node] | tuple[type[Node], ...]) -> Iterator[tuple[Path, Node]]:
    """The nodes of a kind in all the sources."""
    return ((path, node) for path in SOURCES for node in nodes(path) if isinstance(node, kind))


def place(path: Path, node: ast.expr | ast.stmt | ast.excepthandler) -> str:
    return f"{name(path)}:{node.lineno}"


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_no_function_is_longer_than_a_screen():
    lines = lambda node: node.end_lineno - node.lineno + 1
    long = [
        f"{place(path, node)} {node.name} has {lines(node)} lines"
        for path, node in found((ast.FunctionDef, ast.AsyncFunctionDef))
        if lines(node) > FUNCTION_LINES_MAX
    ]
    assert not long


def test_no_file_is_more_than_one_room():
    assert not [name(path) for path in SOURCES if len(read(path).splitlines()) > FILE_LINES_MAX]


def test_no_module_is_a_drawer():
    assert not [name(path) for path in SOURCES if BANNED_NAMES & {path.stem, path.parent.name}]


def test_everything_is_caught_in_few_places_only():
    caught = [
        place(path, handler)
        for path, handler in found(ast.ExceptHandler)
        if (handler.type is None or (isinstance(handler.type, ast.Name) and handler.type.id == "Exception"))
        and name(path) not in CATCH_ALL
    ]
    assert not caught


def test_every_ignore_gives_its_reason():
    without = [
        f"{name(path)}:{number} {line.strip()}"
        for path in SOURCES
        for number, line in enumerate(read(path).splitlines(), 1)
        if (ignored := IGNORE.search(line)) and not re.search(r"(?:\s-\s|\(|#)\s*\w+", ignored.group(2))
    ]
    assert not without


def test_rules_have_no_clock_and_no_dice():
    clocks = [
        f"{place(path, node)} {node.value.id}.{node.attr}"
        for path, node in found(ast.Attribute)
        if (ROOT / "errata" / "core") in path.parents
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr) in CLOCKS
    ]
    assert not clocks


def test_apps_are_not_reached_by_their_names_as_text():
    assert not [name(path) for path in SOURCES if ".get_model(" in read(path)]


def test_templates_are_formatted():
    djade = Path(sys.executable).with_name("djade")
    pages = sorted(map(str, (ROOT / "errata").rglob("*.html")))

    checked = subprocess.run([djade, "--check", "--target-version", "5.2", *pages], capture_output=True, check=False)

    assert checked.returncode == 0, checked.stdout.decode() + checked.stderr.decode() + "Run `make fix`."
