"""The board, the table's columns, saved views, files, my work and the calendar, as pages."""

import json
from datetime import datetime, timedelta
from typing import Any, get_args

import pytest

from errata.apps.accounts.types import Actor
from errata.apps.issues import operations as issues
from errata.apps.issues import queries
from errata.apps.issues.operations import ClockNote
from errata.apps.projects.types import ProjectView
from errata.apps.records import write
from errata.core.sla.reckon import ReadingState
from tests.web import shop

HTMX = {"HX-Request": "true"}


def report(title: str, by: Actor, at: datetime, **more: Any) -> str:
    return issues.create_issue(project="payments", title=title, by=by, at=at, **more).key


def page_of(client: Any, path: str, **more: Any) -> str:
    answer = client.get(path, **more)
    assert answer.status_code == 200, answer.content
    return str(answer.content.decode())


def stage_of(key: str, actor: Actor) -> str:
    return queries.issue(actor=actor, key=key).row.stage


@pytest.fixture
def here(olga: Actor, browser: Any) -> Any:
    return browser(olga)


def test_the_board_shows_cards_in_their_columns(here: Any, olga: Actor, failure: str, now: datetime) -> None:
    report("Ship it", olga, now, assignee=olga.email)

    page = page_of(here, "/board/")

    columns = page.split('data-cell="')[1:]
    assert 'data-card="PAY-1"' in next(column for column in columns if column.startswith("New"))
    assert 'data-card="PAY-2"' in next(column for column in columns if column.startswith("Assigned"))


@pytest.mark.parametrize("state", get_args(ReadingState))
def test_a_clock_in_any_state_is_drawn_wherever_its_issue_is(
    here: Any, olga: Actor, payments: ProjectView, now: datetime, state: Any
) -> None:
    report("Due", olga, now, assignee=olga.email)
    row = queries.issue(actor=olga, key="PAY-1").row
    due_at = None if state in ("met", "missed") else now + timedelta(hours=1)
    with write():
        issues.note_clocks({row.id: ClockNote(state=state, since=now - timedelta(hours=1), due_at=due_at)})

    pages = [
        page_of(here, path) for path in ("/board/", "/issues/", "/me/", "/issues/PAY-1/", "/board/?lanes=assignee")
    ]

    assert all("PAY-1" in page for page in pages)
    assert ("It was too late" in pages[0]) == (state == "missed")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("running", "In time: due in 2 h"),
        ("at_risk", "At risk: due in 2 h"),
        ("paused", "The clock is paused"),
        ("met", ""),
    ],
)
def test_a_card_shows_its_clock(
    here: Any, olga: Actor, payments: ProjectView, now: datetime, state: Any, words: str
) -> None:
    report("Due", olga, now)
    row = queries.issue(actor=olga, key="PAY-1").row
    with write():
        note = ClockNote(state=state, since=now - timedelta(hours=2.5), due_at=now + timedelta(hours=2.5))
        issues.note_clocks({row.id: note})

    page = page_of(here, "/board/")

    assert ('stroke-dasharray="50 100"' in page) == bool(words)
    assert words in page


def test_a_card_is_drawn_anew_when_what_it_says_changes(
    here: Any, olga: Actor, payments: ProjectView, now: datetime
) -> None:
    report("Before", olga, now)
    assert ">Before</a>" in page_of(here, "/board/")

    issues.update_issue(key="PAY-1", title="After", by=olga, at=now)

    assert ">After</a>" in page_of(here, "/board/")


def test_the_board_says_where_a_card_may_go(here: Any, olga: Actor, payments: ProjectView, now: datetime) -> None:
    report("One", olga, now)

    page = page_of(here, "/board/")

    told = json.loads(page.split("data-ways>")[1].split("</script>")[0])
    number = page.split('data-ways-of="')[1].split('"')[0]
    assert told[number]["Fixed"][0] == "closed"
    assert told[number]["Assigned"] == ["asks", "assign", "Say who takes it."]


def test_a_move_answers_with_its_undo(here: Any, olga: Actor, payments: ProjectView, now: datetime) -> None:
    report("One", olga, now, assignee=olga.email)

    answer = here.post("/board/move/", {"key": "PAY-1", "to": "retest"}, headers=HTMX)

    assert stage_of("PAY-1", olga) == "Retest"
    assert answer.headers["X-Changed"] == "PAY-1"
    activity = answer.content.decode().split('name="activity" value="')[1].split('"')[0]
    here.post("/issues/undo/", {"activity": activity}, headers=HTMX)
    assert stage_of("PAY-1", olga) == "Assigned"


