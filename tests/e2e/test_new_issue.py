"""Writing in a real browser: an issue's template by its type, its description, and what a person typed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.e2e.browser import CHROMIUM, FLAGS, PATIENCE_MS
from tests.running import PASSWORD, Running, free_port

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.xdist_group("new-issue")]


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    """The owner's browser at the form, in an installation whose tasks and costs have templates."""
    running = Running(tmp_path / "data", free_port())
    running.start()
    try:
        running.initialise(project="Payments")
        for kind, text in (("Task", "## What\n\n## Why"), ("Cost", "## How much")):
            file = tmp_path / f"{kind}.md"
            file.write_text(text)
            running.cli("type", "template", kind, str(file))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            found = browser.new_page()
            found.set_default_timeout(PATIENCE_MS)
            expect.set_options(timeout=PATIENCE_MS)
            found.goto(f"{running.url}/signin/")
            found.fill("[name=email]", "olga@shop.example")
            found.fill("[name=password]", PASSWORD)
            found.keyboard.press("Enter")
            found.wait_for_url("**/issues/**")
            found.goto(f"{running.url}/issues/new/")
            yield found
            browser.close()
    finally:
        running.stop()


def test_a_template_changes_with_the_type_until_somebody_types(page: Page) -> None:
    text = page.locator("#f-description")
    expect(text).to_have_value("## What\n\n## Why")
    page.select_option("#f-type", "Cost")
    expect(text).to_have_value("## How much")
    page.select_option("#f-type", "Error")
    expect(text).to_have_value("")
    page.select_option("#f-type", "Cost")
    expect(text).to_have_value("## How much")

    text.fill("## How much\n\nToo much.")
    with page.expect_response("**/issues/new/words/"):
        page.select_option("#f-type", "Task")
    expect(text).to_have_value("## How much\n\nToo much.")
    page.reload()

    expect(text).to_have_value("## How much\n\nToo much.")


def test_a_description_is_written_where_it_is_read(page: Page) -> None:
    page.get_by_label("Title").fill("The kettle leaks")
    page.locator("#f-description").fill("")
    page.get_by_role("button", name="Create issue").click()
    place = page.locator("#issue-description")
    text, shown = place.get_by_role("textbox", name="Description"), place.locator(".prose.inline-show")

    place.get_by_role("button", name="Add a description").click()
    text.fill("It *drips*.")
    place.get_by_role("button", name="Preview").click()
    expect(place.locator("[data-preview] em")).to_have_text("drips")
    page.reload()
    place.get_by_role("button", name="Add a description").click()
    expect(text).to_have_value("It *drips*.")  # nothing that was typed is lost
    text.press("Control+Enter")
    expect(shown.locator("em")).to_have_text("drips")
    expect(page.locator("#toasts")).to_contain_text("Description set")

    place.get_by_role("button", name="Edit the description").click()
    expect(text).to_have_value("It *drips*.")
    text.fill("Something else")
    page.locator("h1").click()
    page.keyboard.press("1")
    expect(page.locator("#issue-head")).to_contain_text("High")
    expect(text).to_be_visible()
    expect(text).to_have_value("Something else")  # though the page has renewed itself
    place.get_by_role("button", name="Cancel").click()
    expect(shown.locator("em")).to_be_visible()
    place.get_by_role("button", name="Edit the description").click()
    expect(text).to_have_value("It *drips*.")
    text.fill("")
    place.get_by_role("button", name="Save").click()
    expect(place.get_by_role("button", name="Add a description")).to_be_visible()
