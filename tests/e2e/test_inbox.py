"""The inbox in a real browser: filled by a colleague, emptied by keyboard, its number live."""

import json
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.e2e.browser import CHROMIUM, FLAGS, PATIENCE_MS
from tests.receivers import WebhookReceiver, webhook_receiver
from tests.running import PASSWORD, ROOT, Running, free_port, until

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.xdist_group("inbox")]


class Office(NamedTuple):
    """A running installation, its owner's browser, and what a colleague does from elsewhere."""

    url: str
    page: Page
    bob: Callable[..., Any]
    receiver: WebhookReceiver
    cli: Callable[..., Any]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    found = Running(tmp_path_factory.mktemp("inbox") / "data", free_port(), {"ERRATA_OUTGOING_ALLOW": "127.0.0.1"})
    found.start()
    try:
        found.initialise(project="Payments")
        yield found
    finally:
        found.stop()


@pytest.fixture(scope="module")
def bob(running: Running) -> Callable[..., Any]:
    """A member who works over REST."""
    running.cli("user", "create", "bob@shop.example", "--name", "Bob Builder", "--password", PASSWORD)
    scopes = "issue:read,issue:write"
    token = running.cli("token", "create", "--scopes", scopes, "--for", "bob@shop.example", "--json")["token"]

    def call(method: str, path: str, body: Any) -> Any:
        request = urllib.request.Request(
            f"{running.url}/api/v1{path}", method=method, data=json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    return call


@pytest.fixture(scope="module")
def office(running: Running, bob: Callable[..., Any]) -> Iterator[Office]:
    with webhook_receiver() as receiver, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_context(bypass_csp=True).new_page()  # for axe, which is evaluated
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        page.goto(f"{running.url}/signin/")
        page.fill("[name=email]", "olga@shop.example")
        page.fill("[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/issues/**")
        yield Office(running.url, page, bob, receiver, running.cli)
        browser.close()


def tell(office: Office, *titles: str) -> list[str]:
    """Bob reports issues and names Olga on each. What other tests have left in her inbox is put away before."""
    left = [line["key"] for line in office.cli("inbox", "list", "--json")["items"]]
    if left:
        office.cli("inbox", "done", *left)
    keys = [office.bob("POST", "/issues", {"project": "payments", "title": title})["key"] for title in titles]
    for key in keys:
        office.bob("POST", f"/issues/{key}/comments", {"body": "@olga please look"})
    until(
        lambda: {line["key"] for line in office.cli("inbox", "list", "--json")["items"]} >= set(keys),
        within_s=60, why="Olga was told",
    )  # fmt: skip
    return keys


def unread(page: Page) -> Any:
    return page.locator(".rail [data-unread] .badge-number")


def assert_accessible(page: Page) -> None:
    page.evaluate((ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text())
    found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    assert not [(one["id"], one["nodes"][0]["html"]) for one in found]


def test_the_number_is_live_and_the_inbox_is_emptied_by_keyboard(office: Office) -> None:
    page = office.page
    page.goto(f"{office.url}/inbox/")
    expect(page.locator("#live-status[data-state=live]")).to_be_attached()

    slow, broken = tell(office, "Slow", "Broken")

    expect(unread(page)).to_have_text("2")
    page.locator("#inbox-fresh").click()
    lines = page.locator("[data-item]")
    expect(lines).to_have_count(2)
    expect(lines.first).to_contain_text("because you were mentioned")
    assert_accessible(page)

    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator(f"[data-row={slow}][data-current]")).to_be_attached()
    page.keyboard.press("e")
    expect(lines).to_have_count(1)
    page.keyboard.press("z")
    expect(lines).to_have_count(2)
    page.keyboard.press("h")
    page.get_by_role("button", name="Tomorrow morning").locator("visible=true").click()
    expect(page.get_by_text("Snoozed until")).to_be_visible()
    expect(lines).to_have_count(1)
    page.locator(f"[data-row={broken}], [data-row={slow}]").first.locator(".row-link").focus()
    page.keyboard.press("e")
    expect(page.get_by_text("Nothing waits for you")).to_be_visible()
    expect(unread(page)).to_be_hidden()


def test_opening_an_issue_reads_it(office: Office) -> None:
    page = office.page
    (key,) = tell(office, "Read me")
    page.goto(f"{office.url}/inbox/")
    expect(unread(page)).to_have_text("1")

    page.goto(f"{office.url}/issues/{key}/")

    expect(unread(page)).to_be_hidden()


def test_the_inbox_works_on_a_phone(office: Office) -> None:
    page = office.page
    (key,) = tell(office, "A title that is rather long, so that it takes more than the one line which a phone has")
    page.set_viewport_size({"width": 390, "height": 844})
    try:
        page.goto(f"{office.url}/inbox/")
        line = page.locator(f"[data-row={key}]")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        box = line.get_by_role("button", name=f"Done with {key}").bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 44
        assert_accessible(page)
        line.get_by_role("button", name=f"Done with {key}").click()
        expect(line).to_have_count(0)
    finally:
        page.set_viewport_size({"width": 1280, "height": 720})


def test_a_channel_is_added_tested_and_tells_what_was_answered(office: Office) -> None:
    page = office.page
    page.goto(f"{office.url}/channels/")
    page.locator("[name=kind][value=slack]").check(force=True)
    page.get_by_role("textbox", name="Name").fill("#payments")
    page.get_by_role("textbox", name="Address").fill(f"{office.receiver.url}/slack")
    page.get_by_role("button", name="Add channel").click()
    page.get_by_role("button", name="Send a test").click()

    result = page.locator("#test-result")
    expect(result).to_contain_text("It works.")
    assert [taken.path for taken in office.receiver.taken] == ["/slack"]

    office.receiver.statuses = [410]
    page.get_by_role("button", name="Send a test").click()
    expect(result).to_contain_text("It was not taken.")
    page.goto(f"{office.url}/deliveries/?state=failed")
    page.get_by_text("A test of Errata").first.click()
    expect(page.locator(".log-tries").first).to_contain_text("410")
    assert_accessible(page)
    page.goto(f"{office.url}/account/notifications/")
    assert_accessible(page)
