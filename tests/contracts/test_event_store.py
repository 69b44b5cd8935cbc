"""What every event store does."""

from datetime import timedelta

import pytest

from errata.core.ids import EventId, ProjectId
from errata.core.signal import Signal
from errata.ports.event_store import EventStore, Scope, Total
from tests.contracts.signals import NOON, event, event_id, facts, number_of, other

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
ALL = Scope(projects={ProjectId(1): None})


def ids(store: EventStore, scope: Scope = ALL) -> list[int]:
    return [number_of(found.event_id) for found in store.events(scope, limit=1000)]


def find(store: EventStore, number: int) -> object:
    return store.event(project_id=ProjectId(1), event_id=EventId(event_id(number)))


def test_an_event_is_found_with_all_that_was_known_of_it(store: EventStore):
    known = facts(fingerprint=-(2**63), handled=-1, tags=[("plan", "team"), ("region", "eu")])
    at = NOON + timedelta(milliseconds=123)
    sent = event(1, at=at, received=at + MINUTE, payload=b'{"a": 1}', fingerprint=known.fingerprint, handled=-1,
                 tags=known.tags)  # fmt: skip

    store.put([sent], token="t")

    found = store.event(project_id=ProjectId(1), event_id=EventId(event_id(1)))
    assert found is not None
    assert found.payload == b'{"a": 1}'
    assert found.event.facts == known
    assert (found.event.timestamp, found.event.received) == (at, at + MINUTE)
    assert (found.event.project_id, found.event.event_id) == (1, event_id(1))
    assert store.events(ALL, limit=1) == [found.event]


def test_an_event_of_another_project_is_not_found(store: EventStore):
    store.put([event(1, project=2)], token="t")

    assert find(store, 1) is None
    assert store.events(ALL, limit=10) == []


def test_a_body_is_opened_with_the_dictionary_it_names(store: EventStore):
    payload = b'{"message": "what similar bodies share, again and again"}'
    store.put([event(1, payload=payload, dictionary=1), event(2, payload=payload)], token="t")

    bodies = [store.event(project_id=ProjectId(1), event_id=EventId(event_id(n))) for n in (1, 2)]

    assert [body.payload for body in bodies if body] == [payload, payload]


ODD_TEXTS = [
    "",
    "it's",
    'say "no"',
    "back\\slash \\n",
    "tab\tline\nreturn\r",
    "nul \x00 inside",
    "emoji 🐛 ümlaut",
    "{p0:String}",
    "a" * 5000,
]


@pytest.mark.parametrize("text", ODD_TEXTS, ids=lambda text: repr(text[:20]))
def test_odd_text_comes_back_as_it_went(store: EventStore, text: str):
    store.put([event(1, title=text, release=text, tags=[("odd", text), (text or "empty", "x")])], token="t")

    [found] = store.events(ALL, limit=1)

    assert (found.facts.title, found.facts.release) == (text, text)
    assert found.facts.tags == [("odd", text), (text or "empty", "x")]


def test_nothing_put_changes_nothing(store: EventStore):
    store.put([], token="t")

    assert store.count(ALL) == (0, 0)


# Exactly once


def test_a_batch_sent_twice_with_one_token_is_stored_once(store: EventStore):
    batch: list[Signal] = [event(1), event(2), other("attachment", 1, payload=b"x", name="log.txt")]

    for _ in range(3):
        store.put(batch, token="journal:0:3")

    assert sorted(ids(store)) == [1, 2]
    assert len(store.signals(project_id=ProjectId(1), event_id=EventId(event_id(1)))) == 1


def test_a_batch_over_several_days_sent_twice_is_stored_once(store: EventStore):
    batch = [event(number, at=NOON - number * DAY) for number in range(5)]

    store.put(batch, token="journal:0:5")
    store.put([event(9)], token="journal:5:6")
    store.put(batch, token="journal:0:5")

    assert ids(store) == [9, 0, 1, 2, 3, 4]


def test_equal_batches_with_different_tokens_are_both_stored(store: EventStore):
    store.put([event(1)], token="journal:0:1")
    store.put([event(1)], token="journal:1:2")

    assert ids(store) == [1, 1]


