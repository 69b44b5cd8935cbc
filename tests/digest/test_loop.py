"""Turns of the loop over the memory adapters and real records: every effect exactly once, whatever dies in between."""

from collections.abc import Sequence
from typing import Any

import pytest

from errata.adapters.memory.event_store import MemoryEventStore
from errata.apps.digests import operations as digests
from errata.apps.digests import queries
from errata.apps.issues import operations as issue_operations
from errata.apps.issues.queries import list_issues
from errata.apps.projects.queries import intake_counts
from errata.core.ids import ProjectId
from errata.core.signal import Signal
from errata.digest import count as count_step
from errata.digest.loop import ATTEMPTS_MAX, DigestLoop
from errata.ports.event_store import Scope, StoreUnavailable
from tests.digest.conftest import NOW, Rig
from tests.digest.signals import event, other, record


class Killed(BaseException):
    """Stands for kill -9: nothing catches it."""


def append(rig: Rig, *signals: Signal, journal: str = "worker-1") -> None:
    rig.append(*map(record, signals), journal=journal)


def of(rig: Rig, fingerprint: int = 1, **changes: Any) -> Signal:
    return event(project=rig.project.id, fingerprint=fingerprint, **changes)


def digest_all(loop: DigestLoop) -> None:
    for _ in range(100):
        if loop.step() > 0 and not loop.meters.waiting_for:
            return
    raise AssertionError("the digest doesn't come to rest")


def stored(rig: Rig) -> list[str]:
    scope = Scope(projects={ProjectId(rig.project.id): None})
    return sorted(found.event_id for found in rig.events.events(scope, limit=10_000))


def counted(rig: Rig) -> int:
    return sum(row.count for row in list_issues(actor=rig.owner, query="", limit=100, now=NOW).items)


def test_events_become_issues_with_exact_counts(rig: Rig):
    append(rig, of(rig, 1), of(rig, 1), of(rig, 2))

    digest_all(rig.digest())

    assert sorted(row.count for row in list_issues(actor=rig.owner, query="", limit=10, now=NOW).items) == [1, 2]
    assert len(stored(rig)) == 3


def test_journals_of_all_workers_are_digested_and_trimmed(rig: Rig):
    append(rig, of(rig), of(rig), journal="worker-1")
    append(rig, of(rig), journal="worker-2")
    loop = rig.digest()

    digest_all(loop)

    assert counted(rig) == 3
    assert [reader.backlog(after=0) for reader in rig.journals.readers()] == [0, 0]
    assert loop.meters.batches == 1


def test_a_repeated_event_id_is_counted_once_in_one_batch_and_across_batches(rig: Rig):
    repeated = of(rig, event_id="a" * 32)
    append(rig, repeated, repeated)
    loop = rig.digest()
    digest_all(loop)
    append(rig, repeated, of(rig))

    digest_all(loop)

    assert counted(rig) == 2
    assert len(stored(rig)) == 2
    assert loop.meters.repeats == 2


@pytest.mark.parametrize("moment", ["begun", "stored", "counted", "advanced"])
def test_a_digest_killed_at_any_moment_is_continued_by_the_next_without_loss_or_repeat(
    rig: Rig, moment: str, monkeypatch: pytest.MonkeyPatch
):
    append(rig, of(rig, 1, event_id="a" * 32), of(rig, 2, event_id="b" * 32))
    append(rig, of(rig, 1, event_id="c" * 32), journal="worker-2")

    with monkeypatch.context() as patched:
        die_when(moment, rig, patched)
        with pytest.raises(Killed):
            digest_all(rig.digest())
    # What comes in between must not slip into the range that is repeated.
    append(rig, of(rig, 1, event_id="d" * 32), of(rig, 1, event_id="a" * 32))
    digest_all(rig.digest())

    assert stored(rig) == [letter * 32 for letter in "abcd"]
    assert counted(rig) == 4


def die_when(moment: str, rig: Rig, patched: pytest.MonkeyPatch) -> None:
    """Die right before or right after a step, as a process does that is killed there."""

    def die(*_: object, **__: object) -> None:
        raise Killed

    def then_die(step: Any) -> Any:
        def run(*arguments: Any, **named: Any) -> None:
            step(*arguments, **named)
            raise Killed

        return run

    if moment == "begun":
        patched.setattr(digests, "begin", then_die(digests.begin))
    elif moment == "stored":
        patched.setattr(rig.events, "put", then_die(rig.events.put))
    elif moment == "counted":
        patched.setattr(issue_operations, "apply_events", then_die(issue_operations.apply_events))
    else:
        patched.setattr("errata.digest.loop.count", then_die(count_step.count))


