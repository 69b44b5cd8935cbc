"""Every page that links lead to keeps nobody out: axe finds nothing serious, light or dark, on a desk or a phone."""

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import resolve
from playwright.sync_api import Browser, Page

from errata.core.sla import WEEKDAYS
from tests.e2e.browser import barriers, signed_in_state, tab_of
from tests.e2e.test_story import OFTEN, PROGRAM, fail
from tests.running import PASSWORD, Running, free_port, until

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.xdist_group("access")]

_WIDTHS = (1440, 390)
# What is no page: it is downloaded, or drawn within another.
_NO_PAGES = {
    "audit-export",
    "designation-try",
    "event-file",
    "event-markdown",
    "event-raw",
    "favicon",
    "issues-export",
    "signout",
}
# Where no link leads to from the bar: forms that are opened from a menu.
_BEGINNINGS = ("/inbox/", "/process/", "/process/rules/new/", "/calendars/", "/channels/", "/deliveries/")
# Whatever else is crawled, these have to be among it: a link that was lost loses no page here.
_EXPECTED = {
    "account", "arrivals", "audit", "board", "calendar", "calendar-new", "calendars", "channel", "channels",
    "custom-field", "custom-field-new", "custom-fields", "deliveries", "designation",
    "designation-codeowners", "designation-people", "inbox", "issue", "issue-clocks", "issue-new", "issue-types",
    "issues", "me", "notifications", "process", "process-drift", "process-gallery", "process-ranking", "process-ready",
    "process-template", "progress", "project", "project-keys", "projects", "release", "releases", "repositories",
    "rule", "rule-new", "rules", "sla", "teams", "tokens", "workflow", "workflow-design", "workflows",
}  # fmt: skip


class Shop:
    """A shop that has something on every page."""

    def __init__(self, running: Running) -> None:
        made = running.initialise(project="Payments")
        self.running, self.url, self._token = running, running.url, made["token"]
        cli = running.cli
        for program in (PROGRAM, OFTEN):
            fail(made["project"]["dsn"], program)
        until(lambda: len(cli("issue", "list", "--json")["items"]) == 2, within_s=60, why="both issues are there")
        cli("user", "create", "bob@shop.example", "--name", "Bob Builder", "--password", PASSWORD)
        cli("deploy", "new", "shop@1.0", "production")
        self._told()

    def _told(self) -> None:
        self.send(
            "PUT", "/projects/payments/ownership", {"rules": "path:shop/** bob@shop.example\n* olga@shop.example"}
        )
        hours = dict.fromkeys(WEEKDAYS[:5], "09:00-17:00")
        self.send("POST", "/calendars", {"name": "Office", "zone": "Europe/Berlin", "week": hours, "country": "DE"})
        workflow = self.send("GET", "/workflows/errata")["workflow"]
        self.send("POST", "/workflows", {"workflow": workflow | {"name": "Ours"}})
        self.send("PUT", "/fields/impact", {"name": "Impact", "kind": "choice", "choices": ["One till", "All tills"]})
        self.send("POST", "/rules", {"name": "Urgent", "text": "when created\nif severity:Critical\nthen label urgent"})
        channel = self.send("POST", "/channels", {"name": "till", "kind": "email", "address": "till@shop.example"})
        self.send("POST", f"/channels/{channel['id']}/test")
        for number, priority in enumerate(("High", "Medium", "Low")):
            body = {"project": "payments", "title": f"By hand {number}", "priority": priority, "assignee": "me"}
            key = self.send("POST", "/issues", body)["key"]
        self.send("POST", f"/issues/{key}/transition", {"stage": "Retest"})
        self.send("POST", f"/issues/{key}/wait", {"on": "the bank"})

    def send(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"{self.url}/api/v1{path}", method=method, data=json.dumps(body).encode() if body is not None else None,
            headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    running = Running(tmp_path_factory.mktemp("access") / "data", free_port())
    running.start()
    try:
        yield Shop(running)
    finally:
        running.stop()


@pytest.fixture(scope="module")
def signed_in(chromium: Browser, shop: Shop) -> dict[str, Any]:
    return signed_in_state(chromium, shop.url)


@pytest.fixture(params=["light", "dark"])
def page(request: pytest.FixtureRequest, chromium: Browser, shop: Shop, signed_in: dict[str, Any]) -> Iterator[Page]:
    for page in tab_of(chromium, signed_in, reduced_motion="reduce"):
        page.context.add_cookies([{"name": "theme", "value": request.param, "url": shop.url}])
        yield page


def kind_of(path: str) -> str:
    """Which page an address is of: one of each is enough."""
    return str(resolve(path, urlconf="errata.web.urls").url_name)


def links_of(page: Page) -> list[str]:
    """Where the page's links lead, on this installation; of a menu that is closed, too."""
    return page.locator("a[href]:not([download])").evaluate_all(
        "links => links.filter(link => link.origin === location.origin).map(link => link.pathname + link.search)"
    )


def test_every_page_keeps_nobody_out(shop: Shop, page: Page) -> None:
    known, waiting, found = set[str](), list(_BEGINNINGS), []
    while waiting:
        path = waiting.pop(0)
        kind = kind_of(path.partition("?")[0])
        if kind in known | _NO_PAGES:
            continue
        known.add(kind)
        answer = page.goto(shop.url + path)
        assert answer is not None
        assert answer.status == 200, path
        waiting += links_of(page)
        for width in _WIDTHS:
            page.set_viewport_size({"width": width, "height": 844})
            found += [(width, *each) for each in barriers(page)]
            wide = page.evaluate("document.documentElement.scrollWidth")
            if wide > width:
                found.append((width, page.url, "scrolls sideways", wide))

    assert not found, "\n".join(map(str, found))
    assert known >= _EXPECTED
