"""The rows of the clocks follow what happens, the calendars and the policies, and lists sort by them."""

from datetime import timedelta

import pytest

from errata.apps.calendars import operations as calendars
from errata.apps.clocks import operations, queries
from errata.apps.clocks.models import Basis, Clock
from errata.apps.clocks.queries import ClockFilter
from errata.apps.issues import operations as issues
from errata.apps.issues import queries as issue_queries
from errata.core.search import SearchError
from errata.core.sla import ClockPolicy, Target, parse_week
from tests.apps.clocks.turning import DAY, HOUR, read, recount, running, settle, taken
from tests.apps.facts import delta
from tests.apps.issues.shop import arrive, find, look
from tests.conftest import NOW


def office(by, *, at=NOW, hours="09:00-17:00", **others):
    definition = calendars.draft_definition(zone="Europe/Berlin", week=parse_week([f"Mon-Fri {hours}"]), at=at)
    return calendars.create_calendar(name="Office", definition=definition, is_default=True, by=by, at=at, **others)


def test_a_new_issue_has_its_clocks_on_its_row(payments, bob):
    key = running("Slow", bob)

    row = look(key, bob)
    assert (row.clock_state, row.clock_from, row.due_at) == ("running", NOW, NOW + DAY)
    assert set(read(key, bob)) == {"response", "update", "resolution"}


def test_an_issue_of_an_event_has_its_clocks_too(payments, bob, events):
    settle()
    arrive(delta(payments))
    settle()

    assert look("PAY-1", bob).due_at is not None


def test_a_word_answers_and_the_clock_that_is_due_next_is_noted(payments, bob, alice):
    key = running("Slow", bob)

    issues.comment_on_issue(key=key, body="On it.", by=alice, at=NOW + HOUR)
    settle(NOW + HOUR)

    assert read(key, bob, at=NOW + HOUR)["response"].state == "met"
    assert look(key, bob).due_at == NOW + HOUR + 3 * DAY


def test_what_errata_does_by_itself_answers_nobody(payments, bob):
    from errata.apps.accounts.queries import system_actor

    key = running("Slow", bob)
    issues.assign_issue(key=key, to=bob.email, by=system_actor(bob.organization_id), at=NOW + HOUR)

    assert read(key, bob, at=NOW + HOUR)["response"].is_live


def test_waiting_on_somebody_outside_stops_the_clocks_and_can_be_taken_back(payments, bob):
    key = running("Slow", bob)

    changed = issues.wait_on(key=key, on="the bank", by=bob, at=NOW + HOUR)
    settle(NOW + HOUR)
    assert look(key, bob).clock_state == "paused"
    assert find("clock:paused waiting_on:bank", bob) == [key]

    issues.undo(activity_id=changed.activities[0], by=bob, at=NOW + 3 * HOUR)
    settle(NOW + 3 * HOUR)
    assert read(key, bob, at=NOW + 4 * HOUR)["resolution"].elapsed == 2 * HOUR


def test_a_closed_issue_was_in_time_and_a_merged_one_has_no_clocks(payments, bob):
    closed, merged, into = (running(title, bob) for title in ("A", "B", "C"))

    issues.transition_issue(key=closed, to="Closed", reason="duplicate", by=bob, at=NOW + HOUR)
    issues.merge_issues(into=into, keys=[merged], by=bob, at=NOW + HOUR)
    settle(NOW + HOUR)

    assert (look(closed, bob).clock_state, look(closed, bob).due_at) == ("met", None)
    assert not Clock.objects.filter(issue_id=look(merged, bob).id).exists()


def test_time_alone_puts_a_clock_at_risk_and_over_its_end(payments, bob):
    key = running("Slow", bob)

    settle(NOW + 12 * HOUR)
    assert look(key, bob).clock_state == "at_risk"
    settle(NOW + 24 * HOUR)
    assert look(key, bob).clock_state == "breached"
    assert find("clock:breached", bob) == [key]


def test_another_calendar_is_reckoned_with_behind_it_and_wakes_nobody(payments, bob, alice):
    key = running("Slow", bob)  # Monday, 13 o'clock in Berlin
    settle(NOW + 6 * DAY)
    before = taken()

    office(alice, at=NOW + 6 * DAY)
    settle(NOW + 6 * DAY)

    # A day of 24 hours is three of eight: it has run for 4 + 4 * 8 hours by Saturday.
    assert read(key, bob, at=NOW + 6 * DAY)["response"].elapsed == 36 * HOUR
    assert Clock.objects.get(kind="response").due_at == NOW + 3 * DAY
    assert taken() == before
    assert Basis.objects.get().after_id is None
    assert queries.count_recounting(actor=bob) == 0


def test_a_recount_leaves_to_the_follower_what_happened_meanwhile(payments, bob, alice):
    keys = [running(f"Slow {number}", bob) for number in range(3)]
    office(alice)
    issues.comment_on_issue(key=keys[0], body="On it.", by=alice, at=NOW + HOUR)

    recount(at=NOW + HOUR)
    operations.follow(at=NOW + HOUR)

    assert Clock.objects.get(issue_id=look(keys[0], bob).id, kind="response").state == "met"


def test_rows_that_say_the_same_are_not_written_again(payments, bob):
    key = running("Slow", bob)
    seq = look(key, bob).seq

    issues.assign_issue(key=key, deputy=bob.email, by=bob, at=NOW)
    version = look(key, bob)
    settle()

    assert version.seq > seq
    assert look(key, bob).seq == version.seq


