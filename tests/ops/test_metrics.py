"""Counters of several processes, joined in Prometheus's text format."""

import re
from pathlib import Path

from errata.digest.meters import Meters
from errata.ingest.counts import Dropped
from errata.ops import families, metrics
from errata.ops.reference import METRICS_PAGE, metrics_page

ROOT = Path(__file__).parents[2]


def test_samples_of_all_processes_are_joined_under_one_head(tmp_path):
    for process, amount in (("worker-1", 2), ("worker-2", 3)):
        counter = metrics.Counter("errata_x_total", "Things.")
        counter.add(amount, reason='say "no"')
        metrics.write(tmp_path, process=process, families=[counter.family()])

    text = metrics.render(metrics.read(tmp_path))

    assert text == (
        "# HELP errata_x_total Things.\n"
        "# TYPE errata_x_total counter\n"
        'errata_x_total{reason="say \\"no\\"",process="worker-1"} 2\n'
        'errata_x_total{reason="say \\"no\\"",process="worker-2"} 3\n'
    )


def test_a_histogram_counts_each_duration_in_its_bucket_and_all_above():
    histogram = metrics.Histogram("errata_s", "Seconds.")
    for seconds in (0.001, 0.003, 99):
        histogram.observe(seconds, part="pages")

    values = {(suffix, dict(labels).get("le")): value for suffix, labels, value in histogram.family().samples}

    assert values["_bucket", "0.001"] == 1
    assert values["_bucket", "0.0025"] == 1
    assert values["_bucket", "0.005"] == 2
    assert values["_bucket", "10.0"] == 2
    assert values["_bucket", "+Inf"] == values["_count", None] == 3


def test_a_file_cut_short_is_left_out(tmp_path):
    (tmp_path / "worker-1.metrics").write_bytes(b"\x93")
    assert metrics.read(tmp_path) == {"worker-1": []}


def test_a_gauge_may_be_a_yes_or_no(tmp_path):
    metrics.write(tmp_path, process="store", families=[metrics.gauge("errata_waiting", "Yes or no.", True)])
    assert 'errata_waiting{process="store"} 1' in metrics.render(metrics.read(tmp_path))


def test_each_metric_says_what_it_is_and_keeps_to_prometheus_names():
    worker = families.of_worker(latency=families.latencies(), followers=0, accepted={}, dropped={})
    for family in [*worker, *families.of_store(Meters(), at_ms=0, aside={})]:
        assert family.help.endswith("."), family.name
        assert re.fullmatch("errata(_[a-z]+)+", family.name)
        assert family.name.endswith("_total") == (family.kind == "counter"), family.name


def test_a_worker_tells_what_it_accepted_and_what_it_dropped_and_why():
    told = families.of_worker(
        latency=families.latencies(),
        followers=3,
        accepted={"event": 5, "session": 2},
        dropped={Dropped("rate_limited", "error", "key_quota"): 4},
    )

    lines = metrics.render({"worker-1": told}).splitlines()

    assert 'errata_intake_accepted_total{kind="event",process="worker-1"} 5' in lines
    assert 'errata_intake_accepted_total{kind="session",process="worker-1"} 2' in lines
    labels = 'outcome="rate_limited",category="error",reason="key_quota",process="worker-1"'
    assert f"errata_intake_dropped_total{{{labels}}} 4" in lines
    assert 'errata_live_followers{process="worker-1"} 3' in lines


def test_the_lag_grows_while_nothing_is_digested():
    meters = Meters(through_ms=10_000)
    lag = {
        at_ms: values(families.of_store(meters, at_ms=at_ms, aside={}))["errata_digest_lag_seconds"]
        for at_ms in (9_000, 12_500)
    }
    assert lag == {9_000: 0, 12_500: 2.5}


def test_memory_and_processor_time_are_this_processs():
    told = values(families.of_store(Meters(), at_ms=0, aside={}))
    assert told["errata_process_resident_bytes"] > 2**20
    assert told["errata_process_cpu_seconds_total"] > 0


def test_what_followers_have_set_aside_is_told_by_follower():
    told = families.of_store(Meters(), at_ms=0, aside={"notices": 2})

    assert 'errata_followers_aside{follower="notices",process="store"} 2' in metrics.render({"store": told})


def values(told):
    return {family.name: value for family in told for _, labels, value in family.samples if not labels}


def test_the_reference_page_of_metrics_is_current():
    assert (ROOT / METRICS_PAGE).read_text() == metrics_page(), "Run `make docs`."
