"""The whole life of one issue, from the SDK's first event to Closed with proof: by mouse, by keys and by finger."""

import hashlib
import hmac
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.browser import barriers, tab_of
from tests.running import PASSWORD, ROOT, Running, free_port, until

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.xdist_group("life")]

# As GitHub sent them; tests/api reads them too. The second commit of the push says "Fixes PAY-1".
_DELIVERIES = ROOT / "tests" / "api" / "deliveries" / "github"
_FIX = "3c4d5e6f708192a3b4c5d6e7f809123456789012"
_DELIVERED_ON = b"2026-11-23"

# A till that fails sixty times, evenly over the five days that ended two days ago: often enough for its silence since
# to mean something.
_PROGRAM = """
import sys, time, sentry_sdk
ages = [2 * 86_400 + number * 7_200 for number in range(60)]
def back(event, hint):
    return {**event, "timestamp": time.time() - ages.pop()}
sentry_sdk.init(dsn=sys.argv[1], release="shop@1.2.0", environment="production", before_send=back)
sentry_sdk.set_tag("payment", "card")
def total(basket):
    return sum(line["price"] for line in basket)
for _ in range(60):
    try:
        total([{"sku": "TEA", "price": 4}, {"sku": "GIFT-WRAP", "price": None}])
    except TypeError as error:
        sentry_sdk.capture_exception(error)
sentry_sdk.flush()
"""


class Mouse:
    """Somebody at a desk, who points at what is meant."""

    device: dict[str, Any] = {}

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, target: Locator) -> None:
        target.click()

    def write(self, target: Locator, text: str) -> None:
        self.press(target)
        self.page.keyboard.type(text)

    def open_first(self) -> None:
        self.press(self.page.locator("[data-row] .row-link").first)

    def take(self) -> None:
        self.press(self.page.locator("#issue-head [data-pick=assignee]"))
        self.press(self.page.locator("#picker").get_by_role("option", name="Olga"))

    def comment(self, text: str) -> None:
        self.write(self.page.get_by_label("Comment", exact=True), text)
        self.press(self.page.get_by_role("button", name="Comment", exact=True))

    def end(self) -> None:
        self.press(self.page.locator("#issue-head [data-move=close]"))

    def back_to(self, key: str) -> None:
        self.press(self.page.get_by_role("link", name="Issue", exact=True))


class Finger(Mouse):
    """Somebody with a phone."""

    device = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}

    def press(self, target: Locator) -> None:
        # Whatever was drawn in between, it has to fit: what is off the side of a phone is not found.
        assert self.page.evaluate("document.documentElement.scrollWidth") == 390, self.page.url
        target.tap()


