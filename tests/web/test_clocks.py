"""The SLA page, an issue's clocks, and calendars: what they show, to whom, and what they cost."""

from datetime import timedelta

import pytest

from errata.apps.calendars import queries as calendars
from errata.apps.clocks import operations as clocks
from errata.apps.clocks import queries as clock_queries
from errata.apps.issues import operations as issues
from errata.apps.issues import queries
from errata.core.sla import WEEKDAYS
from errata.web.clocks import drawing
from tests.apps.clocks.turning import recount
from tests.web import shop

HTMX = {"HX-Request": "true"}
OFFICE = {
    "name": "Office",
    "zone": "Europe/Berlin",
    "country": "DE",
    "region": "BY",
    "days": "2026-12-24 09:00-12:00 Christmas Eve",
    "default": "1",
} | dict.fromkeys(WEEKDAYS[:5], "09:00-17:00")


def settle(at):
    while any([clocks.follow(at=at), clocks.notice(at=at), recount(at=at)]):
        pass


@pytest.fixture
def timed(payments, events, now):
    """PAY-1, an event's, and PAY-2 to PAY-12, each with its clocks."""
    settle(now)
    for number in range(12):
        shop.fail(payments, number=number, at=now - timedelta(minutes=number))
    settle(now)


def page_of(client, path, **more):
    answer = client.get(path, **more)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def test_the_sla_page_lists_clocks_and_counts_them_by_the_hours_left(timed, olga, browser, now):
    page = page_of(browser(olga), "/sla/")

    assert page.count('class="clock-running"') == 12
    assert "Due in" in page
    assert "Only the time to resolve is foretold" in page
    assert "Not enough data" in page_of(browser(olga), "/sla/?kind=resolution")
    assert 'aria-label="Clocks by the hours until they run out"' in page


def test_the_filters_of_the_sla_page_are_in_its_address(timed, olga, browser, now):
    issues.assign_issue(key="PAY-1", to=olga.email, by=olga, at=now)
    settle(now)

    mine = page_of(browser(olga), "/sla/?assignee=me&kind=resolution")
    none = page_of(browser(olga), "/sla/?state=breached")
    odd = page_of(browser(olga), "/sla/?state=nonsense&kind=nonsense&within=nonsense")

    assert ">PAY-1</span>" in mine
    assert ">PAY-2</span>" not in mine
    assert "No clock fits" in none
    assert ">PAY-2</span>" in odd


def test_an_empty_sla_page_says_why(olga, browser, payments, events):
    assert "No clock runs" in page_of(browser(olga), "/sla/")


def test_an_issue_shows_its_clock_in_its_head_and_in_the_list(timed, olga, browser):
    assert 'id="clock-chip"' in page_of(browser(olga), "/issues/PAY-1/")
    assert 'class="ring ring-running"' in page_of(browser(olga), "/issues/")


def test_every_minute_is_explained(timed, olga, browser, now):
    issues.wait_on(key="PAY-1", on="the bank", by=olga, at=now)
    settle(now)

    page = page_of(browser(olga), "/issues/PAY-1/clocks/")

    assert "minute by minute" in page
    assert "Resolution" in page


def test_waiting_and_acknowledging_are_a_button_each(timed, olga, browser):
    here = browser(olga)

    waited = here.post("/issues/PAY-1/wait/", {"on": "the bank"}, headers=HTMX)
    acknowledged = here.post("/issues/PAY-1/acknowledge/", headers=HTMX)
    page = page_of(here, "/issues/PAY-1/")

    assert "PAY-1 waits on the bank." in waited.content.decode()
    assert waited.headers["HX-Trigger"] == "errata:changed"
    assert "You acknowledged PAY-1." in acknowledged.content.decode()
    assert "Waits on <b>the bank</b>" in page
    assert "acknowledged it" in page


def test_a_viewer_sees_and_changes_nothing(timed, carol, browser):
    here = browser(carol)

    assert "Acknowledge" not in page_of(here, "/issues/PAY-1/")
    assert here.post("/issues/PAY-1/acknowledge/", headers=HTMX).status_code == 403
    assert here.post("/issues/PAY-1/wait/", {"on": "x"}, headers=HTMX).status_code == 403
    assert here.get("/calendars/new/").status_code == 403
    assert here.post("/calendars/new/", OFFICE).status_code in (403, 422)
    assert calendars.list_calendars(actor=carol) == []


def test_another_organisation_sees_none_of_it(timed, mallory, browser):
    here = browser(mallory)

    assert "PAY-1" not in page_of(here, "/sla/")
    assert here.get("/issues/PAY-1/clocks/").status_code == 404


