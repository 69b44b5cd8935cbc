"""Real SDKs, unmodified, against a running Errata."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import sync_playwright

from tests.running import Running, until

CHROMIUM = "/usr/bin/chromium"
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Nothing of ours is elsewhere. Without this the browser asks for names of its own, and where none is answered its
    # first pages wait for that, twenty seconds each.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("e2e")]


def issues(errata: Running, token: str, query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = errata.get(f"/api/v1/issues?query={quote(query)}", token=token)["items"]
    return found


def first_event(errata: Running, token: str, key: str) -> dict[str, Any]:
    event_id = errata.get(f"/api/v1/issues/{key}/events", token=token)["items"][0]["id"]
    event: dict[str, Any] = errata.get(f"/api/v1/issues/{key}/events/{event_id}", token=token)
    return event


def test_the_python_sdk_raises_an_issue_with_everything_a_person_wants_to_see(
    errata: Running, installation: dict[str, Any], clients: Path
) -> None:
    dsn, token = installation["project"]["dsn"], installation["token"]

    sent = subprocess.run([sys.executable, clients / "shop.py", dsn], check=True, capture_output=True, text=True)

    issue = until(lambda: issues(errata, token, "release:shop@1.2.0"), within_s=20, why="the issue is listed")[0]
    assert issue["title"] == "KeyError: 'CHF'"
    assert issue["count"] == 1
    assert issue["users"] == 1
    event = first_event(errata, token, issue["key"])
    assert event["id"] == sent.stdout.strip()
    frame = event["exceptions"][-1]["frames"][-1]
    assert frame["function"] == "basket_total"
    assert frame["vars"]["currency"] == "'CHF'"
    assert frame["in_app"] is True
    assert any(crumb["message"] == "/products → /basket" for crumb in event["breadcrumbs"])
    assert event["user"]["email"] == "hana@customers.example"
    assert dict(event["tags"])["region"] == "eu-north"


def test_the_node_sdk_raises_one_issue_for_each_failure(
    errata: Running, installation: dict[str, Any], clients: Path
) -> None:
    dsn, token = installation["project"]["dsn"], installation["token"]

    ended = subprocess.run(["node", "shop.mjs", dsn], cwd=clients, check=False, capture_output=True, text=True)

    assert ended.returncode == 1, "the second error ends the process"
    query = "release:shop-node@2.0.0"
    found = until(
        lambda: len(listed := issues(errata, token, query)) == 2 and listed, within_s=20, why="both issues are listed"
    )
    titles = {issue["title"] for issue in found}
    assert "TypeError: Cannot read properties of null (reading 'percent')" in titles
    assert "RangeError: Quantity must be positive, got -3" in titles
    unhandled = next(issue for issue in found if issue["title"].startswith("RangeError"))
    assert [issue["key"] for issue in issues(errata, token, f"{query} is:unhandled")] == [unhandled["key"]]


@pytest.fixture
def shop_page(browser_bundle: Path) -> Iterator[str]:
    """The shop's page, on an origin of its own: the SDK's posts are cross-origin, as in life."""
    (browser_bundle.parent / "index.html").write_text(
        '<!doctype html><title>Shop</title><button id="pay">Pay</button><script src="shop.js"></script>'
    )

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(browser_bundle.parent)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/index.html"
    server.shutdown()
    server.server_close()


def test_the_browser_sdk_raises_an_issue_from_another_origin(
    errata: Running, installation: dict[str, Any], shop_page: str
) -> None:
    dsn, token = installation["project"]["dsn"], installation["token"]

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        page = browser.new_page()
        page.goto(shop_page)
        page.evaluate("dsn => window.startShop(dsn)", dsn)
        page.click("#pay")
        page.evaluate("() => window.flushShop()")
        browser.close()

    issue = until(lambda: issues(errata, token, "release:shop-web@3.1.0"), within_s=20, why="the issue is listed")[0]
    assert issue["title"].startswith("TypeError: Cannot read properties of undefined")
    event = first_event(errata, token, issue["key"])
    assert dict(event["tags"])["checkout"] == "express"
    assert event["handled"] == "no"
    assert event["user"]["username"] == "nadia"
    assert any(crumb["category"] == "ui.click" for crumb in event["breadcrumbs"])
