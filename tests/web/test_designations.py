"""The pages of designation, to whom, and what they cost."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from errata.apps.accounts import operations as accounts
from errata.apps.accounts.types import Actor
from errata.apps.designations import operations, queries
from errata.apps.issues import operations as issues
from errata.apps.issues import queries as issue_queries
from errata.apps.projects.types import ProjectView
from tests.web import shop
from tests.web.test_pages import page_of

RULES = "/process/designation/payments/"


@pytest.fixture
def rules(payments: ProjectView, bob: Actor, olga: Actor, now: datetime) -> str:
    """Two rules of Payments."""
    accounts.create_team(name="Money", members=[bob.user_id or 0], by=olga, at=now)
    text = "path:shop/basket.py #money choose=least_load\n* olga@shop.example"
    operations.set_ownership(which="payments", rules=text, by=olga, at=now)
    return text


def test_without_a_project_there_is_one_next_step(olga: Actor, browser: Any) -> None:
    assert "Create a project" in page_of(browser(olga), "/process/designation/")


def test_without_a_rule_the_page_says_what_that_means(olga: Actor, browser: Any, payments: ProjectView) -> None:
    page = page_of(browser(olga), "/process/designation/", follow=True)
    assert "No rule yet, so new issues wait for somebody" in page


def test_the_rules_are_shown_in_their_order_with_their_people(olga: Actor, browser: Any, rules: str) -> None:
    page = page_of(browser(olga), RULES)
    assert page.index("shop/basket.py") < page.index("Whatever it is")
    assert "#money" in page
    assert "whoever holds least" in page
    assert "Olga Owner" in page


def test_a_rule_is_added_moved_and_removed_by_its_buttons(olga: Actor, browser: Any, rules: str) -> None:
    here = browser(olga)
    form = {"do": "add", "kind": "url", "pattern": "*/pay", "owner": ["bob@shop.example", ""], "choose": "first"}
    here.post(RULES, form | {"where": "first"})
    here.post(RULES, {"do": "up", "line": "2", "version": "2"})
    here.post(RULES, {"do": "remove", "line": "3", "version": "3"})

    assert queries.ownership(actor=olga, which="payments").rules == (
        "path:shop/basket.py #money choose=least_load\nurl:*/pay bob@shop.example"
    )


def test_a_text_that_cannot_be_read_is_shown_again_with_the_line(olga: Actor, browser: Any, rules: str) -> None:
    answer = browser(olga).post(RULES, {"rules": "path:x bob", "version": "1"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Line 1: “bob” is neither" in page
    assert "path:x bob</textarea>" in page


def test_the_text_is_checked_as_it_is_typed(olga: Actor, browser: Any, rules: str) -> None:
    answer = browser(olga).post(f"{RULES}check/", {"rules": "path:x bob\n* #a"}).content.decode()
    assert "Line 1" in answer
    assert "1 rule, all readable" in browser(olga).post(f"{RULES}check/", {"rules": "* #a"}).content.decode()


def test_the_tester_says_who_and_why(olga: Actor, browser: Any, rules: str, failure: str) -> None:
    for text in ("PAY-1", "shop/basket.py"):
        page = page_of(browser(olga), f"{RULES}try/", data={"text": text})
        assert "Bob Builder" in page
        assert "path:shop/basket.py matched shop/basket.py; its only owner there" in page
    assert issue_queries.issue(actor=olga, key="PAY-1").row.assignee is None


def test_an_import_is_looked_at_first_and_then_kept(olga: Actor, browser: Any, rules: str) -> None:
    here, url = browser(olga), f"{RULES}codeowners/"
    form = {"codeowners": "/shop/ @octocat\n/x y/ @octocat", "stack_root": "/app/", "source_root": "backend/"}

    page = here.post(url, form | {"do": "preview"}).content.decode()
    assert "1 owner means nobody here" in page
    assert queries.ownership(actor=olga, which="payments").codeowners == ""
    here.post(url, form | {"do": "import", "name": "@octocat", "owner": "bob@shop.example"})

    kept = queries.ownership(actor=olga, which="payments")
    assert kept.owners == {"@octocat": "bob@shop.example"}
    assert [(one.stack_root, one.source_root) for one in kept.mappings] == [("/app/", "backend/")]
    assert "Everybody it names is somebody here" in page_of(here, url)


def test_the_issue_page_says_why_in_one_click_and_who_held_it(
    olga: Actor, bob: Actor, browser: Any, rules: str, failure: str, now: datetime
) -> None:
    operations.Designating().turn(now)

    page = page_of(browser(olga), "/issues/PAY-1/")

    assert 'popovertarget="why-assigned"' in page
    assert "path:shop/basket.py matched shop/basket.py; its only owner there." in page
    assert "Held by" in page
    assert "assigned Bob Builder" in page
    issues.assign_issue(key="PAY-1", to=olga.email, by=olga, at=now)
    page = page_of(browser(olga), "/issues/PAY-1/")
    assert "Olga Owner assigned it" in page
    assert "What the rules said when it came" in page


def test_an_issue_with_nobody_is_at_risk_and_has_a_suggestion(
    olga: Actor, bob: Actor, browser: Any, payments: ProjectView, failure: str, now: datetime
) -> None:
    shop.fail(payments, number=12, at=now, value="again")  # the same place
    shop.fail(payments, number=3, at=now)
    issues.comment_on_issue(key="PAY-1", body="I know this one", by=bob, at=now)
    key = next(
        row.key
        for row in issue_queries.list_issues(actor=olga, now=now).items
        if row.culprit == "shop.basket in total" and row.key != "PAY-1"
    )

    stream = page_of(browser(olga), "/issues/")
    assert "3 open issues have nobody." in stream
    assert "have nobody." not in page_of(browser(olga), "/issues/?q=is:open+assignee:none")
    suggestion = page_of(browser(olga), f"/issues/{key}/suggestion/")
    assert "Bob Builder" in suggestion
    assert "commented on PAY-1 in shop.basket" in suggestion


def test_issues_that_had_nobody_are_given_out_by_a_button(olga: Actor, browser: Any, rules: str, failure: str) -> None:
    page = browser(olga).post(f"{RULES}apply/", follow=True).content.decode()
    assert "1 issue assigned. 0 still have nobody." in page


def test_skills_and_absences_are_written_down(olga: Actor, bob: Actor, browser: Any, rules: str, now: datetime) -> None:
    here = browser(bob)
    here.post("/process/availability/skills/", {"person": str(bob.user_id), "skills": "Python, SQL"})
    until = (now + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    since = now.strftime("%Y-%m-%dT%H:%M")
    form = {"person": str(bob.user_id), "since": since, "until": until, "stand_in": str(olga.user_id)}
    assert here.post("/process/availability/absences/", form).status_code == 302

    page = page_of(here, "/process/availability/")
    assert "python, sql" in page
    assert "Olga Owner stands in" in page
    [found] = [one for one in queries.list_colleagues(actor=bob, now=now) if one.person.id == bob.user_id]
    here.post(f"/process/availability/absences/{found.absences[0].id}/end/")
    assert "stands in" not in page_of(here, "/process/availability/").split("Note an absence")[0]


def test_who_may_not_change_the_rules_sees_them(bob: Actor, carol: Actor, browser: Any, rules: str) -> None:
    for person in (bob, carol):
        page = page_of(browser(person), RULES)
        assert "shop/basket.py" in page
        assert "Add a rule" not in page
        assert browser(person).post(RULES, {"rules": "", "version": "1"}).status_code in (403, 422)
        assert queries.ownership(actor=bob, which="payments").rules == rules
        assert browser(person).post(f"{RULES}apply/").status_code == 403
    assert "Note an absence" not in page_of(browser(carol), "/process/availability/")


@pytest.mark.parametrize("path", ["", "try/?text=x", "codeowners/"])
def test_another_organisation_finds_no_such_page(mallory: Actor, browser: Any, rules: str, path: str) -> None:
    answer = browser(mallory).get(f"{RULES}{path}")
    assert answer.status_code == 404 or "There is no project payments" in answer.content.decode()
    assert "shop/basket.py" not in answer.content.decode()
    assert "bob@shop.example" not in page_of(browser(mallory), "/process/availability/")


@pytest.mark.parametrize(
    ("path", "queries_max"),
    [(RULES, 26), ("/process/availability/", 15), ("/issues/PAY-1/", 39), ("/issues/PAY-1/suggestion/", 12)],
)
def test_a_page_asks_the_records_no_more_than_its_budget(
    olga: Actor, browser: Any, rules: str, failure: str, now: datetime, django_assert_max_num_queries: Any,
    path: str, queries_max: int,
) -> None:  # fmt: skip
    operations.Designating().turn(now)
    here = browser(olga)
    with django_assert_max_num_queries(queries_max):
        assert here.get(path).status_code == 200


@pytest.mark.parametrize(
    "posted", [{"do": "up", "line": "9" * 5_000}, {"do": "up", "line": "1", "version": "9" * 5_000}]
)
def test_a_line_with_too_many_digits_is_none(olga: Actor, browser: Any, rules: str, posted: dict[str, str]) -> None:
    assert browser(olga).post(RULES, posted).status_code < 500
