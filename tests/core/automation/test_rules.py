"""Rules as text, and when they fire."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.core.automation import (
    Action,
    Change,
    Firing,
    Limits,
    Rule,
    RuleRefused,
    Trigger,
    bursts,
    is_meant,
    parse,
    spell,
    within_limits,
)

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
TEXT = """when created
if level:>=error environment:production
then assign bob@shop.example
then label urgent
limit 20 an hour
limit once in 2h an issue"""


def test_a_rule_is_read_line_by_line():
    assert parse(TEXT) == Rule(
        when=Trigger("created"),
        where="level:>=error environment:production",
        actions=(Action("assign", "bob@shop.example"), Action("label", "urgent")),
        limits=Limits(runs_per_hour_max=20, minutes_between=120),
    )


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("", 0, "Say when"),
        ("when created", 0, "Say what then"),
        ("when created\nwhen regressed\nthen label a", 2, "one “when”"),
        ("when vanished\nthen label a", 1, "never happens"),
        ("when events many\nthen label a", 1, "how many in what time"),
        ("when events 5 in 8d\nthen label a", 1, "seven days"),
        ("when users few\nthen label a", 1, "how many people"),
        ("when field colour\nthen label a", 1, "no field"),
        ("when clock 60\nthen label a", 1, "50, 75, 90 or breached"),
        ("when clock 50 75\nthen label a", 1, "nothing that a clock reaches"),
        ("when created\nif is:(\nthen label a", 2, ""),
        ("when created\nthen explode it", 2, "can't"),
        ("when created\nthen label", 2, "needs to know more"),
        ("when created\nthen label a\nlimit a bit", 3, "A limit is"),
        ("whenever created", 1, "begins no line"),
        ("when created\n" + "then label a\n" * 11, 0, "10 things"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(text, line, says):
    with pytest.raises(RuleRefused) as refusal:
        parse(text)

    assert refusal.value.data["line"] == line
    assert says in refusal.value.message


_RULES = st.builds(
    Rule,
    when=st.one_of(
        st.builds(Trigger, kind=st.sampled_from(["created", "regressed", "assigned", "commented"])),
        st.builds(Trigger, kind=st.just("stage"), value=st.sampled_from(["", "Retest"])),
        st.builds(Trigger, kind=st.just("field"), value=st.sampled_from(["", "priority"])),
        st.builds(
            Trigger,
            kind=st.just("clock"),
            value=st.sampled_from(["", "response"]),
            count=st.sampled_from([0, 50, 75, 90, 100]),
        ),
        st.builds(Trigger, kind=st.just("events"), count=st.integers(1, 999), minutes=st.integers(1, 10_080)),
        st.builds(Trigger, kind=st.just("users"), count=st.integers(1, 999)),
    ),
    actions=st.lists(
        st.builds(Action, kind=st.sampled_from(["label", "comment", "notify"]), value=st.sampled_from(["a", "b c"])),
        min_size=1,
        max_size=10,
    ).map(tuple),
    where=st.sampled_from(["", "is:open level:error", '"two words"']),
    limits=st.builds(Limits, runs_per_hour_max=st.integers(1, 500), minutes_between=st.integers(0, 999)),
)


@given(_RULES)
def test_a_rule_spelt_and_read_is_the_same(rule):
    assert parse(spell(rule), catalog=None) == rule


@pytest.mark.parametrize(
    ("when", "kind", "after", "meant"),
    [
        ("created", "created", {}, True),
        ("created", "stage", {}, False),
        ("stage retest", "stage", {"stage": "Retest"}, True),
        ("stage Revise", "regressed", {"stage": "Revise"}, True),
        ("stage Fixed", "stage", {"stage": "Retest"}, False),
        ("field priority", "priority", {"priority": "High"}, True),
        ("field waiting_on", "waiting_on", {"waiting_on": "Acme"}, True),
        ("field", "field", {"customer": "Acme"}, True),
        ("clock", "clock", {"clock": "update", "percent": 50}, True),
        ("clock 75", "clock", {"clock": "update", "percent": 75}, True),
        ("clock 75%", "clock", {"clock": "update", "percent": 90}, False),
        ("clock Breached response", "clock", {"clock": "response", "percent": 100}, True),
        ("clock response breached", "clock", {"clock": "resolution", "percent": 100}, False),
        ("field", "labels", {"labels": []}, True),
        ("field priority", "severity", {}, False),
        ("assigned", "assignee", {"assignee": {"id": 1}}, True),
        ("assigned", "assignee", {"assignee": None}, False),
        ("events 1 in 1m", "created", {}, False),
    ],
)
def test_a_trigger_means_what_it_says(when, kind, after, meant):
    assert is_meant(parse(f"when {when}\nthen label a").when, Change(kind, after)) == meant


def test_a_burst_fires_in_the_minute_it_is_reached_and_not_again_for_as_long():
    trigger = Trigger("events", count=5, minutes=3)

    assert bursts([0, 2, 2, 1, 9, 9, 9, 0, 0, 0], trigger=trigger) == [3, 6]
    assert bursts([0, 2, 2, 1, 9, 9, 9, 0, 0, 0], trigger=trigger, last=1) == [4, 7]


_COUNTS = st.lists(st.integers(0, 6), min_size=0, max_size=60)


@given(_COUNTS, st.integers(1, 10), st.integers(1, 6), st.data())
def test_a_burst_seen_live_minute_by_minute_is_the_burst_told_from_history(counts, count, minutes, data):
    """Live sees each minute several times while it fills; what it fired before is all it remembers."""
    trigger = Trigger("events", count=count, minutes=minutes)
    padded = [0] * (minutes - 1) + counts
    live: list[int] = []
    for now in range(minutes - 1, len(padded)):
        for seen in sorted({data.draw(st.integers(0, padded[now])), padded[now]}):
            window = [*padded[now - minutes + 1 : now], seen]
            last = live[-1] - (now - minutes + 1) if live else None
            live += [place + now - minutes + 1 for place in bursts(window, trigger=trigger, last=last)]

    assert live == bursts(padded, trigger=trigger)


_FIRINGS = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 300)), max_size=60).map(
    lambda pairs: [
        Firing(issue, START + timedelta(minutes=minute), str(place))
        for place, (issue, minute) in enumerate(sorted(pairs, key=lambda pair: pair[1]))
    ]
)


@given(_FIRINGS, st.integers(1, 5), st.integers(0, 90), st.integers(0, 60))
def test_limits_hold_in_every_hour_and_say_the_same_in_pieces(firings, hourly, between, cut):
    limits = Limits(runs_per_hour_max=hourly, minutes_between=between)

    kept = within_limits(firings, limits)

    for first in kept:
        assert sum(first.at <= other.at < first.at + timedelta(hours=1) for other in kept) <= hourly
    early = within_limits(firings[:cut], limits)
    assert early + within_limits(firings[cut:], limits, before=early) == kept