def test_a_refused_move_says_what_is_missing(here: Any, olga: Actor, payments: ProjectView, now: datetime) -> None:
    report("One", olga, now)

    answer = here.post("/board/move/", {"key": "PAY-1", "to": "assign"}, headers=HTMX)

    assert answer.status_code == 409
    assert "Say who takes it." in answer.content.decode()
    assert stage_of("PAY-1", olga) == "New"


def test_what_a_move_needs_is_asked_for(here: Any, olga: Actor, payments: ProjectView, now: datetime) -> None:
    report("One", olga, now)

    asked = page_of(here, "/board/ask/?key=PAY-1&to=assign")
    assert 'name="assignee"' in asked
    assert "Say who takes it." in asked
    reasons = page_of(here, "/board/ask/?key=PAY-1&to=dismiss")
    assert "<option>duplicate</option>" in reasons

    here.post("/board/move/", {"key": "PAY-1", "to": "assign", "assignee": olga.email}, headers=HTMX)
    assert stage_of("PAY-1", olga) == "Assigned"


def test_a_move_that_is_gone_is_not_asked_for(here: Any, olga: Actor, payments: ProjectView, now: datetime) -> None:
    report("One", olga, now)

    assert here.get("/board/ask/?key=PAY-1&to=pass", headers=HTMX).status_code == 404


def test_a_drop_in_another_lane_sets_what_the_lane_stands_for(
    here: Any, olga: Actor, bob: Actor, payments: ProjectView, now: datetime
) -> None:
    report("One", olga, now, assignee=olga.email)

    here.post("/board/move/", {"key": "PAY-1", "field": "assignee", "value": bob.email}, headers=HTMX)
    here.post("/board/move/", {"key": "PAY-1", "field": "priority", "value": "High"}, headers=HTMX)

    row = queries.issue(actor=olga, key="PAY-1").row
    assert row.assignee is not None
    assert (row.assignee.email, row.priority) == (bob.email, "High")


@pytest.mark.parametrize("field", ["priority", "severity", "assignee"])
@pytest.mark.parametrize("to", ["", "Retest"])
def test_a_drop_that_is_refused_by_half_is_refused_whole(
    here: Any, olga: Actor, payments: ProjectView, now: datetime, field: str, to: str
) -> None:
    report("One", olga, now, assignee=olga.email)
    before, told = queries.issue(actor=olga, key="PAY-1").row, queries.activity(actor=olga, key="PAY-1")

    values = ["Huge", "", "x" * 5_000, "99999999999999999999"]
    for value in values[:1] + values[2:] if field == "assignee" else values:  # to nobody is a lane too
        answer = here.post("/board/move/", {"key": "PAY-1", "to": to, "field": field, "value": value}, headers=HTMX)
        assert 400 <= answer.status_code < 500, value

    assert queries.issue(actor=olga, key="PAY-1").row == before
    assert queries.activity(actor=olga, key="PAY-1") == told


@pytest.mark.parametrize(
    "post", [{}, {"key": "PAY-1"}, {"key": "PAY-1", "field": "moon", "value": "x"}, {"key": "PAY-9", "to": "Retest"}]
)
def test_a_drop_that_does_not_say_where_to_is_refused_in_words(
    here: Any, olga: Actor, payments: ProjectView, now: datetime, post: dict[str, str]
) -> None:
    report("One", olga, now, assignee=olga.email)

    answer = here.post("/board/move/", post, headers=HTMX)

    assert answer.status_code == 404
    words = answer.content.decode()
    assert ("There is no issue PAY-9" if post.get("key") == "PAY-9" else "Say where the card goes") in words
    assert stage_of("PAY-1", olga) == "Assigned"


def test_closing_a_parent_warns_of_its_open_parts(here: Any, olga: Actor, payments: ProjectView, now: datetime) -> None:
    report("Whole", olga, now)
    report("Part", olga, now, parent="PAY-1")

    answer = here.post("/board/move/", {"key": "PAY-1", "to": "dismiss", "reason": "duplicate"}, headers=HTMX)

    assert "Still open within: PAY-2." in answer.content.decode()