def test_a_calendar_is_written_previewed_and_saved(timed, alice, browser, now):
    here = browser(alice)

    previewed = here.post("/calendars/new/", OFFICE | {"do": "preview"}).content.decode()
    assert "What this would change" in previewed
    assert 'value="Office"' in previewed
    assert calendars.list_calendars(actor=alice) == []

    assert here.post("/calendars/new/", OFFICE | {"do": "save"}).headers["Location"] == "/calendars/"
    settle(now)
    listed = page_of(here, "/calendars/")
    assert "Christmas Eve" in listed
    assert "Default" in listed
    assert queries.issue(actor=alice, key="PAY-1").row.due_at > now + timedelta(days=1)

    changed = OFFICE | {"zone": "UTC", "holds": "now", "do": "save"}
    assert here.post("/calendars/office/", changed).status_code == 302
    assert "from the beginning" in page_of(here, "/calendars/office/")
    kept = here.post("/calendars/office/delete/")
    assert (kept.status_code, "the default" in kept.content.decode()) == (422, True)
    without = {name: value for name, value in changed.items() if name != "default"}
    assert here.post("/calendars/office/", without).status_code == 302
    assert here.post("/calendars/office/delete/").status_code == 302
    assert "Time counts around the clock" in page_of(here, "/calendars/")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"Monday": "nine to five"}, "Write hours as"),
        ({"days": "tomorrow"}, "A day is written"),
        ({"region": "Nowhere"}, "has no region"),
        ({"name": ""}, "needs a name"),
        ({"Monday": "09:00-12:00, 11:00-13:00"}, "overlap"),
    ],
)
def test_what_is_wrong_with_a_calendar_is_said_beside_it(alice, browser, events, wrong, words):
    answer = browser(alice).post("/calendars/new/", OFFICE | wrong | {"do": "save"})

    assert answer.status_code == 422
    assert words in answer.content.decode().replace("&#x27;", "’")


@pytest.mark.parametrize(
    ("path", "queries_max"),
    [("/sla/", 28), ("/sla/?kind=resolution&project=payments", 31), ("/issues/PAY-1/clocks/", 22), ("/calendars/", 8)],
)
def test_a_page_asks_the_records_no_more_than_its_budget(
    timed, olga, browser, django_assert_max_num_queries, path, queries_max
):
    here = browser(olga)

    with django_assert_max_num_queries(queries_max):
        assert here.get(path).status_code == 200


def test_another_policy_is_previewed_on_the_process_page(timed, alice, browser, now):
    here = browser(alice)
    settle(now + timedelta(hours=1))
    form = {
        "field": "maximum_time",
        "after": "0",
        "do": "preview",
        "on_reopen": "continue",
        "target-0-resolution": "1m",
    }

    page = here.post("/process/template/", form).content.decode()

    assert "What this would change" in page
    assert page.count("<td>late</td>") >= 11  # all that began more than a minute ago
    assert queries.issue(actor=alice, key="PAY-1").row.clock_state == "running"


def test_the_sla_page_of_a_project_says_what_could_be_promised_and_how_risky_a_clock_is(timed, olga, browser, now):
    later = now + timedelta(hours=2)
    for number in range(30):
        key = issues.create_issue(project="payments", title=f"Slow {number}", by=olga, at=now).key
        issues.transition_issue(key=key, to="Closed", reason="duplicate", by=olga, at=later)
    settle(later)
    clocks.learn_due(at=later)

    every = page_of(browser(olga), "/sla/?kind=resolution")
    own = page_of(browser(olga), "/sla/?kind=resolution&project=payments")

    assert "Learnt from 30 resolved issues" in every
    assert "What could be promised" not in every
    assert "Minor, medium priority" in own
    assert "30 resolved" in own


def test_the_sla_page_asks_for_the_forecast_of_what_it_shows(timed, olga, browser, now):
    later = now + timedelta(hours=2)
    for number in range(30):
        key = issues.create_issue(project="payments", title=f"Slow {number}", by=olga, at=now).key
        issues.transition_issue(key=key, to="Closed", reason="duplicate", by=olga, at=later)
    settle(later)
    here = browser(olga)
    assert "Forecast" not in page_of(here, "/sla/forecast/"), "nothing was learnt yet"
    clocks.learn_due(at=later)

    page = page_of(here, "/sla/?project=payments&state=running")
    told = page_of(here, "/sla/forecast/?project=payments&state=running")

    assert 'hx-get="/sla/forecast/?project=payments&amp;state=running"' in page
    assert "Of the 12 resolution clocks in time that are due first" in told
    assert "will probably run out" in told
    assert "Forecast" not in page_of(here, "/sla/forecast/?project=nothing")


@pytest.mark.parametrize(("hours", "filled"), [(6, 250), (18, 750), (48, 1000)])
def test_the_band_of_an_issue_is_filled_as_far_as_its_clock_has_come(timed, olga, now, hours, filled):
    detail = queries.issue(actor=olga, key="PAY-12").row
    read = clock_queries.clocks_of(actor=olga, row=detail, now=detail.created_at + timedelta(hours=hours), told=False)
    response = next(reading for reading in read.readings if reading.kind == "response")

    band = drawing.band(response, whole=True)

    assert response.target == timedelta(hours=24)
    assert sum(piece.width for piece in band.pieces) == pytest.approx(filled, abs=1)
    assert band.due_x == pytest.approx(min(1000, 1000 * 24 / hours), abs=1)


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(hours=23, minutes=59), "Due in 24 h"),
        (timedelta(days=9, hours=23), "Due in 10 d"),
        (timedelta(minutes=90), "Due in 90 min"),
        (timedelta(seconds=150), "Due in 3 min"),  # as the page's own ticking rounds
        (timedelta(seconds=59), "Due in 59 s"),
        (-timedelta(days=2, hours=3), "2 d late"),
    ],
)
def test_how_far_ahead_is_said_to_the_nearest(now, left, words):
    assert drawing.due_words(now + left, now=now) == words