class Keys(Mouse):
    """Somebody who has no mouse: all is reached with Tab, or has a key of its own."""

    def press(self, target: Locator) -> None:
        self._reach(target)
        self.page.keyboard.press("Enter")

    def write(self, target: Locator, text: str) -> None:
        self._reach(target)
        self.page.keyboard.type(text)

    def open_first(self) -> None:
        # Keys are heard once the page with the row is there and its script runs.
        expect(self.page.locator("[data-row]")).to_be_visible()
        expect(self.page.locator("#live-status[data-state=live]")).to_be_attached()
        self.page.keyboard.press("j")
        expect(self.page.locator("[data-row][data-current]")).to_be_attached()
        self.page.keyboard.press("Enter")

    def take(self) -> None:
        self.page.keyboard.press("i")

    def comment(self, text: str) -> None:
        self.page.keyboard.press("m")
        self.page.keyboard.type(text)
        self.page.keyboard.press("Control+Enter")
        self.page.keyboard.press("Escape")  # out of the box, so that keys are commands again

    def end(self) -> None:
        self.page.keyboard.press("e")

    def back_to(self, key: str) -> None:
        # By way of the board: what has a page has a name in the palette.
        self._jump("Board")
        self.page.wait_for_url("**/board/")
        self._jump(key)

    def _jump(self, key: str) -> None:
        self.page.keyboard.press("Control+k")
        self.page.keyboard.type(key)
        expect(self.page.locator("#palette-list [data-active]")).to_contain_text(key)
        self.page.keyboard.press("Enter")

    def _reach(self, target: Locator) -> None:
        expect(target).to_be_visible()
        for _ in range(250):
            if target.evaluate("element => element === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        pytest.fail(f"Tab never came to {target}")


class Shop:
    """A shop's installation, its repository on GitHub, its pipeline and its till."""

    def __init__(self, running: Running, scratch: Path) -> None:
        self.running = running
        self.dsn = running.initialise(project="Payments")["project"]["dsn"]
        self.deployed = datetime.now(UTC) - timedelta(hours=30)
        running.cli("user", "create", "bob@shop.example", "--name", "Bob Builder", "--password", PASSWORD)
        rules = scratch / "rules"
        rules.write_text("tags.payment:card bob@shop.example deputy=olga@shop.example\n")
        running.cli("designation", "set", "payments", str(rules))
        self._hook = running.cli(
            "repository", "create", "shop/payments",
            "--forge", "github", "--package", "shop", "--project", "payments", "--json",
        )  # fmt: skip

    def fail(self) -> None:
        subprocess.run([sys.executable, "-c", _PROGRAM, self.dsn], check=True, cwd="/")

    def github_tells(self, event: str) -> str:
        """Send a recorded delivery, of the day before the deploy, signed as GitHub signs; return what became of it."""
        day = f"{self.deployed - timedelta(days=1):%Y-%m-%d}".encode()
        body = (_DELIVERIES / f"{event}.json").read_bytes().replace(_DELIVERED_ON, day)
        digest = hmac.new(self._hook["secret"].encode(), body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": f"life-{event}",
            "X-Hub-Signature-256": f"sha256={digest}",
        }
        request = urllib.request.Request(self._hook["webhook"], data=body, headers=headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return str(json.loads(answer.read())["outcome"])

    def release(self, version: str, sha: str) -> None:
        self.running.cli("release", "set-commits", version, "--repository", "shop/payments", "--commit", sha)

    def deploy(self, version: str, at: datetime) -> None:
        self.running.cli("deploy", "new", version, "production", "--at", at.isoformat())

    def clocks(self) -> list[dict[str, Any]]:
        """The clocks that were promised: the response's and the resolution's."""
        found = self.running.cli("clock", "explain", "PAY-1", "--json")["clocks"]
        assert [clock["clock"] for clock in found] == ["response", "resolution"]
        return list(found)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    running = Running(tmp_path / "data", free_port())
    running.start()
    try:
        yield Shop(running, tmp_path)
    finally:
        running.stop()


@pytest.fixture(params=[Mouse, Keys, Finger])
def hands(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[Mouse]:
    for page in tab_of(chromium, None, **request.param.device):
        yield request.param(page)


def stage(page: Page, name: str) -> None:
    expect(page.locator(f"#issue-head .stage-{name.lower()}")).to_be_visible()


def test_the_whole_life_of_an_issue(shop: Shop, hands: Mouse) -> None:
    page = hands.page
    page.goto(f"{shop.running.url}/")
    hands.write(page.get_by_label("E-mail"), "olga@shop.example")
    hands.write(page.get_by_label("Password"), PASSWORD)
    hands.press(page.get_by_role("button", name="Sign in"))
    page.wait_for_url("**/issues/")
    expect(page.locator("#live-status[data-state=live]")).to_be_attached()

    # The till fails: the open list says so, and the issue is opened from there.
    shop.fail()
    expect(page.locator("#fresh")).to_have_text("1 new issue")
    hands.press(page.locator("#fresh"))
    hands.open_first()
    page.wait_for_url("**/issues/PAY-1/")
    expect(page.locator("h1")).to_contain_text("TypeError")

    # A rule has given it to somebody, and says why; the one who knows better takes it.
    stage(page, "Assigned")
    holder = page.locator("#issue-head [data-pick=assignee]")
    expect(holder).to_contain_text("Bob Builder")
    why = page.get_by_role("button", name="Why Bob Builder has it")
    hands.press(why)
    expect(page.locator("#why-assigned")).to_contain_text("tags.payment:card")
    hands.press(why)
    expect(page.locator("#why-assigned")).to_be_hidden()
    hands.take()
    expect(holder).to_contain_text("Olga")
    hands.comment("The **price** of gift wrapping is missing.")
    expect(page.locator("#side-activity .bubble strong")).to_have_text("price")

    # A push to GitHub that says "Fixes PAY-1" sends it to its retest, before everybody's eyes.
    assert shop.github_tells("push") == "2 commits on main"
    stage(page, "Retest")
    card = page.locator("#retest")
    expect(card.get_by_text(_FIX[:7]).first).to_be_visible()
    expect(card).to_contain_text("Waiting for proof")

    # The pipeline is green, and the release that has the commit runs since thirty hours.
    shop.deploy("shop@1.2.0", shop.deployed - timedelta(days=10))
    shop.github_tells("check_suite")
    shop.release("shop@1.3.0", _FIX)
    expect(card).to_contain_text("production runs shop@1.2.0, which doesn't have 3c4d5e6 of shop/payments yet.")
    shop.deploy("shop@1.3.0", shop.deployed)
    stage(page, "Fixed")
    expect(card).to_contain_text("Proven")
    for words in (f"{_FIX[:7]} of shop/payments runs: shop@1.3.0 in production.", "is green.", "Silent for 30 h"):
        expect(card.get_by_text(words).first).to_be_visible()
    assert barriers(page) == []

    hands.end()
    stage(page, "Closed")

    # Its clocks have stopped, and their parts add up.
    hands.press(page.get_by_role("link", name="Minute by minute"))
    expect(page.locator("h1")).to_contain_text("PAY-1 minute by minute")
    assert barriers(page) == []
    hands.back_to("PAY-1")
    page.wait_for_url("**/issues/PAY-1/")
    stage(page, "Closed")
    for clock in shop.clocks():
        assert (clock["state"], clock["stopped_at"] is None, clock["due_at"]) == ("met", False, None), clock
        assert sum(part["seconds"] for part in clock["parts"]) == pytest.approx(clock["elapsed_s"])

    # All of it is in the audit log, whose chain is whole.
    until(lambda: "whole" in shop.running.cli("audit", "verify"), within_s=30, why="the audit log is verified")