@pytest.mark.parametrize("lanes", ["assignee", "project", "priority", "severity", "label"])
def test_lanes_have_names_and_counts(here: Any, olga: Actor, payments: ProjectView, now: datetime, lanes: str) -> None:
    report("One", olga, now, assignee=olga.email, labels=["checkout"])

    page = page_of(here, f"/board/?lanes={lanes}")

    expected = {
        "assignee": "Olga Owner", "project": "Payments", "priority": "Medium", "severity": "Minor", "label": "checkout",
    }[lanes]  # fmt: skip
    assert f'<span class="lane-name">{expected}</span>' in page


def test_lanes_of_a_large_board_come_when_they_are_scrolled_to(
    here: Any, olga: Actor, payments: ProjectView, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("errata.apps.issues.boards.DEALT_MAX", 1)
    for priority in ("Low", "Medium", "High"):
        report(priority, olga, now, priority=priority)

    page = page_of(here, "/board/?lanes=priority")
    assert 'data-card="PAY-1"' not in page
    url = page.split('lane-waiting" hx-get="')[1].split('"')[0].replace("&amp;", "&")

    assert 'data-card="PAY-1"' in page_of(here, url)


def test_what_changed_comes_with_its_place_or_as_gone(
    here: Any, olga: Actor, payments: ProjectView, now: datetime
) -> None:
    report("Stays", olga, now, priority="High")
    report("Leaves", olga, now, priority="Low")

    told = here.get("/board/cards/?q=priority:High&key=PAY-1&key=PAY-2").json()

    assert list(told["cards"]) == ["PAY-1"]
    assert (told["cards"]["PAY-1"]["column"], told["cards"]["PAY-1"]["lanes"]) == ("New", [""])
    assert told["counts"]["New"] == 1


def test_a_column_over_its_limit_says_so(here: Any, olga: Actor, payments: ProjectView, now: datetime) -> None:
    for number in range(3):
        report(f"{number}", olga, now)

    page = page_of(here, "/board/?limits=New:2")

    assert "col-over" in page
    assert "<span>+1</span>" in page
    assert "col-over" not in page_of(here, "/board/?limits=nonsense")


def test_a_board_that_cannot_be_read_says_where(here: Any, payments: ProjectView) -> None:
    answer = here.get("/board/", {"q": "is:open (level:error"})

    assert answer.status_code == 400
    assert "parenthesis" in answer.content.decode()


@pytest.mark.parametrize("lanes", ["moon", "assignee'"])
def test_lanes_that_there_are_not_are_refused(here: Any, payments: ProjectView, lanes: str) -> None:
    assert here.get("/board/", {"lanes": lanes}).status_code == 400


def test_an_empty_board_says_what_to_do_next(here: Any, payments: ProjectView) -> None:
    page = page_of(here, "/board/")

    assert "No cards yet" in page
    assert 'href="/issues/new/"' in page


def test_a_view_keeps_limits_lanes_and_columns(here: Any, olga: Actor, payments: ProjectView, now: datetime) -> None:
    report("One", olga, now)
    here.post("/issues/views/", {
        "name": "Sprint", "query": "priority:Medium", "layout": "board", "lanes": "assignee", "limits": "New:3",
    })  # fmt: skip
    here.post("/issues/views/", {"name": "Wide", "query": "is:open", "layout": "list", "cols": "key,title,due"})

    views = {view.name: view for view in queries.list_views(actor=olga)}
    assert views["Sprint"].options == {"lanes": "assignee", "limits": "New:3"}
    page_of(here, "/issues/")  # which says that they are saved
    board = page_of(here, "/board/?q=priority:Medium&lanes=assignee&limits=New:3")
    assert "Sprint" in board
    assert ">Wide" not in board
    listed = page_of(here, "/issues/?q=is:open&cols=key,title,due")
    assert 'Wide <span class="count">1</span>' in listed
    assert ">Due</th>" in listed
    assert ">Users</th>" not in listed


def test_ones_own_view_can_be_changed_and_deleted(here: Any, olga: Actor, payments: ProjectView, now: datetime) -> None:
    report("One", olga, now)
    here.post("/issues/views/", {"name": "Sprint", "query": "is:open", "layout": "board"})
    number = queries.list_views(actor=olga)[0].id

    here.post("/issues/views/", {"view": number, "query": "is:open", "limits": "New:3", "layout": "board"})
    assert queries.list_views(actor=olga)[0].options == {"limits": "New:3"}

    here.post(f"/issues/views/{number}/delete/", {"layout": "board"})
    assert queries.list_views(actor=olga) == []


def test_a_change_answers_with_rows_in_the_columns_of_the_page(here: Any, failure: str) -> None:
    values = {"key": "PAY-1", "field": "priority", "value": "High", "query": "?cols=key,title,project"}

    answer = here.post("/issues/change/", values, headers=HTMX).content.decode()

    assert "c-word" in answer
    assert "c-spark" not in answer


def test_all_that_match_are_changed_and_taken_back_in_slices(
    here: Any, olga: Actor, payments: ProjectView, now: datetime
) -> None:
    for number in range(5):
        report(f"{number}", olga, now, priority="Low")
    keys = here.get("/issues/keys/?q=priority:Low").json()["keys"]
    assert len(keys) == 5

    values = {"field": "priority", "value": "High", "quiet": "1"}
    told = here.post("/issues/change/", {"key": keys, **values}, headers=HTMX).json()
    assert (len(told["changed"]), told["refused"]) == (5, 0)

    back = here.post("/issues/undo/", {"activity": told["activities"], "quiet": "1"}, headers=HTMX).json()
    assert len(back["changed"]) == 5
    assert {queries.issue(actor=olga, key=key).row.priority for key in keys} == {"Low"}


def test_what_of_many_could_not_be_changed_is_counted(
    here: Any, olga: Actor, payments: ProjectView, now: datetime
) -> None:
    report("One", olga, now)
    report("Two", olga, now, assignee=olga.email)

    told = here.post(
        "/issues/change/", {"key": ["PAY-1", "PAY-2"], "field": "stage", "value": "Retest", "quiet": "1"}, headers=HTMX
    ).json()

    assert (told["changed"], told["refused"]) == (["PAY-2"], 1)
    assert "No move leads" in told["why"]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "xlsx"])