def test_a_shorter_promise_is_shown_where_it_was_made(payments, bob, agreed):
    agreed(ClockPolicy(targets=(Target(priority="High", resolution_min=60), Target(resolution_min=600))))
    key = running("Slow", bob)

    issues.update_issue(key=key, priority="High", by=bob, at=NOW + HOUR / 2)
    settle(NOW + HOUR / 2)

    reading = read(key, bob, at=NOW + HOUR / 2)["resolution"]
    assert reading.due_at == NOW + HOUR
    assert "Priority Medium → High: 10 h become 1 h" in [part.label for part in reading.parts]


def test_lists_sort_by_due_time_soonest_first_page_by_page(payments, bob):
    settle()
    keys = [
        running("Low", bob, priority="Low", severity="Trivial"),
        running("High", bob, priority="High"),
        running("Medium", bob),
    ]
    waiting = running("Waiting", bob)
    issues.wait_on(key=waiting, on="the bank", by=bob, at=NOW)
    settle()
    wanted = [keys[1], keys[2], keys[0]]

    assert find("sort:due", bob) == find("", bob, sort="due") == wanted
    first = issue_queries.list_issues(actor=bob, sort="due", limit=2, now=NOW)
    rest = issue_queries.list_issues(actor=bob, sort="due", limit=2, cursor=first.next, now=NOW)
    assert [row.key for row in (*first.items, *rest.items)] == wanted
    assert find("sort:+due", bob) == wanted[::-1]


@pytest.mark.parametrize(
    ("query", "found"), [("due:<5h", 1), ("due:>5h", 1), ("due:<now", 0), ("due:2026-11-24", 1), ("has:due", 2)]
)
def test_a_search_finds_what_is_due_soon(payments, bob, query, found):
    running("High", bob, priority="High")
    running("Medium", bob)

    assert len(find(query, bob)) == found


def test_a_due_time_is_no_signed_length(payments, bob):
    with pytest.raises(SearchError, match="<4h"):
        find("due:+4h", bob)


def test_the_sla_page_lists_what_breaches_first_and_counts_by_hours(payments, bob, alice):
    high, medium = running("High", bob, priority="High"), running("Medium", bob)
    issues.assign_issue(key=medium, to=alice.email, by=alice, at=NOW)
    settle()

    page = queries.list_clocks(actor=bob, now=NOW)
    counts = {bucket.name: bucket.count for bucket in queries.buckets(actor=bob, now=NOW)}

    assert [row.issue.key for row in page.items] == [high, medium]
    assert (counts["8h"], counts["1d"], counts["3d"]) == (1, 0, 1)
    assert page.items[0].probability.value is None

    def listed(**chosen):
        return [row.issue.key for row in queries.list_clocks(actor=bob, now=NOW, chosen=ClockFilter(**chosen)).items]

    assert listed(assignee=alice.email) == [medium]
    assert listed(assignee="none") == [high]
    assert listed(within="8h") == [high]
    assert listed(kind="resolution", project="payments") == [high, medium]
    assert listed(state="breached") == listed(project="none") == listed(team="none") == []
    with pytest.raises(queries.FilterUnknown):
        listed(kind="nonsense")


def test_the_pages_of_the_sla_list_follow_one_another(payments, bob):
    keys = [running(f"Slow {number}", bob, at=NOW + timedelta(minutes=number)) for number in range(5)]
    found, after = [], ""
    while after is not None:
        page = queries.list_clocks(actor=bob, now=NOW + HOUR, after=after, limit=2)
        found += [row.issue.key for row in page.items]
        after = page.next

    assert found == keys


def test_attainment_counts_what_was_kept_missed_and_is_late(payments, bob):
    in_time, late, open_ = (running(title, bob) for title in ("A", "B", "C"))
    issues.transition_issue(key=in_time, to="Closed", reason="duplicate", by=bob, at=NOW + HOUR)
    issues.transition_issue(key=late, to="Closed", reason="duplicate", by=bob, at=NOW + 11 * DAY)
    settle(NOW + 11 * DAY)

    (team,) = queries.attainment(actor=bob, now=NOW + 11 * DAY, kind="resolution")

    assert (team.name, team.met, team.missed, team.breached) == ("No team", 1, 1, 1)
    assert team.share == pytest.approx(1 / 3)
    assert look(open_, bob).clock_state == "breached"


def test_other_organisations_see_none_of_it(payments, bob, mallory, heist):
    key = running("Slow", bob)

    assert queries.list_clocks(actor=mallory, now=NOW).items == []
    assert queries.attainment(actor=mallory, now=NOW) == []
    assert all(bucket.count == 0 for bucket in queries.buckets(actor=mallory, now=NOW))
    with pytest.raises(issues.IssueNotFound):
        queries.issue_clocks(actor=mallory, key=key, now=NOW)


def test_a_change_is_previewed_before_it_is_made(payments, bob, alice):
    running("Slow", bob)
    at = NOW + 23 * HOUR  # at risk around the clock, in its working hours barely begun

    definition = calendars.draft_definition(zone="Europe/Berlin", week=parse_week(["Mon-Fri 09:00-17:00"]), at=at)
    preview = queries.preview_calendar(
        actor=alice, slug="office", name="Office", definition=definition, is_default=True, now=at
    )

    assert (preview.checked, preview.moved, preview.breaches) == (3, 3, 0)
    assert [(flip.kind, flip.before, flip.after) for flip in preview.flips] == [("response", "at_risk", "running")]
    assert Clock.objects.get(kind="response").due_at == NOW + DAY

    stricter = ClockPolicy(targets=(Target(resolution_min=60),))
    preview = queries.preview_policy(actor=alice, project_ids=[payments.id], policy=stricter, now=at)
    assert preview.breaches == 1