def test_while_the_event_store_is_away_the_journal_keeps_everything(rig: Rig, monkeypatch: pytest.MonkeyPatch):
    append(rig, of(rig))
    loop = rig.digest()

    with monkeypatch.context() as away:

        def refuse(*_: object, **__: object) -> None:
            raise StoreUnavailable("it is restarting")

        away.setattr(rig.events, "put", refuse)
        waits = [loop.step() for _ in range(7)]
    append(rig, of(rig))

    assert loop.meters.waiting_for == "event store"
    assert waits == sorted(waits)
    assert waits[-1] == 5.0
    digest_all(loop)
    assert counted(rig) == 2
    assert loop.meters.waiting_for == ""


def test_it_knows_up_to_when_everything_is_digested(rig: Rig):
    loop = rig.digest()
    begun_ms = loop.meters.through_ms
    append(rig, of(rig, at_ms=begun_ms - 9_000), of(rig, at_ms=begun_ms - 5_000))

    loop.step()

    assert loop.meters.through_ms == begun_ms - 9_000
    digest_all(loop)
    assert loop.meters.through_ms == begun_ms


def test_a_record_that_is_not_a_signal_goes_to_quarantine_and_blocks_nothing(rig: Rig):
    rig.append(b"\x00garbage", record(of(rig)))
    loop = rig.digest()

    digest_all(loop)

    assert counted(rig) == 1
    assert queries.count_quarantined() == 1
    assert loop.meters.poison == 1


class PickyStore(MemoryEventStore):
    """Fails on one event, with a bug's exception, before it stores anything."""

    def put(self, signals: Sequence[Signal], *, token: str) -> None:
        if any(signal.event_id == "f" * 32 for signal in signals):
            raise ValueError("can't be encoded")
        super().put(signals, token=token)


def test_an_event_that_the_store_cannot_take_is_set_aside_and_the_others_go_on(rig: Rig):
    rig.events = PickyStore()
    append(rig, of(rig), of(rig, event_id="f" * 32), of(rig), of(rig))
    loop = rig.digest()

    for _ in range(ATTEMPTS_MAX + 6):
        loop.step()

    assert counted(rig) == 3
    assert len(stored(rig)) == 3
    assert queries.count_quarantined() == 1


def test_a_group_that_cannot_be_counted_is_set_aside_and_the_others_are_counted(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
):
    apply_events = issue_operations.apply_events

    def trip(groups: Any, **named: Any) -> Any:
        if any(group.fingerprint == 13 for group in groups):
            raise ValueError("a bug")
        return apply_events(groups, **named)

    monkeypatch.setattr(issue_operations, "apply_events", trip)
    append(rig, of(rig, 1), of(rig, 13), of(rig, 2))
    loop = rig.digest()

    for _ in range(ATTEMPTS_MAX + 2):
        loop.step()

    assert counted(rig) == 2
    assert queries.count_quarantined() == 1
    assert loop.meters.waiting_for == ""


def test_an_event_of_a_project_that_is_gone_blocks_nothing(rig: Rig):
    append(rig, event(project=999_999), of(rig))
    loop = rig.digest()

    digest_all(loop)

    assert counted(rig) == 1
    assert loop.meters.failures == 0


def test_what_was_accepted_and_what_clients_discarded_is_counted(rig: Rig):
    report = b'{"discarded_events":[{"reason":"queue_overflow","category":"error","quantity":5}]}'
    append(rig, of(rig), of(rig), other("client_report", body=report, project=rig.project.id))

    digest_all(rig.digest())

    rows = intake_counts(actor=rig.owner, which=rig.project.id, since=NOW.replace(year=2000))
    found = {(row.outcome, row.category, row.reason): row.quantity for row in rows}
    assert found == {("accepted", "error", ""): 2, ("client_discard", "error", "queue_overflow"): 5}


def test_other_signals_are_stored_and_counted_but_make_no_issue(rig: Rig):
    append(rig, other("transaction", event_id="a" * 32, project=rig.project.id))
    loop = rig.digest()

    digest_all(loop)

    assert counted(rig) == 0
    assert loop.meters.signals == 1
    assert [found.kind for found in rig.events.signals(project_id=rig.project.id, event_id="a" * 32)] == ["transaction"]


def test_more_than_a_batch_holds_is_digested_in_several(rig: Rig):
    append(rig, *(of(rig, fingerprint=number % 7) for number in range(2_500)))
    loop = rig.digest()

    digest_all(loop)

    assert counted(rig) == 2_500
    assert loop.meters.batches == 2