# Listing


def test_pages_follow_each_other_without_a_gap_or_an_overlap_even_among_equal_times(store: EventStore):
    store.put([event(number, at=NOON + (number // 4) * MINUTE) for number in range(10)], token="t")

    pages, before = [], None
    while page := store.events(ALL, limit=3, before=before):
        before = (page[-1].timestamp, page[-1].event_id)
        pages.append([number_of(found.event_id) for found in page])

    assert pages == [[9, 8, 7], [6, 5, 4], [3, 2, 1], [0]]


def test_the_oldest_can_come_first(store: EventStore):
    store.put([event(number, at=NOON + number * MINUTE) for number in range(4)], token="t")

    first = store.events(ALL, limit=2, oldest_first=True)
    second = store.events(ALL, limit=2, oldest_first=True, before=(first[-1].timestamp, first[-1].event_id))

    assert [number_of(found.event_id) for found in first + second] == [0, 1, 2, 3]


def test_neighbours_are_the_next_older_and_newer_of_the_scope(store: EventStore):
    batch = [event(number, at=NOON + number * MINUTE, fingerprint=number % 2) for number in range(5)]
    store.put(batch, token="t")
    scope = Scope(projects={ProjectId(1): [0]})
    newest, middle, oldest = store.events(scope, limit=10)

    assert store.neighbours(scope, event=middle) == (event_id(0), event_id(4))
    assert store.neighbours(scope, event=newest) == (event_id(2), None)
    assert store.neighbours(scope, event=oldest) == (None, event_id(2))


def test_the_newest_event_of_a_scope_is_read_or_the_one_that_is_named(store: EventStore):
    store.put(
        [event(n, at=NOON + n * MINUTE, fingerprint=n % 2, payload=b"%d" % n) for n in range(5)],
        token="t",
    )  # fmt: skip
    odd = Scope(projects={ProjectId(1): [1]})

    read = [store.read(odd), store.read(odd, event_id=EventId(event_id(1))), store.read(ALL)]

    assert [body.payload for body in read if body] == [b"3", b"1", b"4"]


def test_an_event_outside_of_the_scope_is_not_read(store: EventStore):
    store.put([event(1, fingerprint=1), event(2, fingerprint=2), event(3, project=2, fingerprint=1)], token="t")
    scope = Scope(projects={ProjectId(1): [1]}, since=NOON)

    assert [store.read(scope, event_id=EventId(event_id(number))) for number in (2, 3, 9)] == [None, None, None]
    assert store.read(Scope(projects={ProjectId(1): [1]}, since=NOON + MINUTE)) is None
    assert store.read(Scope(projects={})) is None


def test_the_course_of_a_scope_is_its_ends_the_neighbours_of_an_event_and_its_histogram(store: EventStore):
    store.put([event(number, at=NOON + (number // 2) * MINUTE) for number in range(6)], token="t")
    third = store.events(ALL, limit=6, oldest_first=True)[2]

    course = store.course(ALL, event=third, since=NOON - MINUTE, until=NOON + 2 * MINUTE, bucket_s=60)

    assert (course.oldest, course.older, course.newer, course.newest) == tuple(map(event_id, (0, 1, 3, 5)))
    assert course.events == 6
    assert [(bucket.start, bucket.count) for bucket in course.buckets] == [
        (NOON - MINUTE, 0), (NOON, 2), (NOON + MINUTE, 2)
    ]  # fmt: skip


def test_at_the_ends_of_a_course_there_is_nothing_further(store: EventStore):
    store.put([event(number, at=NOON + number * MINUTE, fingerprint=number % 2) for number in range(4)], token="t")
    scope = Scope(projects={ProjectId(1): [0]})
    newest, oldest = store.events(scope, limit=2)
    period = {"since": NOON, "until": NOON + MINUTE, "bucket_s": 60}

    first, last = store.course(scope, event=oldest, **period), store.course(scope, event=newest, **period)

    assert (first.older, first.newer) == (None, newest.event_id)
    assert (last.older, last.newer) == (oldest.event_id, None)


def test_a_course_without_an_event_has_ends_and_of_nothing_it_has_none(store: EventStore):
    store.put([event(1), event(2)], token="t")
    period = {"since": NOON, "until": NOON + MINUTE, "bucket_s": 60}

    course = store.course(ALL, event=None, **period)
    nothing = store.course(Scope(projects={ProjectId(2): None}), event=None, **period)

    assert (course.oldest, course.older, course.newer, course.newest) == (event_id(1), None, None, event_id(2))
    assert (nothing.oldest, nothing.newest, nothing.events) == (None, None, 0)
    assert [bucket.count for bucket in nothing.buckets] == [0]


def test_a_scope_is_whole_projects_and_groups_of_others(store: EventStore):
    store.put(
        [event(1, fingerprint=1), event(2, fingerprint=2), event(3, project=2, fingerprint=1),
         event(4, project=2, fingerprint=-5), event(5, project=3)],
        token="t",
    )  # fmt: skip

    assert sorted(ids(store, Scope(projects={ProjectId(1): None, ProjectId(2): [-5, 7]}))) == [1, 2, 4]
    assert sorted(ids(store, Scope(projects={ProjectId(1): [1, 2], ProjectId(2): [1]}))) == [1, 2, 3]
    assert ids(store, Scope(projects={ProjectId(1): []})) == []
    assert ids(store, Scope(projects={})) == []


def test_a_scope_begins_at_since_and_ends_before_until(store: EventStore):
    store.put([event(number, at=NOON + number * MINUTE) for number in range(5)], token="t")

    scope = Scope(projects={ProjectId(1): None}, since=NOON + MINUTE, until=NOON + 3 * MINUTE)

    assert ids(store, scope) == [2, 1]


def test_groups_are_listed_by_their_newest_event(store: EventStore):
    store.put(
        [event(1, fingerprint=1, at=NOON), event(2, fingerprint=2, at=NOON + MINUTE),
         event(3, fingerprint=3, at=NOON - MINUTE), event(4, fingerprint=3, at=NOON + 2 * MINUTE)],
        token="t",
    )  # fmt: skip

    assert store.fingerprints(ALL, limit=10) == [(1, 3), (1, 2), (1, 1)]
    assert store.fingerprints(ALL, limit=1) == [(1, 3)]


# Counting


def test_a_histogram_counts_per_bucket_and_fills_the_gaps(store: EventStore):
    store.put([event(1), event(2), event(3, at=NOON + 3 * MINUTE)], token="t")
    scope = Scope(projects={ProjectId(1): None}, since=NOON - MINUTE, until=NOON + 5 * MINUTE)

    buckets = store.histogram(scope, bucket_s=60)

    assert [bucket.count for bucket in buckets] == [0, 2, 0, 0, 1, 0]
    assert [bucket.start for bucket in buckets] == [NOON + number * MINUTE for number in range(-1, 5)]


def test_a_histogram_without_ends_begins_and_ends_with_an_event(store: EventStore):
    store.put([event(1), event(3, at=NOON + 2 * MINUTE)], token="t")

    assert [bucket.count for bucket in store.histogram(ALL, bucket_s=60)] == [1, 0, 1]


def test_a_histogram_of_nothing_is_zeroes_or_empty(store: EventStore):
    scope = Scope(projects={ProjectId(1): None}, since=NOON, until=NOON + 2 * MINUTE)

    assert [bucket.count for bucket in store.histogram(scope, bucket_s=60)] == [0, 0]
    assert store.histogram(ALL, bucket_s=60) == []


def test_sparklines_are_a_histogram_for_each_group(store: EventStore):
    store.put(
        [event(1, fingerprint=1), event(2, fingerprint=2, at=NOON + MINUTE), event(3, fingerprint=2),
         event(4, fingerprint=1, project=2)],
        token="t",
    )  # fmt: skip
    scope = Scope(projects={ProjectId(1): [1, 2, 3], ProjectId(2): [1]}, since=NOON, until=NOON + 2 * MINUTE)

    lines = store.sparklines(scope, bucket_s=60)

    assert {key: [bucket.count for bucket in line] for key, line in lines.items()} == {
        (1, 1): [1, 0], (1, 2): [1, 1], (2, 1): [1, 0],
    }  # fmt: skip


def test_events_are_spread_over_projects_releases_and_environments(store: EventStore):
    store.put(
        [
            event(1, at=NOON + MINUTE, release="shop@1.0.0", environment="production"),
            event(2, at=NOON, release="shop@1.0.0", environment="production"),
            event(3, at=NOON + 2 * MINUTE, release="shop@1.1.0", environment="production"),
            event(4, at=NOON + 3 * MINUTE, release="", environment=""),
            event(5, at=NOON + 9 * MINUTE, release="shop@1.1.0", environment="production"),
        ],
        token="t",
    )

    found = store.spread(Scope(projects={ProjectId(1): None}, until=NOON + 5 * MINUTE))

    assert [(one.release, one.environment, one.events, one.first_at, one.last_at) for one in found] == [
        ("shop@1.0.0", "production", 2, NOON, NOON + MINUTE),
        ("shop@1.1.0", "production", 1, NOON + 2 * MINUTE, NOON + 2 * MINUTE),
        ("", "", 1, NOON + 3 * MINUTE, NOON + 3 * MINUTE),
    ]
    assert [one.first_id for one in found] == [event_id(2), event_id(3), event_id(4)]
    assert {one.project_id for one in found} == {ProjectId(1)}


def test_nothing_is_spread_over_nothing(store: EventStore):
    assert store.spread(ALL) == []


def test_events_and_distinct_users_are_counted_and_nobody_is_not_a_user(store: EventStore):
    store.put([event(number, user=user) for number, user in enumerate(["id:1", "id:2", "id:1", "", ""])], token="t")

    assert store.count(ALL) == (5, 2)


def test_each_group_is_totalled_within_the_scope(store: EventStore):
    store.put(
        [event(1, fingerprint=1, user="id:1"), event(2, fingerprint=1, at=NOON + MINUTE, user="id:2"),
         event(3, fingerprint=2), event(4, fingerprint=1, at=NOON + 5 * MINUTE)],
        token="t",
    )  # fmt: skip

    totals = store.totals(Scope(projects={ProjectId(1): [1, 3]}, until=NOON + 5 * MINUTE))

    assert totals == {(1, 1): Total(count=2, users=2, first=NOON, last=NOON + MINUTE)}


def test_a_group_has_met_so_many_people_when_the_last_of_them_first_came(store: EventStore):
    came = [(1, "id:1"), (2, "id:2"), (3, "id:1"), (4, ""), (5, "id:3"), (6, "id:2")]
    store.put([event(minute, user=user, at=NOON + minute * MINUTE) for minute, user in came[::-1]], token="t")
    store.put([event(9, user="id:1", fingerprint=2)], token="u")

    assert store.met_by(ALL, users=1) == {(1, 1): NOON + MINUTE, (1, 2): NOON}
    assert store.met_by(ALL, users=3) == {(1, 1): NOON + 5 * MINUTE}
    assert store.met_by(Scope(projects={ProjectId(1): [1]}, until=NOON + 5 * MINUTE), users=3) == {}
    assert store.met_by(ALL, users=4) == {}


# Tags


def test_tags_are_summarised_by_frequency(store: EventStore):
    store.put(
        [event(1, tags=[("plan", "team"), ("os", "Linux")]), event(2, tags=[("plan", "team")]),
         event(3, tags=[("plan", "free")]), event(4, tags=[("os", "macOS")])],
        token="t",
    )  # fmt: skip

    found = [(tag.key, tag.count, [(each.value, each.count) for each in tag.values]) for tag in store.tags(ALL)]

    assert found == [("plan", 3, [("team", 2), ("free", 1)]), ("os", 2, [("Linux", 1), ("macOS", 1)])]


def test_a_tag_summary_keeps_the_most_frequent_values_and_counts_all(store: EventStore):
    store.put([event(n, tags=[("worker", f"w{n % 3}"), ("n", str(n))]) for n in range(7)], token="t")

    found = {tag.key: tag for tag in store.tags(ALL, values_max=1)}

    assert (found["worker"].count, [each.value for each in found["worker"].values]) == (7, ["w0"])
    assert (found["n"].count, len(found["n"].values)) == (7, 1)


def test_a_tag_summary_looks_at_the_newest_events(store: EventStore):
    store.put([event(n, at=NOON + n * MINUTE, tags=[("n", str(n))]) for n in range(5)], token="t")

    [summary] = store.tags(ALL, events_max=2)

    assert (summary.count, [each.value for each in summary.values]) == (2, ["3", "4"])


def test_tags_are_completed_most_frequent_first(store: EventStore):
    store.put(
        [event(1, tags=[("plan", "team"), ("place", "a")]), event(2, tags=[("plan", "trial")]),
         event(3, tags=[("plan", "trial"), ("os", "x")])],
        token="t",
    )  # fmt: skip

    assert store.tag_keys(ALL, prefix="pl", limit=10) == ["plan", "place"]
    assert store.tag_keys(ALL, prefix="pl", limit=1) == ["plan"]
    assert store.tag_values(ALL, key="plan", prefix="t", limit=10) == ["trial", "team"]
    assert store.tag_values(ALL, key="plan", prefix="te", limit=10) == ["team"]
    assert store.tag_values(ALL, key="none", prefix="", limit=10) == []


# Other signals


def test_what_arrived_with_an_event_is_listed_and_opened(store: EventStore):
    store.put(
        [event(1),
         other("attachment", 1, payload=b"\x00\xffbinary", name="dump.bin", content_type="application/x-dump"),
         other("attachment", 1, blob="ab" * 32, name="big.bin"), other("attachment", 2, payload=b"", name="other.txt"),
         other("log", 0, payload=b"{}", quantity=40)],
        token="t",
    )  # fmt: skip
    wanted = {"project_id": ProjectId(1), "event_id": EventId(event_id(1))}

    found = store.signals(**wanted)

    assert [(each.kind, each.name, each.content_type, each.body_bytes, each.blob) for each in found] == [
        ("attachment", "big.bin", "", 0, "ab" * 32),
        ("attachment", "dump.bin", "application/x-dump", 8, ""),
    ]
    assert store.signal_body(**wanted, name="dump.bin") == b"\x00\xffbinary"
    assert store.signal_body(**wanted, name="big.bin") is None
    assert store.signal_body(**wanted, name="missing") is None
    assert store.signals(project_id=ProjectId(1), event_id=EventId(""))[0].quantity == 40


def test_what_came_long_before_or_after_an_event_did_not_come_with_it(store: EventStore):
    moments = [NOON - 2 * DAY, NOON - DAY, NOON, NOON + 7 * DAY, NOON + 8 * DAY]
    store.put([other("attachment", 1, name=str(n), at=at) for n, at in enumerate(moments)], token="t")

    found = store.signals(project_id=ProjectId(1), event_id=EventId(event_id(1)), received=NOON)

    assert [signal.name for signal in found] == ["1", "2", "3"]


def test_sampled_bodies_are_the_most_recent_and_open(store: EventStore):
    store.put([event(n, at=NOON + n * MINUTE, payload=b"%d" % n, dictionary=n % 2) for n in range(5)], token="t")

    assert store.sample_bodies(project_id=ProjectId(1), limit=3) == [b"4", b"3", b"2"]


def test_old_days_are_dropped_whole(store: EventStore):
    store.put([event(number, at=NOON - number * DAY) for number in range(4)] + [other("log", 0)], token="t")

    store.drop_before(received=NOON - DAY)
    store.drop_before(received=NOON - DAY)

    assert ids(store) == [0, 1]


def test_preparing_again_keeps_what_is_there(store: EventStore):
    store.put([event(1)], token="t")

    store.prepare()
    store.ping()

    assert ids(store) == [1]
