"""The progress page: numbers that lead to their lists."""

import html
import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote_plus

from errata.apps.accounts.types import Actor
from errata.apps.issues import operations as issues
from errata.apps.issues import queries
from errata.apps.progress import following
from errata.apps.projects import operations as projects
from tests.web.test_pages import page_of


def work(by: Actor, now: datetime) -> None:
    for number in range(6):
        issues.create_issue(project="payments", title=f"Slow {number}", by=by, at=now - timedelta(days=number, hours=1))
    issues.assign_issue(key="PAY-1", to=by.email, by=by, at=now)
    issues.transition_issue(key="PAY-2", to="Closed", reason="duplicate", by=by, at=now)
    while following.follow(now):
        pass


def test_every_number_leads_to_a_list_of_as_many(olga: Actor, browser: Any, payments: Any, events: Any, now: datetime):
    work(olga, now)

    page = page_of(browser(olga), "/progress/?by=type")

    links = re.findall(r'href="[^"]*/issues/\?q=([^"&]*)[^"]*">(\d+)</a>', page)
    assert len(links) >= 10
    for query, shown in links:
        found = queries.list_issues(actor=olga, query=unquote_plus(query), now=now).items
        assert len(found) == int(shown), unquote_plus(query)


def test_of_many_projects_it_compares_the_busiest_and_leads_to_all(
    olga: Actor, browser: Any, payments: Any, events: Any, now: datetime
) -> None:
    for number in range(14):
        project = projects.create_project(name=f"Shop {number}", platform="node", by=olga, at=now)
        issues.create_issue(project=project.slug, title="Slow", by=olga, at=now - timedelta(hours=1))
    work(olga, now)
    client = browser(olga)

    page = page_of(client, "/progress/?days=7")
    link = html.unescape(re.findall(r'These are the 10 busiest. <a href="([^"#]*)', page)[0])
    names = compared(page)
    assert (len(names), names[0]) == (10, "Payments")

    page = page_of(client, f"/progress/{link}")
    assert len(compared(page)) == 15
    assert "busiest" not in page


def compared(page: str) -> list[str]:
    table = page[page.index('class="table compared"') :]
    return re.findall(r"<tr><td>([^<]*)</td>", table)


def test_without_issues_it_says_what_would_be_here(olga: Actor, browser: Any, payments: Any, events: Any) -> None:
    assert "Numbers appear with the first issue" in page_of(browser(olga), "/progress/")
    assert "No issue fits it" in page_of(browser(olga), "/progress/?severity=Critical")


def test_an_unknown_period_is_a_month(olga: Actor, browser: Any, payments: Any, events: Any, now: datetime) -> None:
    work(olga, now)

    assert "Cumulative flow of the last 30 days" in page_of(browser(olga), "/progress/?days=x&by=y")


def test_it_asks_the_records_no_more_than_its_budget(
    olga: Actor, browser: Any, payments: Any, events: Any, now: datetime, django_assert_max_num_queries: Any
) -> None:
    work(olga, now)
    client = browser(olga)
    page_of(client, "/progress/")

    with django_assert_max_num_queries(44):
        page_of(client, "/progress/")
