"""The steps that need nothing but their arguments."""

import pytest

from errata.apps.digests.types import Range
from errata.core.signal import Signal
from errata.digest.batch import Batch, Item
from errata.digest.client_reports import Discarded, discarded
from errata.digest.decode import decode
from errata.digest.repeats import repeat_key, sift
from errata.digest.tally import groups
from errata.ports.journal import Entry
from tests.digest.signals import event, other, record


def items(*signals: Signal) -> list[Item]:
    return [Item("a", Entry(position, b""), signal) for position, signal in enumerate(signals, 1)]


def test_the_token_names_the_ranges_whatever_their_order():
    one, two = Range(journal="w1", after=3, through=9), Range(journal="w2", after=0, through=4)

    assert Batch(ranges=[one, two], entries=[]).token == Batch(ranges=[two, one], entries=[]).token == "w1:3:9;w2:0:4"


def test_a_record_that_is_not_a_signal_is_set_aside_and_the_others_are_decoded():
    good = event()
    entries = [Entry(1, record(good)), Entry(2, b"\xc1 not msgpack"), Entry(3, b""), Entry(4, record(other("session")))]

    decoded = decode([("a", entry) for entry in entries])

    assert [item.signal.kind for item in decoded.items] == ["event", "session"]
    assert decoded.items[0].signal == good
    assert [(p.position, p.record) for p in decoded.poison] == [(2, b"\xc1 not msgpack"), (3, b"")]


def test_a_repeat_is_found_in_an_earlier_batch_and_in_the_same_one():
    first, second = event(event_id="a" * 32), event(event_id="b" * 32)
    known = {repeat_key(first)}

    sifted = sift(items(first, second, second), known=lambda keys: known & set(keys))

    assert [item.signal.event_id for item in sifted.fresh] == ["b" * 32]
    assert [item.signal.event_id for item in sifted.repeats] == ["a" * 32, "b" * 32]
    assert sifted.seen == [repeat_key(second)]


def test_the_same_event_id_in_another_project_is_another_event():
    assert repeat_key(event(project=1, event_id="a" * 32)) != repeat_key(event(project=2, event_id="a" * 32))


def test_check_ins_and_sessions_repeat_their_id_on_purpose():
    sessions = [other("session", event_id="a" * 32), other("check_in", event_id="a" * 32)]

    sifted = sift(items(*sessions, *sessions), known=lambda _: set())

    assert len(sifted.fresh) == 4


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        (other("attachment", event_id="a", name="log"), other("attachment", event_id="a", name="log"), True),
        (other("attachment", event_id="a", name="log"), other("attachment", event_id="a", name="shot"), False),
        (other("attachment", event_id="a", body=b"1"), other("attachment", event_id="a", body=b"2"), False),
        (other("feedback", event_id="a", body=b"1"), other("feedback", event_id="a", body=b"2"), False),
        (other("transaction", event_id="a", body=b"1"), other("transaction", event_id="a", body=b"2"), True),
        (other("transaction", event_id="a"), event(event_id="a"), False),
    ],
)
def test_what_makes_something_else_than_an_event_a_repeat(one: Signal, two: Signal, same: bool):
    assert (repeat_key(one) == repeat_key(two)) is same


def test_repeat_keys_fit_a_signed_64_bit_column():
    keys = [repeat_key(event()) for _ in range(200)]

    assert all(key is not None and -(2**63) <= key < 2**63 for key in keys)
    assert any(key is not None and key < 0 for key in keys)


def test_a_batch_is_added_up_per_project_and_fingerprint():
    signals = [
        event(fingerprint=7, at_ms=2000, user="id:1", handled=1),
        event(fingerprint=7, at_ms=1000, user="id:2", handled=1),
        event(fingerprint=7, at_ms=3000, user="id:1", handled=0),
        event(fingerprint=7, project=2, user=""),
        other("session"),
    ]

    found = groups(items(*signals))

    assert [(g.project_id, g.fingerprint, len(g.items)) for g in found] == [(1, 7, 3), (2, 7, 1)]
    assert found[0].first.signal.timestamp_ms == 1000
    assert found[0].last.signal.timestamp_ms == 3000
    assert found[0].users == {"id:1", "id:2"}
    assert found[0].unhandled
    assert found[1].users == set()


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b'{"discarded_events":[{"reason":"full","category":"error","quantity":3}]}', [("error", "full", 3)]),
        (b'{"discarded_events":[{"reason":"x","category":"error","quantity":-3}]}', []),
        (b'{"discarded_events":[{"reason":"x","category":"error","quantity":9999999}]}', [("error", "x", 1_000_000)]),
        (b'{"discarded_events":"all"}', []),
        (b"\xff\xfe", []),
        (b"[]", []),
    ],
)
def test_client_reports_are_counted_and_nonsense_is_nothing(payload: bytes, expected: list[tuple[str, str, int]]):
    assert discarded(payload, name="client_report") == [Discarded("client_discard", *row) for row in expected]


def test_only_intake_says_what_became_of_items():
    payload = b'{"discarded_events":[{"outcome":"rate_limited","reason":"quota","category":"error","quantity":2}]}'

    assert discarded(payload, name="intake") == [Discarded("rate_limited", "error", "quota", 2)]
    assert discarded(payload, name="client_report") == [Discarded("client_discard", "error", "quota", 2)]
