"""Searching events: the same question has the same answer in every event store."""

from datetime import timedelta
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from errata.adapters.clickhouse.event_store import ClickHouseEventStore
from errata.adapters.memory.event_store import MemoryDictionaries, MemoryEventStore
from errata.core import vocabulary
from errata.core.ids import ProjectId
from errata.core.search.ast import And, EventSide, Has, Node, Not, Operator, Or, Term, Text
from errata.core.search.parse import parse
from errata.ports.event_store import EventStore, Scope
from tests.contracts.engine import EngineProcess
from tests.contracts.signals import NOON, event, event_id, number_of

HOUR = timedelta(hours=1)

EVENTS = [
    event(1, level="fatal", release="shop@1.2.0", environment="production", tags=[("plan", "team"), ("retries", "3")],
          message="Connection to db-1 timed out", title="Timeout: Connection to db-1 timed out"),
    event(2, level="error", release="shop@1.10.0", environment="Staging", tags=[("plan", "free"), ("retries", "12")],
          handled=1, at=NOON - HOUR, user_id="42", user_email="bob@example.org", user_name="Bob", user_ip=""),
    event(3, level="warning", release="", environment="production", tags=[("plan", "100%_off")], handled=-1,
          at=NOON - 30 * HOUR, title="x", message="", culprit="", exception_type="", user="", user_id="",
          user_email="", user_name="", user_ip=""),
    event(4, level="info", type="default", platform="javascript", at=NOON - 2 * HOUR, exception_type="",
          message="C:\\temp\\*.log is gone", title="C:\\temp\\*.log is gone", tags=[("url", "https://x.test/a?b=1")]),
]  # fmt: skip


def found(store: EventStore, where: Node | None) -> list[int]:
    scope = Scope(projects={ProjectId(1): None}, where=where)
    return sorted(number_of(each.event_id) for each in store.events(scope, limit=100))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("level:error", [2]),
        ("level:[error, fatal]", [1, 2]),
        ("level:>=warning", [1, 2, 3]),
        ("level:<error", [3, 4]),
        ("!level:info", [1, 2, 3]),
        ("release:shop@1.2.0", [1, 4]),
        ("release:shop@1.*", [1, 2, 4]),
        ("release:*.0", [1, 2, 4]),
        ("release:SHOP@*", [1, 2, 4]),
        ("release:shop@1.", []),
        ("environment:staging", [2]),
        ("platform:javascript", [4]),
        ("event.type:default", [4]),
        ("has:release", [1, 2, 4]),
        ("!has:release", [3]),
        ("has:plan", [1, 2, 3]),
        ("plan:team", [1]),
        ("tags.plan:team", [1]),
        ("plan:t*", [1]),
        ("!plan:team", [2, 3, 4]),
        ("plan:100%_off", [3]),
        ("plan:1%off", []),
        ("retries:3", [1]),
        ("nothing:here", []),
        ("url:https://x.test/a?b=1", [4]),
        ("user:bob@example.org", [2]),
        ("user:42", [2]),
        ("user:Bob", [2]),
        ("user.email:*@example.org", [1, 2, 4]),
        ("user.ip:192.0.2.7", [1, 4]),
        ("has:user", [1, 2, 4]),
        ("error.type:valueerror", [1, 2]),
        ("message:timed", [1]),
        ("message:db-*out", [1]),
        ("error.handled:true", [2]),
        ("error.handled:false", [1, 4]),
        ("error.unhandled:true", [1, 4]),
        ("error.unhandled:false", [2, 3]),
        ("has:error.handled", [1, 2, 4]),
        ("timestamp:-90m", [1, 2]),
        ("timestamp:+24h", [3]),
        ("timestamp:2026-11-22", [3]),
        ("timestamp:>=2026-11-23", [1, 2, 4]),
        ("trace:4bf92f3577b34da6a3ce929d0e0e4736", [1, 2, 3, 4]),
        (f"id:{event_id(2)}", [2]),
        (f"id:{event_id(2).upper()}", [2]),
        ("id:e0000000-0000-0000-0000-000000000003", [3]),
        ("id:*4", [4]),
        ("id:nonsense", []),
        ("sdk:sentry.python*", [1, 2, 3, 4]),
        ("level:fatal OR plan:free", [1, 2]),
        ("environment:production !level:fatal", [3, 4]),
        ("!(level:fatal OR level:error)", [3, 4]),
    ],
)
def test_a_search_finds(store: EventStore, text: str, expected: list[int]):
    store.put(EVENTS, token="t")

    assert found(store, parse(text).where) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("TIMED OUT", [1]), ("no such plan", [2]), ("temp\\*.log", [4]), ("%", []), ("shop.pricing", [1, 2, 4])],
)
def test_free_text_is_taken_literally_and_in_any_case(store: EventStore, text: str, expected: list[int]):
    store.put(EVENTS, token="t")

    assert found(store, Text(text)) == expected


def test_a_search_narrows_every_answer(store: EventStore):
    store.put(EVENTS, token="t")
    scope = Scope(projects={ProjectId(1): None}, where=Term("level", ("fatal",)))

    assert store.count(scope) == (1, 1)
    assert store.fingerprints(scope, limit=5) == [(1, 1)]
    assert [tag.key for tag in store.tags(scope)] == ["plan", "retries"]
    assert sum(bucket.count for bucket in store.histogram(scope, bucket_s=3600)) == 1


def test_what_is_searched_for_is_never_read_as_sql(store: EventStore):
    store.put(EVENTS, token="t")

    for hostile in ("' OR 1=1 --", "\\", "\\'", "{p0:String}", "%%", "a\x00b", "\n", "'); DROP TABLE events; --"):
        assert found(store, Term("release", (hostile,))) == []
        assert found(store, Term(f"tags.{hostile}", ("x",))) == []
        assert found(store, Has(f"tags.{hostile}")) == []
        assert found(store, Text(f"{hostile}~")) == []
    assert found(store, None) == [1, 2, 3, 4]


KEYS = st.sampled_from(
    ["level", "release", "environment", "user", "user.id", "message", "error.type", "tags.plan", "tags.retries", "id"]
)
VALUES = st.sampled_from(
    ["", "*", "error", "shop*", "*1*", "production", "team", "42", "3", "100%_off", "\\*", "e*4", "x", "timed", "ü*🐛"]
) | st.text(max_size=6)
RANKED = st.builds(
    Term, st.just("level"), st.tuples(st.sampled_from(vocabulary.LEVELS)), st.sampled_from(get_args(Operator))
)
TERMS = RANKED | st.builds(Term, KEYS, st.lists(VALUES, min_size=1, max_size=3).map(tuple))
NODES = st.recursive(
    TERMS | st.builds(Has, KEYS) | st.builds(Text, VALUES),
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(EventSide, inner)
        | st.builds(And, st.lists(inner, max_size=3).map(tuple))
        | st.builds(Or, st.lists(inner, max_size=3).map(tuple))
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def both(engine: EngineProcess) -> tuple[EventStore, EventStore]:
    stores: tuple[EventStore, EventStore] = (
        MemoryEventStore(clock=lambda: NOON),
        ClickHouseEventStore(engine.url("agreement"), MemoryDictionaries(), clock=lambda: NOON),
    )
    for store in stores:
        store.prepare()
        store.put(EVENTS, token="t")
    return stores


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(node=NODES)
def test_every_store_gives_the_same_answer(both: tuple[EventStore, EventStore], node: Node):
    memory, clickhouse = both

    assert found(clickhouse, node) == found(memory, node)
