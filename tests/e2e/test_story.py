"""The whole story in a real browser: from an empty data directory to an issue that came back."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import barriers, signed_in_state, tab_of
from tests.running import PASSWORD, Running, free_port, until

# In one process: the tests share an installation and a browser, which take longer to start than most tests do.
pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.xdist_group("story")]


class Shop(NamedTuple):
    """A running shop."""

    url: str
    dsn: str
    running: Running


PROGRAM = """
import sys, sentry_sdk
sentry_sdk.init(dsn=sys.argv[1], release="shop@1.0", environment="production")
sentry_sdk.set_user({"id": "7", "email": "ada@shop.example"})
sentry_sdk.set_tag("payment", "card")
sentry_sdk.add_breadcrumb(category="auth", message="ada signed in")
def charge(basket):
    return sum(line["price"] for line in basket)
charge([{"sku": "TEA", "price": 4}, {"sku": "GIFT-WRAP", "price": None}])
"""


# Sixty times, evenly over the five days that ended two days ago, in the release that runs then.
OFTEN = """
import sys, time, sentry_sdk
ages = [2 * 86_400 + number * 7_200 for number in range(60)]
def back(event, hint):
    return {**event, "timestamp": time.time() - ages.pop()}
sentry_sdk.init(dsn=sys.argv[1], release="shop@1.0", environment="production", before_send=back)
def kettle():
    return {}["lid"] + 1
for _ in range(60):
    try:
        kettle()
    except KeyError as error:
        sentry_sdk.capture_exception(error)
sentry_sdk.flush()
raise TypeError
"""


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An installation that nobody has set up."""
    running = Running(tmp_path_factory.mktemp("story") / "data", free_port())
    running.start()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """An installation with the project Payments and its issue PAY-1."""
    running = Running(tmp_path_factory.mktemp("shop") / "data", free_port())
    running.start()
    try:
        made = running.initialise(project="Payments")
        fail(made["project"]["dsn"])
        issues = partial(running.get, "/api/v1/issues", token=made["token"])
        until(lambda: issues()["items"], within_s=60, why="PAY-1 is there")
        yield Shop(running.url, made["project"]["dsn"], running)
    finally:
        running.stop()


@pytest.fixture(scope="module")
def signed_in(chromium: Browser, shop: Shop) -> dict[str, Any]:
    """The state of a browser in which the shop's owner has signed in."""
    return signed_in_state(chromium, shop.url)


@pytest.fixture
def stranger(chromium: Browser) -> Iterator[Page]:
    """The browser of somebody who was never here."""
    yield from tab_of(chromium, None)


@pytest.fixture
def page(chromium: Browser, signed_in: dict[str, Any]) -> Iterator[Page]:
    """The shop owner's browser."""
    yield from tab_of(chromium, signed_in)


def fail(dsn: str, program: str = PROGRAM) -> None:
    """Run a program of its own, with the SDK as it is published, that ends with an exception."""
    ended = subprocess.run([sys.executable, "-c", program, dsn], capture_output=True, check=False, cwd="/")
    assert b"TypeError" in ended.stderr


def stage(page: Page, name: str) -> None:
    expect(page.locator(f"#issue-head .stage-{name.lower()}")).to_be_visible()


