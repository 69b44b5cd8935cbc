"""Looking back over the REST API."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from errata.apps.accounts.types import Actor
from errata.apps.issues import operations as issues
from errata.apps.projects.types import ProjectView
from tests.web import shop

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("events")]

DAY = timedelta(days=1)


@pytest.fixture
def past(bob: Actor, payments: ProjectView, now: datetime) -> datetime:
    """PAY-1 and PAY-2 were there yesterday; today PAY-1 was closed, PAY-2 renamed, and PAY-3 came."""
    for title in ("Slow", "Wrong"):
        issues.create_issue(project="payments", title=title, description="Old", by=bob, at=now - 2 * DAY)
    issues.transition_issue(key="PAY-1", to="Closed", reason="won't fix", by=bob, at=now - timedelta(hours=1))
    issues.update_issue(key="PAY-2", title="Right", description="New", by=bob, at=now - timedelta(hours=1))
    issues.create_issue(project="payments", title="Late", by=bob, at=now - timedelta(hours=1))
    return now - DAY


def test_a_list_is_told_as_it_was(api: Callable[..., Any], bob: Actor, past: datetime) -> None:
    call = api(bob)

    then = call("get", "/issues", query="is:open", sort="+created", as_of=past.isoformat()).json()
    now = call("get", "/issues", query="is:open", sort="+created").json()

    assert [(each["key"], each["title"]) for each in then["items"]] == [("PAY-1", "Slow"), ("PAY-2", "Wrong")]
    assert [each["key"] for each in now["items"]] == ["PAY-2", "PAY-3"]
    assert datetime.fromisoformat(then["items"][0]["as_of"]) == past
    assert not then["items"][0].keys() & {"users", "score", "due_at", "clock_state", "blockers", "parts", "unhandled"}
    assert now["items"][0].keys() >= {"users", "score", "due_at", "clock_state", "blockers", "parts", "unhandled"}


def test_pages_of_the_past_follow_each_other(api: Callable[..., Any], bob: Actor, past: datetime) -> None:
    call = api(bob)

    first = call("get", "/issues", sort="+created", limit=1, as_of=past.isoformat()).json()
    second = call("get", "/issues", sort="+created", limit=1, as_of=past.isoformat(), cursor=first["next"]).json()

    assert [each["key"] for each in first["items"] + second["items"]] == ["PAY-1", "PAY-2"]
    assert second["next"] is None


def test_an_issue_is_told_as_it_was(api: Callable[..., Any], bob: Actor, past: datetime) -> None:
    then = api(bob)("get", "/issues/PAY-2", as_of=past.isoformat()).json()

    assert (then["title"], then["description"], then["stage"]) == ("Wrong", "Old", "New")
    assert not then.keys() & {"moves", "watchers", "links", "score"}


def test_events_since_are_not_counted(
    api: Callable[..., Any], bob: Actor, payments: ProjectView, now: datetime
) -> None:
    shop.fail(payments, number=1, at=now - 2 * DAY)
    shop.fail(payments, number=1, at=now - timedelta(hours=1))
    call = api(bob)

    [key] = [each["key"] for each in call("get", "/issues").json()["items"]]
    then = call("get", f"/issues/{key}", as_of=(now - DAY).isoformat())
    today = call("get", f"/issues/{key}").json()

    assert (then.json()["count"], today["count"]) == (1, 2)
    assert then.json()["users"] == 1


@pytest.mark.parametrize(
    "text", ["2026-11-20T15:00+01:00", "2026-11-20T15:00 01:00", "2026-11-20T14:00Z", "2026-11-20T14:00"]
)
def test_time_zones_are_honoured(api: Callable[..., Any], bob: Actor, payments: ProjectView, text: str) -> None:
    at = datetime(2026, 11, 20, 14, tzinfo=UTC)
    issues.create_issue(project="payments", title="Before", by=bob, at=at - timedelta(minutes=1))
    issues.create_issue(project="payments", title="After", by=bob, at=at + timedelta(minutes=1))

    then = api(bob)("get", "/issues", as_of=text).json()

    assert [each["title"] for each in then["items"]] == ["Before"]
    assert datetime.fromisoformat(then["items"][0]["as_of"]) == at


@pytest.mark.parametrize(
    ("path", "query", "status", "code", "says"),
    [
        ("/issues", {"as_of": "yesterday"}, 400, "as_of_refused", "is no time"),
        ("/issues", {"as_of": ""}, 400, "as_of_refused", "is no time"),
        ("/issues", {"as_of": "2999-01-01"}, 400, "as_of_refused", "still to come"),
        ("/issues/PAY-1", {"as_of": "2999-01-01"}, 400, "as_of_refused", "still to come"),
        ("/issues", {"as_of": "2020-01-01", "query": "is:open clock:breached"}, 400, "search_untold", "“clock”"),
        ("/issues", {"as_of": "2020-01-01", "sort": "score"}, 400, "search_untold", "“sort:score”"),
        ("/issues/PAY-1", {"as_of": "2020-01-01"}, 404, "issue_not_there_yet", "it came at"),
        ("/issues/PAY-99", {"as_of": "2020-01-01"}, 404, "issue_not_found", "no issue PAY-99"),
        ("/issues", {"as_of": "2020-01-01", "cursor": "x"}, 400, "cursor_refused", "another list"),
    ],
)
def test_what_can_not_be_told_says_why(
    api: Callable[..., Any],
    bob: Actor,
    past: datetime,
    path: str,
    query: dict[str, str],
    status: int,
    code: str,
    says: str,
) -> None:
    answer = api(bob)("get", path, **query)

    assert answer.status_code == status, answer.content
    assert answer.json()["error"]["code"] == code
    assert says in answer.json()["error"]["message"]


def test_the_place_of_what_can_not_be_told_is_named(api: Callable[..., Any], bob: Actor, past: datetime) -> None:
    answer = api(bob)("get", "/issues", query="is:open clock:breached", as_of=past.isoformat())

    assert answer.json()["error"]["data"]["position"] == len("is:open ")


def test_another_organisation_has_no_past_here(api: Callable[..., Any], mallory: Actor, past: datetime) -> None:
    call = api(mallory)

    assert call("get", "/issues", as_of=past.isoformat()).json()["items"] == []
    assert call("get", "/issues/PAY-1", as_of=past.isoformat()).status_code == 404
