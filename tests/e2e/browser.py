"""The real browser of the end-to-end tests: how it starts, who signs in, and what no page may have."""

import os
from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.running import PASSWORD, ROOT

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    # Nothing of ours is elsewhere. Without this the browser asks for names of its own, and where none is answered its
    # first pages wait for that, twenty seconds each.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
# What ends a hung test on a machine under load; nothing here is timed.
PATIENCE_MS = 30_000
_AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"


def tab_of(chromium: Browser, state: Any, **device: Any) -> Iterator[Page]:
    """A tab. Anything a page complains of on its console fails the test."""
    context = chromium.new_context(**{"viewport": {"width": 1440, "height": 1000}, "storage_state": state, **device})
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    tab = context.new_page()
    complaints: list[str] = []
    tab.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    yield tab
    assert not complaints, complaints
    context.close()


def signed_in_state(chromium: Browser, url: str, email: str = "olga@shop.example") -> dict[str, Any]:
    """The state of a browser in which somebody has signed in."""
    context = chromium.new_context()
    tab = context.new_page()
    tab.goto(f"{url}/signin/", timeout=PATIENCE_MS)
    tab.get_by_label("E-mail").fill(email)
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Sign in").click()
    tab.wait_for_url("**/issues/", timeout=PATIENCE_MS)
    state = context.storage_state()
    context.close()
    return dict(state)


def barriers(page: Page) -> list[Any]:
    """What axe finds on the page that keeps people out: violations that are serious or critical."""
    page.evaluate(_AXE.read_text())
    result = page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        (page.url, rule["id"], [node["html"] for node in rule["nodes"][:3]])
        for rule in result["violations"]
        if rule["impact"] in ("serious", "critical")
    ]