def test_a_list_is_taken_away_as_a_file(here: Any, failure: str, kind: str) -> None:
    answer = here.get(f"/issues/export/?q=is:open&format={kind}")

    content = b"".join(answer.streaming_content)
    assert f".{kind}" in answer.headers["Content-Disposition"]
    assert (b"PK" if kind == "xlsx" else b"PAY-1") in content


def test_an_issue_shows_its_parts_and_where_it_is_mentioned(
    here: Any, olga: Actor, payments: ProjectView, now: datetime
) -> None:
    report("Whole", olga, now)
    report('Part "one" [x](y)', olga, now, parent="PAY-1")
    issues.comment_on_issue(key="PAY-2", body="See PAY-1 and PAY-77.", by=olga, at=now)

    whole, part = page_of(here, "/issues/PAY-1/"), page_of(here, "/issues/PAY-2/")

    assert "0 of 1 done" in whole
    assert "Mentioned in" in whole
    assert 'title="Whole"' in part
    assert "/issues/PAY-77/" not in part
    assert 'aria-label="Part of"' in part


def test_a_title_in_a_link_is_only_a_title(here: Any, olga: Actor, payments: ProjectView, now: datetime) -> None:
    report('A "quoted" <b>*title*</b> [x](javascript:alert(1)) \\', olga, now)
    issues.update_issue(key=report("Other", olga, now), description="See PAY-1.", by=olga, at=now)

    page = page_of(here, "/issues/PAY-2/")

    assert 'title="A &quot;quoted&quot; &lt;b&gt;*title*&lt;/b&gt; [x](javascript:alert(1)) \\"' in page


def test_a_part_is_taken_in_and_out(here: Any, olga: Actor, payments: ProjectView, now: datetime) -> None:
    report("Whole", olga, now)
    report("Part", olga, now)

    here.post("/issues/PAY-1/parent/", {"part": "PAY-2"}, headers=HTMX)
    assert queries.issue(actor=olga, key="PAY-2").row.parent == "PAY-1"
    refused = here.post("/issues/PAY-1/parent/", {"parent": "PAY-2"}, headers=HTMX)
    assert refused.status_code == 409

    here.post("/issues/PAY-2/parent/", {}, headers=HTMX)
    assert queries.issue(actor=olga, key="PAY-2").row.parent == ""


