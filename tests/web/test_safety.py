"""What an event or a person could smuggle into a page, and what the pages let a browser do."""

import re
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from errata.adapters.memory.event_store import MemoryEventStore
from errata.apps.accounts import queries as accounts
from errata.apps.accounts.types import Actor
from errata.apps.issues import operations as issues
from errata.apps.projects.types import ProjectView
from tests.web import shop

EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'`"
PAGES = (
    "/issues/",
    "/issues/new/",
    "/issues/PAY-1/",
    "/process/workflows/",
    "/process/workflows/errata/",
    "/process/workflows/kanban/design/",
    "/process/types/",
    "/process/fields/new/",
    "/process/arrivals/",
    "/projects/",
    "/projects/new/",
    "/projects/payments/",
    "/projects/payments/keys/",
    "/projects/payments/quotas/",
    "/projects/payments/scrubbing/",
    "/projects/payments/start/",
    "/people/",
    "/teams/",
    "/audit/",
    "/account/",
    "/account/tokens/",
)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_needs_no_inline_script_or_style(olga: Actor, browser: Any, failure: str, path: str) -> None:
    answer = browser(olga).get(path)

    policy, page = answer.headers["Content-Security-Policy"], answer.content.decode()
    assert answer.status_code == 200
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy
    assert not re.search(r"<[a-z][^>]*\sstyle=", page)
    assert not re.search(r"<[a-z][^>]*\son[a-z]+=", page)
    assert not re.search(r"<script(?![^>]*\ssrc=)", page)
    assert "<style" not in page


def test_what_an_event_carries_is_only_text(
    olga: Actor, browser: Any, payments: ProjectView, events: MemoryEventStore, now: datetime
) -> None:
    crumbs = {"values": [{"timestamp": now.timestamp(), "category": EVIL, "message": EVIL, "data": {EVIL: EVIL}}]}
    shop.fail(
        payments,
        number=0,
        at=now,
        title=EVIL,
        value=EVIL,
        breadcrumbs=crumbs,
        tags={"browser": EVIL, EVIL: "1"},
        extra={EVIL: [EVIL]},
        user={"id": EVIL, "email": EVIL},
        contexts={EVIL: {EVIL: EVIL}},
        request={"url": f"https://shop.example/{EVIL}", "method": EVIL, "headers": {EVIL: EVIL}, "data": EVIL},
        modules={EVIL: EVIL},
    )

    for path in ("/issues/", "/issues/PAY-1/"):
        page = browser(olga).get(path).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "&lt;script&gt;alert(1)" in page


def test_what_people_write_is_only_markdown(olga: Actor, browser: Any, failure: str, now: datetime) -> None:
    text = f"{EVIL}\n\n[click](javascript:alert(1)) **bold** <b onclick=alert(1)>x</b>"
    issues.comment_on_issue(key="PAY-1", body=text, by=olga, at=now)
    issues.update_issue(key="PAY-1", title=EVIL, description=text, labels=[EVIL[:40]], by=olga, at=now)

    page = browser(olga).get("/issues/PAY-1/").content.decode()

    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert 'href="javascript:' not in page
    assert "<b onclick" not in page
    assert "<strong>bold</strong>" in page


def test_a_search_is_shown_as_it_was_typed(olga: Actor, browser: Any) -> None:
    page = browser(olga).get("/issues/", {"q": f'"{EVIL}'}).content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_raw_events_and_files_are_never_pages(olga: Actor, browser: Any, failure: str) -> None:
    raw = browser(olga).get(f"/issues/PAY-1/events/{failure}/json/")

    assert raw.headers["Content-Type"].startswith("application/json")
    assert raw.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["/issues/change/", "/issues/undo/", "/issues/PAY-1/comments/", "/projects/payments/delete/", "/signin/"]
)
def test_a_form_from_elsewhere_is_refused(olga: Actor, failure: str, browser: Any, path: str) -> None:
    here = browser(olga)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = here.cookies

    answer = strict.post(path, {"key": "PAY-1"})

    assert answer.status_code == 403
    assert "Reload it" in answer.content.decode()


def test_an_error_page_has_the_requests_id_and_a_way_out(olga: Actor, browser: Any) -> None:
    answer = browser(olga).get("/issues/PAY-999/", headers={"X-Request-Id": "abc-123-def"})

    page = answer.content.decode()
    assert answer.status_code == 404
    assert "abc-123-def" in page
    assert answer.headers["X-Request-Id"] == "abc-123-def"
    assert 'href="/issues/"' in page


@pytest.mark.parametrize("number", ["9" * 5_000, "9" * 30, "١٢", "-1", "²"])
@pytest.mark.parametrize(
    "path",
    ["/audit/?by={}", "/inbox/?after={}", "/deliveries/?channel={}&before={}",
     "/live/poll/?after={}", "/issues/complete/?q=is&at={}"],
)  # fmt: skip
def test_an_address_with_a_number_that_nothing_holds_is_answered(
    olga: Actor, browser: Any, events: MemoryEventStore, path: str, number: str
) -> None:
    assert browser(olga).get(path.replace("{}", number)).status_code == 200


@pytest.mark.parametrize("number", ["9" * 5_000, "١٢", "x"])
def test_a_page_of_the_audit_log_that_none_led_to_is_refused(
    olga: Actor, browser: Any, events: MemoryEventStore, number: str
) -> None:
    answer = browser(olga).get(f"/audit/?cursor={number}")

    assert (answer.status_code, "Begin again without it" in answer.content.decode()) == (400, True)


def test_a_token_whose_end_cannot_be_read_is_not_one_for_ever(olga: Actor, browser: Any, now: datetime) -> None:
    posted = {"name": "Script", "scopes": ["issue:read"], "days": "9" * 30}

    answer = browser(olga).post("/account/tokens/", posted)

    assert "A token lasts from 1 to" in answer.content.decode()
    assert accounts.list_tokens(actor=olga, at=now) == []
