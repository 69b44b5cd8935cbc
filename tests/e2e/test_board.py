"""The board in a real browser: by mouse, by keyboard and by finger; what others do shows without a reload."""

import json
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.browser import PATIENCE_MS, barriers, signed_in_state, tab_of
from tests.running import Running, free_port

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.xdist_group("board")]


class Shop:
    """A running shop, and its owner's hands on the REST API."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self._token = token

    def post(self, path: str, body: dict[str, Any], *, method: str = "POST") -> Any:
        return self._ask(path, json.dumps(body).encode(), method=method)

    def _ask(self, path: str, body: bytes | None = None, *, method: str = "GET") -> Any:
        request = urllib.request.Request(
            f"{self.url}/api/v1{path}",
            data=body,
            headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    def priorities(self, label: str) -> dict[str, str]:
        """By the key, of all issues with a label."""
        found: dict[str, str] = {}
        cursor = ""
        while True:
            page = self._ask(f"/issues?limit=100&query=label:{label}&cursor={cursor}")
            found |= {one["key"]: one["priority"] for one in page["items"]}
            cursor = page["next"]
            if not cursor:
                return found

    def report(self, title: str, **more: Any) -> str:
        return str(self.post("/issues", {"project": "payments", "title": title, **more})["key"])


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    running = Running(tmp_path_factory.mktemp("board") / "data", free_port())
    running.start()
    try:
        yield Shop(running.url, running.initialise(project="Payments")["token"])
    finally:
        running.stop()


@pytest.fixture(scope="module")
def signed_in(chromium: Browser, shop: Shop) -> dict[str, Any]:
    return signed_in_state(chromium, shop.url)


@pytest.fixture
def page(chromium: Browser, signed_in: dict[str, Any]) -> Iterator[Page]:
    yield from tab_of(chromium, signed_in)


def cell(page: Page, column: str) -> Any:
    return page.locator(f'[data-cell="{column}"]').first


def stands_in(page: Page, key: str, column: str) -> None:
    expect(cell(page, column).locator(f'[data-card="{key}"]')).to_be_visible()


def drag(page: Page, key: str, column: str) -> None:
    card = page.locator(f'[data-card="{key}"]')
    expect(card).to_be_visible()
    start, end = at_rest(page, card), at_rest(page, cell(page, column))
    page.mouse.move(start["x"] + 60, start["y"] + 20)
    page.mouse.down()
    page.mouse.move(start["x"] + 75, start["y"] + 30, steps=3)
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + 60, steps=6)
    page.mouse.up()


def test_a_card_is_moved_by_mouse_and_taken_back(shop: Shop, page: Page) -> None:
    key = shop.report("Moved by mouse", assignee="olga@shop.example")
    page.goto(f"{shop.url}/board/")

    drag(page, key, "Retest")

    expect(page.locator("#toasts")).to_contain_text(f"Moved {key} to Retest.")
    stands_in(page, key, "Retest")
    page.keyboard.press("z")
    stands_in(page, key, "Assigned")


def test_a_refused_drop_says_why_and_the_card_is_back(shop: Shop, page: Page) -> None:
    key = shop.report("Refused", assignee="olga@shop.example")
    page.goto(f"{shop.url}/board/")

    drag(page, key, "Fixed")

    expect(page.locator("#toasts")).to_contain_text("Fixed is reached from Retest, not from Assigned.")
    stands_in(page, key, "Assigned")


def test_a_drop_asks_for_what_is_missing(shop: Shop, page: Page) -> None:
    key = shop.report("Nobody's yet")
    page.goto(f"{shop.url}/board/")

    drag(page, key, "Assigned")
    expect(page.get_by_text("Say who takes it.")).to_be_visible()
    page.keyboard.press("Escape")
    stands_in(page, key, "New")

    drag(page, key, "Assigned")
    page.get_by_role("button", name="Move to Assigned").click()
    expect(page.locator("#toasts")).to_contain_text(f"Moved {key} to Assigned.")
    stands_in(page, key, "Assigned")


def test_a_card_is_walked_to_and_moved_by_keys(shop: Shop, page: Page) -> None:
    lower = shop.report("The lower one", assignee="olga@shop.example", labels=["keys"])
    upper = shop.report("The upper one", assignee="olga@shop.example", labels=["keys"])
    page.goto(f"{shop.url}/board/?q=label:keys")

    page.locator(f'[data-card="{upper}"] a').focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(f'[data-card="{lower}"] a')).to_be_focused()
    page.keyboard.press("Shift+ArrowRight")

    stands_in(page, lower, "Retest")
    expect(page.locator("#announce")).to_have_text(f"{lower} is now in Retest")
    expect(page.locator(f'[data-card="{lower}"] a')).to_be_focused()
    page.keyboard.press("s")
    expect(page.locator("#picker")).to_be_visible()


def at_rest(page: Page, card: Locator) -> Any:
    """Where the card is once the board no longer scrolls."""
    before, now = None, card.bounding_box()
    # A card that is drawn anew at this very moment is nowhere.
    while now is None or before != now:
        page.wait_for_timeout(200)
        before, now = now, card.bounding_box()
    return now


def test_a_finger_holds_a_card_to_move_it(chromium: Browser, signed_in: dict[str, Any], shop: Shop) -> None:
    key = shop.report("Moved by finger", assignee="olga@shop.example", labels=["touch"])
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, storage_state=signed_in
    )
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(f"{shop.url}/board/?q=label:touch")
    page.get_by_role("navigation", name="Columns").get_by_text("Assigned").click()
    card = page.locator(f'[data-card="{key}"]')
    expect(card).to_be_in_viewport()
    box = at_rest(page, card)
    fingers = context.new_cdp_session(page)

    def touch(kind: str, x: float, y: float) -> None:
        points = [] if kind == "touchEnd" else [{"x": x, "y": y}]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    x, y = box["x"] + 80, box["y"] + 30
    touch("touchStart", x, y)
    expect(page.locator(".card-ghost")).to_be_visible()
    # Held at the edge, the board scrolls along until the column is under the finger.
    target = page.locator('[data-cell="Retest"]')
    while (reached := target.bounding_box()) and reached["x"] > 300:
        touch("touchMove", 385, y)
        page.wait_for_timeout(50)
    touch("touchMove", 330, y)
    touch("touchEnd", 0, 0)

    expect(target.locator(f'[data-card="{key}"]')).to_be_attached(timeout=PATIENCE_MS)
    expect(page.locator("#toasts")).to_contain_text(f"Moved {key} to Retest.", timeout=PATIENCE_MS)
    context.close()


def test_what_others_do_shows_without_a_reload(shop: Shop, page: Page) -> None:
    key = shop.report("Watched", assignee="olga@shop.example", priority="High", labels=["live"])
    page.goto(f"{shop.url}/board/?q=label:live")
    stands_in(page, key, "Assigned")

    shop.post(f"/issues/{key}/transition", {"stage": "Retest"})
    stands_in(page, key, "Retest")
    expect(page.locator('[data-head="Retest"] [data-count-of]')).to_have_text("1")

    new = shop.report("Fresh", labels=["live"])
    stands_in(page, new, "New")

    shop.post(f"/issues/{new}", {"labels": []}, method="PATCH")
    expect(page.locator(f'[data-card="{new}"]')).to_have_count(0)


def test_a_limit_is_set_and_kept_with_the_view(shop: Shop, page: Page) -> None:
    for number in range(2):
        shop.report(f"Limited {number}", labels=["limit"])
    page.goto(f"{shop.url}/board/?q=label:limit")

    page.locator('[data-head="New"] .col-count').click()
    page.get_by_label("Most issues in New").fill("1")
    page.locator("[data-limit-form]:popover-open button").click()
    expect(page.locator('[data-head="New"] .col-warn')).to_contain_text("+1")
    page.get_by_role("button", name="Save view").click()
    page.get_by_label("Name").fill("Limited")
    page.locator("#save-view").get_by_role("button", name="Save view").click()

    page.goto(f"{shop.url}/board/")
    page.get_by_role("navigation", name="Views").get_by_text("Limited").click()
    expect(page.locator('[data-head="New"] .col-warn')).to_contain_text("+1")


def test_columns_of_the_list_are_chosen(shop: Shop, page: Page) -> None:
    shop.report("Listed")
    page.goto(f"{shop.url}/issues/")

    page.get_by_role("button", name="Columns").click()
    page.locator("#columns-menu").get_by_role("checkbox", name="Project").check()
    page.locator("#columns-menu").get_by_role("checkbox", name="Users").uncheck()
    page.get_by_role("button", name="Show these").click()

    expect(page.get_by_role("columnheader", name="Project")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Users")).to_have_count(0)


def test_all_that_match_are_changed_at_once(shop: Shop, page: Page) -> None:
    for number in range(55):
        shop.report(f"Many {number}", priority="Low", labels=["many"])
    page.goto(f"{shop.url}/issues/?q=label:many+priority:Low")

    page.get_by_label("Select all issues shown").check()
    page.get_by_role("button", name="All 55 matching").click()
    expect(page.locator("#bulk")).to_contain_text("All 55 selected")
    page.locator("#bulk").get_by_role("button", name="Priority").click()
    page.get_by_role("option", name="High").click()
    # What no longer matches stays where it is until one looks again: nothing moves under the hand.
    row = page.locator("[data-row]").first
    expect(row.get_by_label("Priority: High")).to_be_visible()
    expect(page.locator("#toasts [data-toast]").first).to_be_visible()  # Only then is the last of them changed.
    page.reload()
    expect(page.locator("[data-row]")).to_have_count(0)


def test_the_past_is_looked_at_and_left_as_it_was(shop: Shop, page: Page) -> None:
    key = shop.report("Of the past", assignee="olga@shop.example")
    then = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    shop.post(f"/issues/{key}/transition", {"stage": "Retest"})
    page.goto(f"{shop.url}/board/?as_of={then}")
    stands_in(page, key, "Assigned")
    expect(page.locator(".past-banner")).to_contain_text("As it was on")

    drag(page, key, "Closed")
    page.locator(f'[data-card="{key}"] a').focus()
    for pressed in ("Shift+ArrowRight", "s", "1", "e", "x"):
        page.keyboard.press(pressed)

    stands_in(page, key, "Assigned")
    assert page.locator("dialog[open], #toasts > *").count() == 0
    page.get_by_role("link", name="Back to now").first.click()
    stands_in(page, key, "Retest")
    page.get_by_role("button", name="Look back").click()
    page.get_by_role("link", name="This time yesterday").click()
    expect(page.get_by_role("heading", name="No issue matched then")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
def test_pages_of_the_past_are_accessible_and_fit_a_phone(shop: Shop, page: Page, theme: str) -> None:
    key = shop.report("Of the past", assignee="olga@shop.example", labels=["axe"], description="So it was.")
    then = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    shop.post(f"/issues/{key}", {"title": "Of today"}, method="PATCH")
    page.context.add_cookies([{"name": "theme", "value": theme, "url": shop.url}])
    for path in ("/board/?", "/board/?lanes=label&", "/issues/?", f"/issues/{key}/?"):
        page.set_viewport_size({"width": 1280, "height": 780})
        page.goto(f"{shop.url}{path}as_of={then}")
        expect(page.get_by_text("Of the past").first).to_be_visible()
        assert barriers(page) == []
        if path == "/board/?":
            assert page.evaluate("document.documentElement.scrollHeight") <= 781, (
                "the banner pushes nothing out of sight"
            )
        page.set_viewport_size({"width": 360, "height": 780})
        assert page.evaluate("document.documentElement.scrollWidth") == 360, path


def test_a_change_of_many_is_taken_back_whole(shop: Shop, page: Page) -> None:
    label = "back"
    priorities = {
        shop.report(f"Back {number}", priority=priority, labels=[label]): priority
        for number in range(60)
        for priority in ("Low", "Medium")
    }
    page.goto(f"{shop.url}/issues/?q=label:{label}")

    page.get_by_label("Select all issues shown").check()
    page.get_by_role("button", name="All 120 matching").click()
    expect(page.locator("#bulk")).to_contain_text("All 120 selected")
    page.locator("#bulk").get_by_role("button", name="Priority").click()
    page.get_by_role("option", name="High").click()
    done = page.locator("#toasts [data-toast]")
    expect(done).to_contain_text("Priority set: 120 issues.")
    assert set(shop.priorities(label).values()) == {"High"}
    done.get_by_role("button", name="Undo").click()

    expect(page.locator("#toasts")).to_contain_text("Taken back.")
    assert shop.priorities(label) == priorities
    expect(page.locator("[data-row]").first.get_by_label("Priority: High")).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
def test_boards_are_accessible_in_every_theme(shop: Shop, page: Page, theme: str) -> None:
    whole = shop.report("Whole", assignee="olga@shop.example", labels=["axe"])
    shop.report("Part", parent=whole)
    page.context.add_cookies([{"name": "theme", "value": theme, "url": shop.url}])
    found: list[Any] = []
    for path in ("/board/", "/board/?lanes=assignee&limits=New:1", "/me/", "/calendar/",
                 "/issues/?cols=key,title,labels,due,parts,parent,project", "/board/?q=nothing-like-it"):  # fmt: skip
        page.goto(shop.url + path)
        found += barriers(page)
    assert found == []


@pytest.mark.parametrize("width", [360, 390])
def test_nothing_is_wider_than_a_phone(shop: Shop, page: Page, width: int) -> None:
    whole = shop.report("Whole", assignee="olga@shop.example")
    shop.report("Part of the whole", parent=whole)
    page.set_viewport_size({"width": width, "height": 780})
    for path in ("/board/", "/board/?lanes=priority", "/me/", "/calendar/", "/calendar/?span=week", f"/issues/{whole}/",
                 "/issues/?cols=key,title,labels,due,parts,parent,project"):  # fmt: skip
        page.goto(shop.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") == width, path
