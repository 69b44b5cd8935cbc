"""Every metric there is: its name, its kind, its words. docs/reference/metrics.md is written from here."""

import resource
from collections.abc import Mapping
from pathlib import Path

from errata.core.signal import SignalKind
from errata.digest.meters import Meters
from errata.ingest.counts import Dropped
from errata.ops.metrics import Family, Histogram, count, gauge


def latencies() -> Histogram:
    """Begin a worker's record of how long answers took."""
    return Histogram(
        "errata_http_seconds", "Time to answer, by part (intake, pages, front) and status; not of live updates."
    )


def of_worker(
    *, latency: Histogram, followers: int, accepted: Mapping[SignalKind, int], dropped: Mapping[Dropped, int]
) -> list[Family]:
    """What a worker says of itself."""
    return [
        latency.family(),
        gauge("errata_live_followers", "Open pages that follow changes.", followers),
        count(
            "errata_intake_accepted_total",
            "Items that are on disk and were acknowledged, by kind.",
            {(("kind", kind),): number for kind, number in accepted.items()},
        ),
        count(
            "errata_intake_dropped_total",
            "Items of known keys that were not accepted, by outcome, category and reason.",
            {tuple(drop._asdict().items()): number for drop, number in dropped.items()},
        ),
        *_of_process(),
    ]


def of_store(meters: Meters, *, at_ms: int, aside: Mapping[str, int]) -> list[Family]:
    """What the digest says of itself."""
    return [
        gauge("errata_journal_backlog", "Records accepted and not yet digested.", meters.backlog),
        gauge("errata_journal_bytes", "Disk that the journals take.", meters.journal_bytes),
        gauge(
            "errata_digest_lag_seconds",
            "How long ago that came up to which everything is digested.",
            max(0, at_ms - meters.through_ms) / 1000,
        ),
        gauge("errata_digest_waiting", "1 while the digest waits for a missing part.", bool(meters.waiting_for)),
        gauge("errata_digest_batch_seconds", "Time the last batch took.", meters.batch_ms / 1000),
        gauge("errata_digest_batch_records", "Size of the last batch.", meters.batch_records),
        count("errata_digest_batches_total", "Batches done with.", meters.batches),
        count("errata_digest_records_total", "Journal records done with.", meters.records),
        count("errata_digest_events_total", "Events stored and counted.", meters.events),
        count("errata_digest_signals_total", "Other signals stored and counted.", meters.signals),
        count("errata_digest_repeats_total", "Events that had been counted before.", meters.repeats),
        count("errata_digest_poison_total", "Records set aside, because they could not be digested.", meters.poison),
        count("errata_digest_failures_total", "Turns given up and tried again.", meters.failures),
        count("errata_digest_issues_opened_total", "Issues that a first event opened.", meters.opened),
        count("errata_digest_issues_regressed_total", "Fixed issues that came back.", meters.regressed),
        gauge(
            "errata_followers_aside",
            "Activities that a follower trips over and has set aside, by follower.",
            {(("follower", follower),): number for follower, number in aside.items()},
        ),
        count("errata_digest_dictionaries_total", "Compression dictionaries trained.", meters.dictionaries),
        *_of_process(),
    ]


def _of_process() -> list[Family]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    resident_pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return [
        count("errata_process_cpu_seconds_total", "Processor time of the process.", used.ru_utime + used.ru_stime),
        gauge("errata_process_resident_bytes", "Memory of the process.", resident_pages * resource.getpagesize()),
    ]