def test_a_new_issue_may_begin_as_a_part(here: Any, olga: Actor, payments: ProjectView, now: datetime) -> None:
    report("Whole", olga, now)
    assert 'name="parent" value="PAY-1"' in page_of(here, "/issues/new/?parent=PAY-1")

    here.post("/issues/new/", {
        "project": "payments", "title": "Part", "type": "Task", "priority": "Low", "severity": "Minor",
        "description": "", "parent": "PAY-1",
    })  # fmt: skip

    assert queries.issue(actor=olga, key="PAY-2").row.parent == "PAY-1"


def test_my_work_is_what_i_hold_and_what_waits_for_me(
    here: Any, olga: Actor, bob: Actor, payments: ProjectView, now: datetime
) -> None:
    assert "Nothing waits for you" in page_of(here, "/me/")
    report("Mine", olga, now, assignee=olga.email)
    report("Asked", bob, now)
    issues.comment_on_issue(key="PAY-2", body="@olga?", by=bob, at=now)

    page = page_of(here, "/me/")

    assert 'id="held"' in page
    assert 'id="mentioned"' in page
    assert 'id="retest"' not in page


@pytest.mark.parametrize("span", ["month", "week"])
def test_the_calendar_has_an_issue_on_the_day_it_is_due(
    here: Any, olga: Actor, payments: ProjectView, now: datetime, span: str
) -> None:
    report("Due", olga, now)
    row = queries.issue(actor=olga, key="PAY-1").row
    with write():
        issues.note_clocks({row.id: ClockNote(state="running", since=now, due_at=now + timedelta(hours=2))})

    page = page_of(here, f"/calendar/?span={span}")

    assert "is-today" in page
    assert 'class="calendar-item cal-running"' in page
    assert "1 due" in page
    assert "Nothing is due" in page_of(here, "/calendar/?on=2031-02-01")


@pytest.mark.parametrize("on", ["0001-01-01", "9999-12-31", "nonsense", "2026-13-01"])
def test_the_calendar_has_no_edge_to_fall_off(here: Any, payments: ProjectView, on: str) -> None:
    page_of(here, f"/calendar/?on={on}")
    page_of(here, f"/calendar/?on={on}&span=week")


@pytest.mark.parametrize("path", ["/board/", "/board/cards/?key=PAY-1", "/me/", "/calendar/", "/issues/keys/?all=1"])
def test_another_organisation_sees_nothing(mallory: Actor, browser: Any, failure: str, path: str) -> None:
    assert "TypeError" not in page_of(browser(mallory), path)
    assert "PAY-1" not in page_of(browser(mallory), path).replace("key=PAY-1", "")


def test_another_organisation_moves_nothing(mallory: Actor, olga: Actor, browser: Any, failure: str) -> None:
    there = browser(mallory)

    assert there.post("/board/move/", {"key": "PAY-1", "to": "dismiss", "reason": "duplicate"}).status_code == 404
    assert there.get("/board/ask/?key=PAY-1&to=dismiss").status_code == 404
    assert stage_of("PAY-1", olga) == "New"


def test_a_viewer_looks_and_moves_nothing(carol: Actor, browser: Any, failure: str) -> None:
    there = browser(carol)

    page = page_of(there, "/board/")
    assert "data-locked" in page
    assert "card-check" not in page
    assert there.post("/board/move/", {"key": "PAY-1", "to": "dismiss", "reason": "duplicate"}).status_code == 403
    assert there.post("/issues/PAY-1/parent/", {"parent": "PAY-1"}).status_code == 403


@pytest.mark.parametrize(
    ("path", "queries_max"),
    [
        ("/board/", 27),
        ("/board/?lanes=assignee", 27),
        ("/board/cards/?key=PAY-1&key=PAY-2", 24),
        ("/me/", 18),
        ("/calendar/", 18),
        ("/issues/?cols=key,title,labels,due,parts,parent,project", 23),
    ],
)
# The first page of a process also learns the workflows: three questions more, once.
@pytest.mark.parametrize("size", [2, 24])
def test_a_page_asks_the_records_no_more_than_its_budget(
    olga: Actor, browser: Any, payments: ProjectView, events: Any, now: datetime, django_assert_max_num_queries: Any,
    path: str, queries_max: int, size: int,
) -> None:  # fmt: skip
    for number in range(size):
        shop.fail(payments, number=number, at=now)
    here = browser(olga)

    with django_assert_max_num_queries(queries_max):
        assert here.get(path).status_code == 200