def test_the_story(fresh: Running, stranger: Page) -> None:
    page = stranger
    # A fresh installation asks who is there.
    page.goto(fresh.url)
    page.get_by_label("Your name").fill("Ada Ohm")
    page.get_by_label("E-mail").fill("ada@shop.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("#f-organization").fill("Shop")
    page.locator("#f-project").fill("Payments")
    page.get_by_role("button", name="Create and get the snippet").click()

    # The snippet carries the DSN; a program that fails turns the page green.
    expect(page.get_by_text("Waiting for the first event")).to_be_visible()
    dsn = page.locator(".copy-large code").inner_text()
    assert dsn in page.locator(".snippet").nth(1).inner_text()
    fail(dsn)
    expect(page.get_by_text("It works: the first event is here")).to_be_visible()
    page.get_by_role("link", name="Open PAY-1").click()

    # The issue shows everything of the event.
    main = page.locator(".issue-main")
    for shown in ("TypeError", "charge", "GIFT-WRAP", "ada signed in", "ada@shop.example", "payment", "shop@1.0"):
        expect(main.get_by_text(shown).first).to_be_attached()

    # Assigned, commented, and moved by keyboard and by button to Closed.
    page.keyboard.press("i")
    stage(page, "Assigned")
    page.get_by_label("Comment", exact=True).fill("The **price** is missing.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".bubble strong")).to_have_text("price")
    page.locator("body").click(position={"x": 900, "y": 8})
    page.keyboard.press("s")
    page.locator("#picker [value=retest]").click()
    stage(page, "Retest")
    # A fix that nothing has proven yet passes with a reason.
    page.get_by_role("button", name="Passed: fixed").click()
    page.locator("#pick-note").fill("Bought with gift wrapping.")
    page.locator("#picker [data-note-go]").click()
    stage(page, "Fixed")
    expect(page.get_by_text("Passed without proof: Bought with gift wrapping.")).to_be_visible()
    page.locator("[data-move=close]").click()
    stage(page, "Closed")

    # It happens again: the open page says so by itself, with the evidence.
    fail(dsn)
    stage(page, "Revise")
    expect(page.get_by_text("saw it happen again")).to_be_visible()

    # Closing without a fix has to say why.
    page.keyboard.press("s")
    page.locator("#picker [value=dismiss]").click()
    page.locator("#picker").get_by_label("Reason").select_option("works as intended")
    page.locator("#pick-note").fill("Gift wrapping is free.")
    page.locator("#picker [data-note-go]").click()
    stage(page, "Closed")
    expect(page.get_by_text("Gift wrapping is free.").first).to_be_visible()

    # Everything is in the audit log, whose chain is whole.
    page.goto(f"{fresh.url}/audit/?verify=1")
    expect(page.get_by_text("The chain is whole.")).to_be_visible()
    expect(page.get_by_role("link", name="issue.moved").first).to_be_visible()


def test_a_fix_is_proven_and_the_open_page_moves_by_itself(shop: Shop, page: Page) -> None:
    cli = shop.running.cli
    fail(shop.dsn, OFTEN)
    often = partial(cli, "issue", "list", "lid", "--json")
    until(lambda: often()["items"] and often()["items"][0]["count"] == 60, within_s=60, why="all have come")
    key = often()["items"][0]["key"]
    cli("issue", "assign", key, "olga@shop.example")
    page.goto(f"{shop.url}/issues/{key}/")
    stage(page, "Assigned")

    # What a pipeline tells: the commit, its check, its release, and that it has run for thirty hours.
    sha, deployed = "f" * 40, datetime.now(UTC) - timedelta(hours=30)
    cli("release", "set-commits", "shop@1.1", "--repository", "shop/web", "--commit", sha)
    cli("deploy", "new", "shop@1.0", "production", "--at", (deployed - timedelta(days=10)).isoformat())
    cli("deploy", "new", "shop@1.1", "production", "--at", deployed.isoformat())
    cli("check", "report", "e2e", "passed", "--commit", sha, "--repository", "shop/web")
    cli("retest", "link", key, "--commit", sha, "--repository", "shop/web")
    page.keyboard.press("s")
    page.locator("#picker [value=retest]").click()

    # Nobody passes it: the page, left open, goes to Fixed with what proves it.
    stage(page, "Fixed")
    for words in ("Proven", "e2e on fffffff is green.", "shop@1.1 in production"):
        expect(page.locator("#retest").get_by_text(words).first).to_be_visible()
    expect(page.locator("#side-activity").get_by_text("fffffff of shop/web runs").first).to_be_visible()
    page.locator("[data-move=close]").click()
    stage(page, "Closed")


def test_a_new_issue_is_announced_and_moves_nothing(shop: Shop, page: Page) -> None:
    page.goto(f"{shop.url}/issues/")
    before = page.locator("[data-row]").count()

    fail(shop.dsn, PROGRAM.replace("charge", "refund"))

    expect(page.locator("#fresh")).to_have_text("1 new issue")
    assert page.locator("[data-row]").count() == before
    page.locator("#fresh").click()
    expect(page.locator("[data-row]")).to_have_count(before + 1)


def test_a_page_that_is_left_while_it_renews_itself_complains_of_nothing(shop: Shop, page: Page) -> None:
    reported(page, shop, "Left in the middle")
    held: list[Any] = []

    def hold(route: Any) -> None:
        if route.request.is_navigation_request():
            route.continue_()
        else:
            held.append(route)

    page.route("**/issues/*/", hold)
    page.evaluate("document.dispatchEvent(new CustomEvent('errata:changed'))")
    until(lambda: page.evaluate("1") and held, within_s=20, why="the page asks for itself anew")
    held[0].abort("aborted")
    page.evaluate("document.dispatchEvent(new CustomEvent('errata:changed'))")
    until(lambda: page.evaluate("1") and len(held) > 1, within_s=20, why="the page asks again")

    page.goto(f"{shop.url}/issues/")
    expect(page.locator("[data-row]").first).to_be_visible()


def test_a_list_is_worked_by_keyboard_and_taken_back(shop: Shop, page: Page) -> None:
    page.goto(f"{shop.url}/issues/")

    for key in ("j", "x", "3"):
        page.keyboard.press(key)
    row = page.locator("[data-row]").first
    expect(row.get_by_label("Priority: Low").first).to_be_visible()
    expect(page.locator("#toasts")).to_contain_text("Priority set")

    page.keyboard.press("z")
    expect(row.get_by_label("Priority: Low")).to_have_count(0)


def reported(page: Page, shop: Shop, title: str) -> None:
    """Open an issue that nothing has happened to yet."""
    page.goto(f"{shop.url}/issues/new/")
    page.get_by_label("Title").fill(title)
    page.get_by_role("button", name="Create issue").click()
    expect(page.locator("h1")).to_have_text(title)
    # Its keys are there with its scripts, and those have run once it listens.
    expect(page.locator("#live-status")).to_have_attribute("data-state", "live")


def test_a_stage_that_needs_somebody_leads_to_the_people_by_keyboard_alone(shop: Shop, page: Page) -> None:
    reported(page, shop, "Nobody has it yet")

    page.keyboard.press("s")
    expect(page.locator("#picker [data-name=Assigned]")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#picker [data-name=Closed]")).to_be_focused()
    page.keyboard.press("ArrowDown")  # the others can't be chosen: round again
    expect(page.locator("#picker [data-name=Assigned]")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("textbox", name="Assign to…").fill("olga")
    page.keyboard.press("Enter")

    stage(page, "Assigned")


def test_closing_by_its_key_asks_only_for_the_reason(shop: Shop, page: Page) -> None:
    reported(page, shop, "Not worth a fix")

    page.keyboard.press("e")
    expect(page.locator("#pick-note")).to_be_focused()
    page.keyboard.type("Seen on one machine only.")
    page.locator("#picker [data-note-go]").click()

    stage(page, "Closed")
    expect(page.get_by_text("Seen on one machine only.").first).to_be_visible()


def test_tab_finishes_a_word_of_the_search_and_else_goes_on(shop: Shop, page: Page) -> None:
    page.goto(f"{shop.url}/issues/")
    query = page.locator("[data-query]")

    query.fill("is:open prio")
    page.locator("#complete-0").wait_for()
    page.keyboard.press("Tab")
    expect(query).to_have_value("is:open priority:")

    query.fill("is:open ")
    page.keyboard.press("Tab")
    expect(query).not_to_be_focused()
    expect(query).to_have_value("is:open ")


@pytest.mark.parametrize(("path", "editor"), [("new/", "#f-description"), ("PAY-1/", "[data-comment]")])
def test_an_at_sign_suggests_people_in_descriptions_and_comments(
    shop: Shop, page: Page, path: str, editor: str
) -> None:
    page.goto(f"{shop.url}/issues/{path}")
    text = page.locator(editor)
    text.fill("Ask ")
    text.press_sequentially("@olg")
    page.locator("#people-named .menu-item").first.wait_for()

    page.keyboard.press("Tab")

    expect(text).to_have_value("Ask @olga@shop.example ")
    text.fill("")


def test_the_page_of_the_api_is_drawn(shop: Shop, page: Page) -> None:
    page.goto(f"{shop.url}/api/v1/docs")

    expect(page.get_by_text("/api/v1/issues/{key}/transition")).to_be_visible()


def test_the_palette_finds_an_issue_by_some_of_its_letters(shop: Shop, page: Page) -> None:
    page.goto(f"{shop.url}/projects/")

    page.keyboard.press("Control+k")
    page.keyboard.type("unsupported")
    page.locator("#palette-list").get_by_text("PAY-1").wait_for()
    page.keyboard.press("Enter")

    page.wait_for_url("**/issues/PAY-*/")


def test_a_draft_survives_a_reload(shop: Shop, page: Page) -> None:
    page.goto(f"{shop.url}/issues/PAY-1/")
    page.get_by_label("Comment", exact=True).fill("half a thou")

    page.reload()

    expect(page.get_by_label("Comment", exact=True)).to_have_value("half a thou")


def test_a_draft_is_done_with_once_the_issue_exists(shop: Shop, page: Page) -> None:
    page.goto(f"{shop.url}/issues/new/")
    page.get_by_label("Title").fill("Written by hand")
    page.get_by_role("button", name="Create issue").click()
    expect(page.locator("h1")).to_have_text("Written by hand")

    page.goto(f"{shop.url}/issues/new/")

    expect(page.get_by_label("Title")).to_have_value("")


@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
def test_the_pages_are_accessible_in_every_theme(shop: Shop, page: Page, theme: str) -> None:
    page.context.add_cookies([{"name": "theme", "value": theme, "url": shop.url}])
    found: list[Any] = []
    for path in ("/process/designation/payments/", "/process/availability/",
                 "/issues/", "/issues/PAY-1/", "/issues/new/", "/projects/", "/projects/payments/start/", "/people/",
                 "/teams/", "/audit/", "/account/", "/account/tokens/"):  # fmt: skip
        page.goto(shop.url + path)
        found += barriers(page)
    assert found == []


def test_a_phone_reaches_every_page_from_its_bar(shop: Shop, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 780})
    page.goto(f"{shop.url}/issues/")
    reached = page.locator(".rail-link:visible[href]").evaluate_all("links => links.map(link => link.pathname)")

    page.get_by_role("button", name="More").click()
    menu = page.locator("#rail-more")
    expect(menu).to_be_in_viewport(ratio=1)
    reached += menu.locator("a").evaluate_all("links => links.map(link => link.pathname)")
    menu.get_by_text("Settings").click()
    page.wait_for_url("**/account/")

    everything = page.locator(".rail a.rail-link").evaluate_all("links => links.map(link => link.pathname)")
    assert reached == everything


@pytest.mark.parametrize("width", [360, 390])
def test_nothing_is_wider_than_a_phone(shop: Shop, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 780})
    for path in ("/process/designation/payments/", "/process/availability/",
                 "/issues/", "/issues/PAY-1/", "/projects/payments/start/", "/projects/", "/people/", "/audit/",
                 "/account/", "/account/tokens/", "/issues/new/"):  # fmt: skip
        page.goto(shop.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") == width, path
