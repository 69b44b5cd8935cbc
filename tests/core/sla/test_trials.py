"""What an issue's life teaches: how long its resolution took, and what was known of it on the way."""

from datetime import UTC, datetime, timedelta

from hypothesis import given

from errata.core.sla import ALWAYS, CalendarSince, ClockPolicy, Fact, History, PolicySince, Target, reckon, timetables
from errata.core.sla.trials import trial_of
from tests.core.sla import histories

BEGINNING = datetime(2026, 11, 23, 12, tzinfo=UTC)
SHARES = (0.0, 0.5, 0.9)
ALL_DAY = {"": timetables([CalendarSince(ALWAYS)])}


def minute(count):
    return BEGINNING + timedelta(minutes=count)


def taught(*facts, now, target=100):
    return trial_of(
        History(opened_at=BEGINNING, stage="New", priority="Medium", severity="Minor", facts=facts),
        policies=(PolicySince(ClockPolicy(targets=(Target(resolution_min=target),))),),
        calendars=ALL_DAY,
        now=now,
        shares=SHARES,
    )


def test_a_resolved_issue_is_seen_as_it_was_when_shares_of_its_time_were_gone():
    trial = taught(
        Fact(minute(20), "stage", "Assigned"),
        Fact(minute(60), "priority", "High"),
        Fact(minute(80), "stage", "Closed", is_open=False),
        now=minute(500),
    )

    assert (trial.took, trial.resolved, trial.target, trial.priority) == (80, True, 100, "High")
    assert [(sight.share, sight.at, sight.stage, sight.priority) for sight in trial.sights] == [
        (0.0, minute(0), "New", "Medium"),
        (0.5, minute(50), "Assigned", "Medium"),
    ]


def test_an_open_issue_teaches_that_it_took_longer_than_so_far():
    trial = taught(now=minute(95))

    assert (trial.took, trial.resolved) == (95, False)
    assert [sight.at for sight in trial.sights] == [minute(0), minute(50), minute(90)]


def test_where_nothing_was_promised_there_is_nothing_to_learn():
    assert taught(now=minute(95), target=None) is None


@given(histories.cases())
def test_a_trial_is_what_the_clock_says(case):
    readings = {reading.kind: reading for reading in reckon(**case)}

    trial = trial_of(**case, shares=SHARES)

    if trial is None:
        assert "resolution" not in readings or readings["resolution"].elapsed == timedelta()
        return
    reading = readings["resolution"]
    assert abs(timedelta(minutes=trial.took) - reading.elapsed) < timedelta(milliseconds=1)
    assert abs(timedelta(minutes=trial.target) - reading.target) < timedelta(milliseconds=1)
    assert trial.resolved == (reading.stopped_at is not None)
    moments = [sight.at for sight in trial.sights]
    assert moments == sorted(moments)
    assert all(reading.started_at <= moment < reading.as_of for moment in moments)
