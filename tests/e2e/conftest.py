"""One running Errata for all end-to-end tests of a worker."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.e2e.browser import CHROMIUM, FLAGS
from tests.running import ROOT, Running, free_port

CLIENTS = Path(__file__).parent / "clients"


@pytest.fixture(scope="session")
def errata(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running(tmp_path_factory.mktemp("e2e") / "data", free_port())
    running.start()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def installation(errata: Running) -> dict[str, Any]:
    """What `errata init --json` printed: organisation, project with its DSN, an owner's token."""
    return errata.initialise()


@pytest.fixture(scope="session")
def clients() -> Path:
    """The folder with the npm SDKs installed."""
    if not (CLIENTS / "node_modules").is_dir():
        subprocess.run(["npm", "ci", "--ignore-scripts"], cwd=CLIENTS, check=True, capture_output=True)
    return CLIENTS


@pytest.fixture(scope="session")
def browser_bundle(clients: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """@sentry/browser and the shop's script in one file, as a build tool would make it."""
    bundle = tmp_path_factory.mktemp("bundle") / "shop.js"
    esbuild = ROOT / "node_modules" / ".bin" / "esbuild"
    subprocess.run(
        [esbuild, clients / "shop.browser.js", "--bundle", f"--outfile={bundle}", "--format=iife"],
        check=True, capture_output=True,
    )  # fmt: skip
    return bundle


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
