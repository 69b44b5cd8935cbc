"""Send the demo shop's failures through the real sentry-sdk."""

import logging
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sentry_sdk
from sentry_sdk.types import Event, Hint

from errata.ops.demo.scenarios import (
    SCENARIOS,
    SERVICES,
    Scenario,
    Service,
    customer,
    moment,
)

DAYS = 14.0

# The shop's log lines become breadcrumbs, not output: neither by the root's handlers nor by Python's last resort.
_SHOP_LOG = logging.getLogger("shop")
_SHOP_LOG.propagate = False
_SHOP_LOG.addHandler(logging.NullHandler())


@dataclass(frozen=True)
class Sent:
    """Progress: how many of how many, and for whom."""

    done: int
    total: int
    service: str


def send(dsns: dict[str, str], *, now: datetime, seed: int = 7, scale: float = 1.0) -> Iterator[Sent]:
    """Run every scenario, spread over the last two weeks, and yield after each event. `dsns` is by service name.

    Ends only when the SDK has flushed, so that whoever counts afterwards finds all of them.
    """
    rng = random.Random(seed)  # noqa: S311 - a believable shop, not a secret
    clients = {service.name: _client(dsns[service.name]) for service in SERVICES}
    plan = _plan(rng, now=now, scale=scale)
    for done, (at, scenario) in enumerate(plan, start=1):
        service = next(service for service in SERVICES if service.name == scenario.service)
        _fail(scenario, service, clients[scenario.service], rng, at=at, now=now)
        if done % 50 == 0:  # the SDK's queue holds 100; what does not fit it would drop
            for client in clients.values():
                client.flush(timeout=10)
        yield Sent(done, len(plan), scenario.service)
    for client in clients.values():
        client.close(timeout=30)


def _plan(rng: random.Random, *, now: datetime, scale: float) -> list[tuple[datetime, Scenario]]:
    moments = [
        (now - moment(scenario.trend, rng, days=DAYS), scenario)
        for scenario in SCENARIOS
        for _ in range(max(1, round(scenario.weight * scale)))
    ]
    return sorted(moments, key=lambda planned: planned[0])


def _client(dsn: str) -> sentry_sdk.Client:
    return sentry_sdk.Client(
        dsn=dsn,
        send_default_pii=True,
        in_app_include=["shop"],
        traces_sample_rate=0.0,
        auto_session_tracking=False,
        auto_enabling_integrations=False,
    )


def _fail(
    scenario: Scenario,
    service: Service,
    client: sentry_sdk.Client,
    rng: random.Random,
    *,
    at: datetime,
    now: datetime,
) -> None:
    with sentry_sdk.isolation_scope() as scope:
        scope.set_client(client)
        scope.clear_breadcrumbs()
        scope.set_transaction_name(scenario.transaction)
        scope.set_user(customer(rng))
        scope.set_tag("region", rng.choice(["eu-central", "eu-north", "us-east"]))
        scope.set_tag("tenant", f"tenant-{rng.randint(1, 40):03d}")
        for category, level, message in scenario.crumbs:
            sentry_sdk.add_breadcrumb(category=category, level=level, message=message)
        scope.add_event_processor(_describe(scenario, service, rng, at=at, now=now))
        try:
            scenario.fail(rng)
        except Exception as error:  # noqa: BLE001 - whatever the shop raises is what we are here to send
            sentry_sdk.capture_exception(error)


def _describe(
    scenario: Scenario,
    service: Service,
    rng: random.Random,
    *,
    at: datetime,
    now: datetime,
) -> Callable[[Event, Hint], Event]:
    release = service.releases[_release_at(scenario, service, age=(now - at) / timedelta(days=DAYS))]
    server_name = rng.choice(service.server_names)

    def processor(event: Event, hint: Hint) -> Event:
        del hint
        _place_in_time(event, at)
        _leave_the_shop_alone(event)
        event["release"] = release
        event["environment"] = scenario.environment
        event["server_name"] = server_name
        if scenario.level is not None:
            event["level"] = scenario.level  # type: ignore[typeddict-item]  # the scenario's levels are the SDK's
        if scenario.request is not None:
            method, url = scenario.request
            event["request"] = {
                "method": method, "url": url,
                "headers": {"User-Agent": rng.choice(_BROWSERS), "Accept-Language": "en-GB,en;q=0.8"},
            }  # fmt: skip
        return event

    return processor


def _place_in_time(event: Event, at: datetime) -> None:
    event["timestamp"] = at
    crumbs: Any = event.get("breadcrumbs") or {}
    for back, crumb in enumerate(reversed(crumbs.get("values", [])), start=1):
        crumb["timestamp"] = at - timedelta(seconds=0.8 * back)


def _leave_the_shop_alone(event: Event) -> None:
    """Take out what tells of the command that plays the shop: its frames, its arguments, its packages."""
    values: Any = (event.get("exception") or {}).get("values", [])
    for value in values:
        value["module"] = _in_shop(value.get("module"))
        stack = value.get("stacktrace") or {}
        frames = [frame for frame in stack.get("frames", []) if frame.get("module") not in _STAGE]
        for frame in frames:
            frame["module"] = _in_shop(frame.get("module"))
            for place in ("filename", "abs_path"):
                frame[place] = (
                    "shop/" + frame[place].rpartition("/shop/")[2] if "/demo/shop/" in frame[place] else frame[place]
                )
        stack["frames"] = frames
    event["extra"] = {}
    event["modules"] = _PACKAGES


def _in_shop(module: str | None) -> str | None:
    return module.removeprefix("errata.ops.demo.") if module else module


def _release_at(scenario: Scenario, service: Service, *, age: float) -> int:
    """Older events come from older releases, but never from one that did not fail yet. `age` is 0 (now) to 1."""
    newest = len(service.releases) - 1
    return max(scenario.from_release, newest - int(age * (newest + 1) * 0.999))


# The modules that play the shop, and the packages that a shop would have.
_STAGE = frozenset({"errata.ops.demo.send", "errata.ops.demo.scenarios"})
_PACKAGES = {
    "django": "5.2.8",
    "flask": "3.1.2",
    "psycopg": "3.2.12",
    "redis": "7.0.1",
    "sentry-sdk": sentry_sdk.VERSION,
}
_BROWSERS = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/18.1 Mobile/15E148 Safari/604.1"
    ),
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
)
