"""The files that machines read: pins, lock files, templates."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PINS = sorted((ROOT / "requirements").glob("*.txt"))
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[\w,-]+\])?==(\S+)")


def pins(path: Path) -> dict[str, str]:
    return dict(found.groups() for line in path.read_text().splitlines() if (found := PIN.match(line)))


@pytest.mark.parametrize("path", PINS, ids=lambda path: path.name)
def test_every_pin_has_hashes_and_no_address(path):
    text = path.read_text()
    assert not re.search(r"https?:|file:|--find-links|--(extra-)?index", text)
    blocks = re.split(r"\n(?=\S)", text)
    assert all("--hash=sha256:" in block for block in blocks if PIN.match(block))


def test_tests_run_on_what_people_run_on():
    run, dev = pins(ROOT / "requirements/run.txt"), pins(ROOT / "requirements/dev.txt")
    assert run.items() <= dev.items()


def test_every_package_asked_for_is_pinned():
    for path in PINS:
        asked = path.with_suffix(".in").read_text().splitlines()
        names = {re.split(r"[\[~=<> ]", line)[0].lower() for line in asked if line and line[0] not in "#-"}
        assert names <= {name.lower() for name in pins(path)}


def test_lock_files_name_no_address():
    locks = [path for path in ROOT.rglob("package-lock.json") if "node_modules" not in path.parts]
    assert len(locks) >= 2
    assert not [lock for lock in locks if '"resolved"' in lock.read_text()]
