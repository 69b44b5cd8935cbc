"""What the pages show, to whom, and what they cost."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from errata import ports
from errata.adapters.memory.blobs import MemoryBlobs
from errata.adapters.memory.event_store import MemoryEventStore
from errata.adapters.memory.journal import MemoryJournals
from errata.apps.accounts.types import Actor
from errata.apps.issues import operations as issues
from errata.apps.issues import queries
from errata.apps.projects.types import ProjectView
from errata.core.event.view import view
from errata.ports.event_store import StoreUnavailable
from errata.web.issues import presenter
from tests.web import shop

HTMX = {"HX-Request": "true"}


class SilentStore(MemoryEventStore):
    """An event store whose process is down."""

    def _silent(self, *args: Any, **kwargs: Any) -> Any:
        raise StoreUnavailable

    event = events = read = course = sparklines = tags = fingerprints = count = signals = _silent  # type: ignore[assignment]


def page_of(client: Client, path: str, **more: Any) -> str:
    answer = client.get(path, **more)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def test_the_stream_shows_an_issue_with_its_numbers(olga: Actor, browser: Any, failure: str) -> None:
    page = page_of(browser(olga), "/issues/")

    assert 'id="row-PAY-1"' in page
    assert "TypeError: unsupported operand" in page
    assert "shop.basket in total" in page
    assert 'aria-label="3 events"' in page  # the sparkline
    assert "Severity: Major" in page
    assert ">New<" in page.replace("</svg>", "</svg>").replace("</span>", "<")


def test_the_tabs_count_what_they_lead_to(olga: Actor, browser: Any, failure: str, now: datetime) -> None:
    issues.assign_issue(key="PAY-1", to=olga.email, by=olga, at=now)

    page = page_of(browser(olga), "/issues/")

    assert 'Mine <span class="count">1</span>' in page
    assert 'Unassigned <span class="count">0</span>' in page


def test_a_search_that_cannot_be_read_says_where(olga: Actor, browser: Any, failure: str) -> None:
    answer = browser(olga).get("/issues/", {"q": "is:open (level:error"})

    assert answer.status_code == 400
    assert "This parenthesis isn’t closed" in answer.content.decode().replace("&#x27;", "’")


def test_the_stream_goes_on_where_a_page_ended(
    olga: Actor, browser: Any, payments: ProjectView, events: MemoryEventStore, now: datetime
) -> None:
    for number in range(60):
        shop.fail(payments, number=number, at=now - timedelta(minutes=number))
    first = page_of(browser(olga), "/issues/")
    following = first.split('hx-get="')[1].split('"')[0].replace("&amp;", "&")

    second = page_of(browser(olga), f"/issues/{following}")

    keys = {f"row-PAY-{number}" for number in range(1, 61)}
    assert sum(f'id="{key}"' in first for key in keys) == 50
    assert all((f'id="{key}"' in first) != (f'id="{key}"' in second) for key in keys)


def test_an_empty_stream_says_what_to_do_next(olga: Actor, browser: Any, payments: ProjectView, events: Any) -> None:
    page = page_of(browser(olga), "/issues/")

    assert "nothing has been sent" in page
    assert 'href="/projects/payments/start/"' in page


def test_the_issue_page_shows_the_whole_event(olga: Actor, browser: Any, failure: str) -> None:
    page = page_of(browser(olga), "/issues/PAY-1/")

    for shown in (
        "<Basket 48213: 3 lines>",  # a local
        "assuming 0",  # a breadcrumb
        "https://shop.example/checkout/confirm",  # the request
        "ada@shop.example",  # the user
        "payment",  # a tag
        "CPython 3.11.2",  # a context
        "in-app".replace("in-app", "In app"),
        "amount +",
        "curl -X POST",
        failure,
    ):
        assert shown.replace("<", "&lt;").replace(">", "&gt;") in page, shown
    assert "source-failing" in page
    assert "Why these events belong together" in page


def test_one_can_walk_through_the_events(olga: Actor, browser: Any, failure: str) -> None:
    newest = page_of(browser(olga), "/issues/PAY-1/")
    older = newest.split("data-event-older")[0].rsplit('href="', 1)[1].split('"')[0]

    page = page_of(browser(olga), older.removesuffix("#event"))

    assert failure not in page.split("event-title")[1].split("</h2>")[0]
    assert f"/issues/PAY-1/events/{failure}/#event" in page


def test_an_event_of_another_issue_is_not_shown(
    olga: Actor, browser: Any, payments: ProjectView, failure: str, now: datetime
) -> None:
    other = shop.fail(payments, number=1, at=now)

    page = page_of(browser(olga), f"/issues/PAY-1/events/{other}/")

    assert "is not part of PAY-1" in page


def test_pages_are_drawn_without_the_event_store_and_say_what_is_missing(
    olga: Actor, browser: Any, failure: str
) -> None:
    silent = ports.Ports(journals=MemoryJournals(), events=SilentStore(), blobs=MemoryBlobs())
    with ports.installed(silent):
        for path in ("/issues/", "/issues/PAY-1/"):
            page = page_of(browser(olga), path)
            assert "unsupported operand" in page
            assert "The event store isn’t answering" in page


def test_a_change_of_many_is_one_answer_with_its_undo(
    olga: Actor, bob: Actor, browser: Any, payments: ProjectView, failure: str, now: datetime
) -> None:
    shop.fail(payments, number=1, at=now)
    here = browser(olga)

    answer = here.post(
        "/issues/change/", {"key": ["PAY-1", "PAY-2"], "field": "assignee", "value": bob.email}, headers=HTMX
    )
    page = answer.content.decode()
    assert 'hx-target="#row-PAY-1"' in page
    assert "Assigned 2 issues." in page
    assert {row.stage for row in queries.issues_by_keys(actor=olga, keys=["PAY-1", "PAY-2"])} == {"Assigned"}

    undone = [part.split('"')[0] for part in page.split('name="activity" value="')[1:]]
    here.post("/issues/undo/", {"activity": undone}, headers=HTMX)
    assert {row.assignee for row in queries.issues_by_keys(actor=olga, keys=["PAY-1", "PAY-2"])} == {None}
    assert {row.stage for row in queries.issues_by_keys(actor=olga, keys=["PAY-1", "PAY-2"])} == {"New"}


def test_the_picker_says_why_a_move_is_not_possible(olga: Actor, browser: Any, failure: str) -> None:
    page = page_of(browser(olga), "/issues/pick/stage/?key=PAY-1", headers=HTMX)

    assert 'data-then="assignee"' in page.split("Say who takes it.")[0], "it leads to the list of people"
    assert 'aria-disabled="true"' in page
    assert "Fixed is reached from Retest, not from New." in page
    assert "Say why it is closed without a fix." in page


def test_a_refused_move_is_a_toast_with_the_reason(olga: Actor, browser: Any, failure: str) -> None:
    answer = browser(olga).post("/issues/change/", {"key": "PAY-1", "field": "stage", "value": "Fixed"}, headers=HTMX)

    assert answer.status_code == 409
    assert "toast-bad" in answer.content.decode()


def test_an_issue_is_written_by_hand(olga: Actor, browser: Any, payments: ProjectView, events: Any) -> None:
    answer = browser(olga).post(
        "/issues/new/",
        {
            "project": "payments",
            "type": "Task",
            "title": "Ask the bank",
            "description": "**now**",
            "priority": "High",
            "severity": "Minor",
            "assignee": olga.email,
            "labels": "bank, soon",
        },
    )

    page = page_of(browser(olga), answer.headers["Location"])
    assert "<strong>now</strong>" in page
    assert "bank" in page


def test_the_report_is_markdown_for_elsewhere(olga: Actor, browser: Any, failure: str) -> None:
    text = page_of(browser(olga), f"/issues/PAY-1/events/{failure}/markdown/")

    assert text.startswith("# [PAY-1](http")
    assert 'File "/app/checkout/views.py", line 88, in confirm' in text


def test_the_scrubbing_rules_are_tried_on_a_real_event(olga: Actor, browser: Any, failure: str) -> None:
    answer = browser(olga).post(
        "/projects/payments/scrubbing/preview/", {"enabled": "1", "keys": "currency"}, headers=HTMX
    )

    page = answer.content.decode()
    assert "would be removed" in page
    assert "currency" in page


def test_a_token_is_shown_once(olga: Actor, browser: Any) -> None:
    here = browser(olga)
    page = here.post("/account/tokens/", {"name": "Deploy", "scopes": ["issue:read"], "days": "30"}).content.decode()
    secret = page.split("data-copy=")[1].split('"')[1]

    again = page_of(here, "/account/tokens/")

    assert secret not in again
    assert "Deploy" in again


def test_a_viewer_gets_no_buttons_that_would_be_refused(carol: Actor, browser: Any, failure: str) -> None:
    stream, issue = page_of(browser(carol), "/issues/"), page_of(browser(carol), "/issues/PAY-1/")

    assert 'type="checkbox" value="PAY-1"' not in stream
    assert 'id="comment-form"' not in issue
    assert browser(carol).post("/issues/PAY-1/comments/", {"body": "hi"}, headers=HTMX).status_code == 403
    assert browser(carol).get("/audit/").status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "/issues/PAY-1/",
        "/issues/PAY-1/events/{failure}/json/",
        "/issues/PAY-1/events/{failure}/markdown/",
        "/projects/payments/",
        "/projects/payments/keys/",
        "/projects/payments/start/",
    ],
)
def test_another_organisation_sees_nothing(mallory: Actor, browser: Any, failure: str, path: str) -> None:
    here = browser(mallory)

    assert here.get(path.format(failure=failure)).status_code == 404
    assert "PAY-1" not in page_of(here, "/issues/")
    assert "unsupported" not in page_of(here, "/palette/?q=unsupported")
    assert "row-PAY-1" not in page_of(here, "/issues/rows/?key=PAY-1")


@pytest.mark.parametrize(
    ("path", "queries_max"),
    [
        ("/issues/", 23),
        ("/issues/PAY-1/", 39),
        ("/issues/rows/?key=PAY-1&key=PAY-2", 6),
        ("/projects/", 9),
        ("/people/", 8),
        ("/live/poll/?after=0", 9),
        ("/inbox/", 17),
        ("/account/notifications/", 9),
    ],
)
def test_a_page_asks_the_records_no_more_than_its_budget(
    olga: Actor,
    browser: Any,
    payments: ProjectView,
    failure: str,
    now: datetime,
    django_assert_max_num_queries: Any,
    path: str,
    queries_max: int,
) -> None:
    for number in range(1, 12):
        shop.fail(payments, number=number, at=now)
    here = browser(olga)
    here.get(path)  # workflows and fields are remembered from the first time on

    with django_assert_max_num_queries(queries_max):
        assert here.get(path).status_code == 200


def test_what_changed_is_told_behind_a_number(
    olga: Actor, browser: Any, payments: ProjectView, failure: str, now: datetime
) -> None:
    here = browser(olga)
    before = here.get("/live/poll/?after=0").json()

    issues.update_issue(key="PAY-1", title="Renamed", by=olga, at=now)
    after = here.get(f"/live/poll/?after={before['seq']}").json()

    assert before["changed"] == ["PAY-1"]
    assert after["changed"] == ["PAY-1"]
    assert here.get(f"/live/poll/?after={after['seq']}").json()["changed"] == []


def test_the_scrubbing_rules_are_shown_as_they_were_saved(olga: Actor, browser: Any, failure: str) -> None:
    here = browser(olga)
    before = page_of(here, "/projects/payments/scrubbing/")
    here.post("/projects/payments/scrubbing/", {"enabled": "1", "keys": "iban\nbic", "safe_keys": "token_count"})

    after = page_of(here, "/projects/payments/scrubbing/")

    assert areas(before) == ["", ""]
    assert areas(after) == ["iban\nbic", "token_count"]


def areas(page: str) -> list[str]:
    return re.findall(r"<textarea[^>]*>([^<]*)</textarea>", page)


@pytest.mark.parametrize("days", ["0", "999999999999"])
def test_a_token_that_would_end_at_no_time_is_refused_on_the_form(olga: Actor, browser: Any, days: str) -> None:
    answer = browser(olga).post("/account/tokens/", {"name": "Deploy", "scopes": ["issue:read"], "days": days})

    assert answer.status_code == 422
    assert "A token lasts from 1 to" in answer.content.decode()


def stack_of(frames: list[tuple[str, bool]]) -> list[tuple[int, str]]:
    """How the page groups a stack: (frames, words) of each run, most recent call first."""
    body = {
        "platform": "python",
        "exception": {
            "values": [
                {
                    "type": "KeyError",
                    "value": "'CHF'",
                    "stacktrace": {
                        "frames": [
                            {"module": module, "filename": f"{module}.py", "function": "f", "in_app": in_app}
                            for module, in_app in frames
                        ]
                    },
                }
            ]
        },
    }
    [trace] = presenter.traces(view(json.dumps(body).encode()))
    return [(len(run.frames), run.words) for run in trace.runs]


def test_library_frames_between_own_code_fold_into_one_row() -> None:
    own, django, re_ = ("shop.views", True), ("django.core.handlers", False), ("re._parser", False)

    assert stack_of([django, django, django, own, re_, re_, re_, django]) == [
        (4, "4 frames in django, re"), (1, ""), (3, "3 frames in django"),
    ]  # fmt: skip
    assert stack_of([django, django, own]) == [(1, ""), (1, ""), (1, "")], "two rows are as short as a fold"
    assert stack_of([(f"lib{n}.mod", False) for n in range(5)] + [own]) == [
        (1, ""), (5, "5 frames in lib4, lib3, lib2 and 2 more"),
    ]  # fmt: skip


def test_a_stack_without_own_code_opens_its_newest_frame() -> None:
    assert stack_of([("django.core", False)] * 4) == [(1, ""), (3, "3 frames in django")]


def test_a_search_on_events_is_asked_once_for_the_page_and_its_number(
    payments, olga, browser, events, monkeypatch, now
):
    for number in range(51):
        shop.fail(payments, number=number, at=now - timedelta(minutes=number))
    asked: list[object] = []
    fingerprints = events.fingerprints
    monkeypatch.setattr(
        events, "fingerprints", lambda *given, **more: asked.append(given) or fingerprints(*given, **more)
    )

    page = page_of(browser(olga), "/issues/?q=environment:*")

    assert 'data-total="51"' in page
    assert len(asked) == 1


def test_an_address_for_forms_says_so_when_it_is_opened(olga: Actor, browser: Any) -> None:
    answer = browser(olga).get("/people/invite/")

    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert "no page of its own" in answer.content.decode()
