"""Pages of a moment in the past: the list, the board and an issue, as they were."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import pytest

from errata.apps.accounts.types import Actor
from errata.apps.issues import operations as issues
from errata.apps.issues.operations import ClockNote
from errata.apps.issues.queries import issue as issue_now
from errata.apps.projects import operations as projects
from errata.apps.projects.types import ProjectView
from errata.apps.records import write
from errata.core.past import written
from tests.web import shop

pytestmark = pytest.mark.usefixtures("events")

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def page_of(client: Any, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, answer.content
    return str(answer.content.decode())


@pytest.fixture
def then(olga: Actor, payments: ProjectView, now: datetime) -> str:
    """Yesterday: PAY-1 was New and hers, PAY-2 had another title. Today one is closed, one renamed, and PAY-3 came."""
    for title in ("Slow", "Wrong"):
        issues.create_issue(
            project="payments", title=title, description=f"{title} it is", labels=["old"], by=olga, at=now - 2 * DAY
        )
    issues.comment_on_issue(key="PAY-2", body="Said early", by=olga, at=now - 2 * DAY + HOUR)
    issues.transition_issue(key="PAY-1", to="Closed", reason="won't fix", by=olga, at=now - HOUR)
    issues.update_issue(key="PAY-2", title="Right", description="Fine now", labels=["new"], by=olga, at=now - HOUR)
    issues.comment_on_issue(key="PAY-2", body="Said late", by=olga, at=now - HOUR)
    issues.create_issue(project="payments", title="Late", by=olga, at=now - HOUR)
    return written((now - DAY).replace(second=0, microsecond=0))


@pytest.fixture
def here(olga: Actor, browser: Any) -> Any:
    return browser(olga)


PAGES = ["/issues/?", "/board/?", "/issues/PAY-2/?"]


def test_the_list_is_as_it_was(here: Any, then: str) -> None:
    page = page_of(here, f"/issues/?q=is:open&as_of={then}")

    assert [word in page for word in ("Slow", "Wrong", "Right", "Late")] == [True, True, False, False]
    assert f'href="/issues/PAY-1/?as_of={then}"' in page


def test_the_board_is_as_it_was(here: Any, then: str) -> None:
    page = page_of(here, f"/board/?as_of={then}")

    new = next(column for column in page.split('data-cell="')[1:] if column.startswith("New"))
    assert [f'data-card="{key}"' in new for key in ("PAY-1", "PAY-2", "PAY-3")] == [True, True, False]
    assert "Wrong" in new
    assert f"/issues/PAY-1/?as_of={then}" in new


@pytest.mark.parametrize("lanes", ["assignee", "priority", "label", "project"])
def test_its_lanes_are_as_they_were(here: Any, then: str, lanes: str) -> None:
    page = page_of(here, f"/board/?lanes={lanes}&as_of={then}")

    assert page.count("data-card=") == 2
    if lanes == "label":
        assert '<span class="lane-name">old</span>' in page
        assert '<span class="lane-name">new</span>' not in page


def test_an_issue_is_as_it_was(here: Any, then: str) -> None:
    page = page_of(here, f"/issues/PAY-2/?as_of={then}")

    assert [word in page for word in ("<h1>Wrong</h1>", "Wrong it is", "Said early")] == [True] * 3
    assert [word in page for word in ("Right", "Fine now", "Said late", "renamed it")] == [False] * 4


@pytest.mark.parametrize("path", PAGES)
def test_a_page_of_the_past_says_so_and_leads_back(here: Any, then: str, path: str) -> None:
    page = page_of(here, f"{path}q=&as_of={then}")

    at = datetime.fromisoformat(then)
    assert f"<strong>{at.day} {at:%b %Y, %H:%M}</strong>" in page
    back = page.split('class="past-banner"')[1].split(">Back to now")[0].rpartition('href="')[2].split('"')[0]
    assert "as_of" not in back
    assert page_of(here, back.replace("&amp;", "&"))


@pytest.mark.parametrize("path", PAGES)
def test_nothing_on_it_changes_anything_and_nothing_comes_live(here: Any, then: str, path: str) -> None:
    page = page_of(here, f"{path}as_of={then}")

    changing = page.split("<main", 1)[1].split("</main>")[0]
    assert 'method="post"' not in changing
    assert "hx-post" not in changing
    assert 'type="checkbox"' not in changing
    assert "data-live=" not in page
    assert "data-as-of=" in page
    assert all("disabled" in button.split(">")[0] for button in changing.split("data-pick=")[1:])
    assert "data-columns-form" not in page
    assert "save-view" not in page
    if path.startswith("/board"):
        assert "data-locked" in page


@pytest.mark.parametrize("path", PAGES)
def test_a_moment_is_picked_from_a_form_that_needs_no_script(here: Any, then: str, path: str) -> None:
    page = page_of(here, f"{path}q=is:open&sort=priority")

    form = page.split('<form class="past-form"')[1].split("</form>")[0]
    assert 'method="get"' in form
    assert 'type="datetime-local" name="as_of"' in form
    assert '<input type="hidden" name="q" value="is:open">' in form
    assert '<input type="hidden" name="sort" value="priority">' in form
    assert 'popovertarget="past-menu"' in page


@pytest.mark.parametrize("path", PAGES)
def test_a_time_of_the_persons_zone_becomes_one_that_everybody_reads_alike(here: Any, then: str, path: str) -> None:
    here.cookies["zone"] = "Asia/Kolkata"
    at = datetime.fromisoformat(then)
    local = at + timedelta(hours=5, minutes=30)

    answer = here.get(f"{path}q=x&as_of={local:%Y-%m-%dT%H:%M}")

    assert answer.status_code == 302
    assert unquote(answer.headers["Location"]) == f"{path}q=x&as_of={then}"
    here.cookies["zone"] = "Asia/Kolkata"
    assert f"{local.day} {local:%b %Y, %H:%M}" in page_of(here, answer.headers["Location"].replace("q=x", "q="))


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(("text", "says"), [("nonsense", "is no time"), ("2999-01-01T00:00Z", "still to come")])
def test_no_moment_is_refused_in_words(here: Any, then: str, path: str, text: str, says: str) -> None:
    assert says in page_of(here, f"{path}as_of={text}", status=400)


def test_before_it_came_an_issue_says_when_it_came(here: Any, then: str) -> None:
    page = page_of(here, f"/issues/PAY-3/?as_of={then}", status=404)

    assert "PAY-3 wasn’t there yet" in page
    assert "Back to now" in page


@pytest.mark.parametrize("path", ["/issues/", "/board/"])
def test_a_search_that_can_not_be_told_of_the_past_is_marked(here: Any, then: str, path: str) -> None:
    page = page_of(here, f"{path}?q=is:open+clock:breached&as_of={then}", status=400)

    assert "“clock” can’t be told of the past" in page
    assert "<mark>clock:breached</mark>" in page


def test_what_is_only_known_of_today_is_left_out(here: Any, olga: Actor, then: str, now: datetime) -> None:
    row = issue_now(actor=olga, key="PAY-1").row
    with write():
        issues.note_clocks({row.id: ClockNote(state="breached", since=now - 3 * HOUR, due_at=now - 2 * HOUR)})
    issues.link_issues(key="PAY-3", kind="blocks", other="PAY-2", by=olga, at=now)

    lists = page_of(here, f"/issues/?all=1&cols=title,clock,due,users,score,parts,events&as_of={then}")
    board = page_of(here, f"/board/?as_of={then}")
    issue = page_of(here, f"/issues/PAY-2/?as_of={then}")

    for page in (lists, board):
        assert "Too late" not in page
        assert "Blocked</span>" not in page
    head = lists.split("<thead>")[1].split("</thead>")[0]
    assert [name in head for name in ("Events", "Clock", "Due", "Users", "Score")] == [True, False, False, False, False]
    assert "side-links" not in issue
    assert "side-people" not in issue


def test_events_since_are_neither_counted_nor_shown(
    here: Any, olga: Actor, payments: ProjectView, now: datetime
) -> None:
    early = shop.fail(payments, number=0, at=now - 2 * DAY)
    late = shop.fail(payments, number=0, at=now - HOUR, seed=2)
    at = written(now - DAY)

    page = page_of(here, f"/issues/PAY-1/?as_of={at}")
    listed = page_of(here, f"/issues/?all=1&as_of={at}")

    assert f'data-event="{early}"' in page
    assert late not in page
    assert "<dt>Events</dt><dd>1</dd>" in page
    assert 'data-tip="1 events"' in listed
    assert "is not part of PAY-1" in page_of(here, f"/issues/PAY-1/events/{late}/?as_of={at}")


def test_the_list_goes_on_within_the_past(here: Any, olga: Actor, payments: ProjectView, now: datetime) -> None:
    for number in range(60):
        issues.create_issue(
            project="payments", title=f"N{number}", by=olga, at=now - 2 * DAY + timedelta(minutes=number)
        )
    for number in range(1, 60, 7):
        issues.update_issue(key=f"PAY-{number}", title="Now", by=olga, at=now - HOUR)
    at = written(now - DAY)

    first = page_of(here, f"/issues/?all=1&as_of={at}")
    more = first.split('class="more" href="')[1].split('"')[0].replace("&amp;", "&")
    second = page_of(here, f"/issues/{more}")

    keys = [piece.split('"')[0] for page in (first, second) for piece in page.split('data-row="')[1:]]
    assert keys == [f"PAY-{number}" for number in range(60, 0, -1)]
    assert ">Now<" not in first + second


@pytest.mark.parametrize("path", ["/issues/?all=1&", "/board/?", "/board/?lanes=assignee&"])
def test_another_organisation_sees_no_past(mallory: Actor, browser: Any, then: str, path: str) -> None:
    there = browser(mallory)

    assert "PAY-" not in page_of(there, f"{path}as_of={then}")
    assert there.get(f"/issues/PAY-2/?as_of={then}").status_code == 404
    assert there.get(f"/issues/PAY-3/?as_of={then}").status_code == 404


def test_who_sees_a_project_today_decides_on_its_past(here: Any, olga: Actor, then: str, now: datetime) -> None:
    projects.archive_project(which="payments", by=olga, at=now)

    assert "PAY-1" not in page_of(here, f"/issues/?all=1&as_of={then}")
    assert "PAY-1" not in page_of(here, f"/board/?as_of={then}")


@pytest.mark.parametrize(
    ("path", "queries_max"),
    [("/issues/?all=1", 30), ("/board/?", 33), ("/board/?lanes=label", 36), ("/issues/PAY-1/?", 30)],
)
@pytest.mark.parametrize("size", [3, 24])
def test_a_page_of_the_past_asks_no_more_than_its_budget(
    here: Any, olga: Actor, payments: ProjectView, now: datetime, django_assert_max_num_queries: Any,
    path: str, queries_max: int, size: int,
) -> None:  # fmt: skip
    for number in range(size):
        shop.fail(payments, number=number % 12, at=now - 2 * DAY)
        key = issues.create_issue(project="payments", title="By hand", by=olga, at=now - 2 * DAY).key
        issues.update_issue(key=key, labels=["a"], by=olga, at=now - HOUR)
        issues.assign_issue(key=key, to="me", by=olga, at=now - HOUR)
        shop.fail(payments, number=number % 12, at=now - HOUR)
    at = written(now - DAY)
    here.get(f"{path}&as_of={at}")

    with django_assert_max_num_queries(queries_max):
        assert here.get(f"{path}&as_of={at}").status_code == 200


def test_a_moment_is_written_in_utc(then: str) -> None:
    assert datetime.fromisoformat(then).tzinfo == UTC
