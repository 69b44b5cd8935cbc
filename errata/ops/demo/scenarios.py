"""How the demo shop fails: which service, how often, since when, to whom, and the code that really raises."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from errata.ops.demo.shop import accounts, catalog, fulfilment, payments, pricing

Trend = Literal["steady", "spike", "rising", "fading", "fresh"]


@dataclass(frozen=True)
class Service:
    """One deployable of the shop: a project in Errata."""

    name: str
    key: str
    platform: str
    releases: tuple[str, ...]  # oldest first
    server_names: tuple[str, ...]

    @property
    def project(self) -> str:
        """What its project is called, which no team's own is: the demo works its issues, and can be removed."""
        return f"{self.name} (demo)"


@dataclass(frozen=True)
class Scenario:
    """One way to fail. `fail` raises; what it raises is what the SDK sends."""

    service: str
    transaction: str
    fail: Callable[[random.Random], object]
    weight: int
    trend: Trend
    crumbs: tuple[tuple[str, str, str], ...] = ()  # (category, level, message)
    request: tuple[str, str] | None = None  # (method, url)
    level: str | None = None
    environment: str = "production"
    from_release: int = 0  # index of the first release that fails this way


SERVICES = (
    Service(
        "Storefront", "SHOP", "django",
        ("storefront@4.11.0", "storefront@4.12.0", "storefront@4.12.1"), ("web-1", "web-2", "web-3"),
    ),
    Service("Payments", "PAY", "flask", ("payments@2.3.4", "payments@2.4.0"), ("pay-1", "pay-2")),
    Service("Fulfilment", "FUL", "python", ("fulfilment@1.18.2", "fulfilment@1.19.0"), ("worker-a", "worker-b")),
)  # fmt: skip

_FIRST_NAMES = (
    "amelie",
    "boris",
    "dalia",
    "emeka",
    "hana",
    "jonas",
    "lena",
    "mateo",
    "nadia",
    "oskar",
    "priya",
    "tariq",
)
_TITLES = [
    "Blue teapot",
    "Field notebook",
    "Wool socks",
    "Desk lamp",
    "C++ for gardeners",
]


def _order(rng: random.Random) -> str:
    return f"ORD-{rng.randint(100_000, 999_999)}"


def _lines(rng: random.Random) -> list[pricing.Line]:
    return [
        pricing.Line(
            f"SKU-{rng.randint(1_000, 9_999)}",
            rng.randint(1, 4),
            Decimal(rng.randint(300, 9_000)) / 100,
        )
        for _ in range(rng.randint(1, 5))
    ]


def _unknown_currency(rng: random.Random) -> object:
    return pricing.basket_total(_lines(rng), currency="CHF")


def _empty_basket(rng: random.Random) -> object:
    return pricing.discount_per_line([], coupon_cents=rng.choice([500, 1_000, 2_000]))


def _bad_search(rng: random.Random) -> object:
    return catalog.search(_TITLES, query=rng.choice(["c++ (book", "lamp [desk", "socks (wool"]))


def _category_loop(rng: random.Random) -> object:
    garden, tools = catalog.Category("Garden"), catalog.Category("Tools")
    garden.parent, tools.parent = tools, garden
    return catalog.breadcrumb(rng.choice([garden, tools]))


def _guest_tier(rng: random.Random) -> object:
    return accounts.loyalty_tier({"id": f"guest-{rng.randint(1, 9_999)}", "profile": None})


def _foreign_orders(rng: random.Random) -> object:
    owner, other = f"cus_{rng.randint(1, 400)}", f"cus_{rng.randint(401, 800)}"
    return accounts.export_orders({"id": owner, "orders": []}, requested_by=other)


def _naive_session(rng: random.Random) -> object:
    expires = datetime(2026, 1, 1) + timedelta(minutes=rng.randint(1, 600))  # noqa: DTZ001 - the naive time is the bug
    return accounts.resume({"expires_at": expires}, at=datetime(2026, 1, 1, tzinfo=UTC))


def _gateway_timeout(rng: random.Random) -> object:
    return payments.charge(
        _order(rng), amount=Decimal(rng.randint(900, 40_000)) / 100, currency=rng.choice(["EUR", "USD", "GBP"]),
        gateway="https://gateway.pay.example",
    )  # fmt: skip


def _declined(rng: random.Random) -> object:
    return payments.decline(
        str(rng.randint(1_000, 9_999)),
        code=rng.choice(["insufficient_funds", "expired_card"]),
    )


def _old_refund(rng: random.Random) -> object:
    return payments.refund({"id": _order(rng), "amount": str(rng.randint(5, 300)), "currency": "EUR"})


def _oversold(rng: random.Random) -> object:
    level = fulfilment.StockLevel(rng.choice(["TEAPOT-BLUE", "SOCKS-M"]), "gdansk-2", available=1, reserved=1)
    return fulfilment.reserve(level, quantity=rng.randint(1, 3))


def _carrier_html(rng: random.Random) -> object:
    return fulfilment.track(
        f"PX{rng.randint(10**9, 10**10)}",
        answer="<html><title>Maintenance window</title></html>",
    )


def _labels(rng: random.Random) -> object:
    good = {"name": "H. Lindqvist", "street": "Storgatan 4", "weight_kg": "1.2"}
    return fulfilment.print_labels(
        [
            good,
            {**good, "weight_kg": "0"},
            {"name": "R. Novak", "weight_kg": str(rng.random())},
        ]
    )


def _warehouse_offline(rng: random.Random) -> object:
    return fulfilment.notify_warehouse("127.0.0.1", port=1, order_id=_order(rng))


def _price_list(rng: random.Random) -> object:
    rows = f"sku;price\nTEAPOT;{rng.randint(5, 50)},90\nS\xfcdwind lamp;12,50\n"
    return catalog.import_prices(rows.encode("latin-1"))


SCENARIOS = (
    Scenario("Storefront", "/checkout/basket", _unknown_currency, 120, "spike", (
        ("navigation", "info", "/products/blue-teapot → /checkout/basket"),
        ("query", "info", "SELECT * FROM basket_line WHERE basket_id = %s"),
        ("http", "info", "GET https://rates.shop.example/latest [200]"),
    ), ("POST", "https://shop.example/checkout/basket?step=2"), from_release=1),
    Scenario("Storefront", "/checkout/coupon", _empty_basket, 34, "steady", (
        ("ui.click", "info", "button#apply-coupon"),
    ), ("POST", "https://shop.example/checkout/coupon")),
    Scenario("Storefront", "/search", _bad_search, 58, "rising", (
        ("ui.input", "info", "input[name=q]"),
    ), ("GET", "https://shop.example/search?q=c%2B%2B+%28book")),
    Scenario("Storefront", "/category/{slug}", _category_loop, 6, "fresh", (),
             ("GET", "https://shop.example/category/garden"), from_release=2),
    Scenario("Storefront", "/account", _guest_tier, 90, "steady", (
        ("auth", "info", "guest session created"),
    ), ("GET", "https://shop.example/account"), from_release=1),
    Scenario("Storefront", "/account/orders/export", _foreign_orders, 9, "fresh", (
        ("auth", "warning", "customer id in the URL differs from the session"),
    ), ("GET", "https://shop.example/account/orders/export?customer=cus_12")),
    Scenario("Storefront", "/session", _naive_session, 40, "fading", (), ("GET", "https://shop.example/")),
    Scenario("Payments", "POST /v2/charges", _gateway_timeout, 140, "spike", (
        ("http", "warning", "POST https://gateway.pay.example/v2/charges [504]"),
        ("query", "info", "UPDATE payment SET state = 'pending' WHERE id = %s"),
    ), ("POST", "https://pay.shop.example/v2/charges"), from_release=1),
    Scenario("Payments", "POST /v2/charges", _declined, 70, "steady", (),
             ("POST", "https://pay.shop.example/v2/charges"), level="warning"),
    Scenario("Payments", "POST /v2/refunds", _old_refund, 22, "rising", (
        ("query", "info", "SELECT * FROM payment WHERE created_at < '2025-03-01'"),
    ), ("POST", "https://pay.shop.example/v2/refunds")),
    Scenario("Fulfilment", "fulfilment.tasks.reserve", _oversold, 48, "steady", (
        ("celery", "info", "task fulfilment.tasks.reserve received"),
    )),
    Scenario("Fulfilment", "fulfilment.tasks.track", _carrier_html, 64, "spike", (
        ("http", "info", "GET https://carrier.example/track [200]"),
    )),
    Scenario("Fulfilment", "fulfilment.tasks.print_labels", _labels, 14, "steady"),
    Scenario("Fulfilment", "fulfilment.tasks.notify", _warehouse_offline, 26, "fading", level="fatal"),
    Scenario("Fulfilment", "fulfilment.tasks.import_prices", _price_list, 5, "fresh", environment="staging"),
)  # fmt: skip


def moment(trend: Trend, rng: random.Random, *, days: float) -> timedelta:
    """How long ago an event of this trend happened, within `days`."""
    share = {
        "steady": rng.random(),
        "spike": rng.betavariate(2, 2) * 0.08 + 0.03 if rng.random() < 0.75 else rng.random(),
        "rising": rng.random() ** 2.2,
        "fading": 1 - rng.random() ** 2.2,
        "fresh": rng.random() * 0.04,
    }[trend]
    return timedelta(days=days * share)


def customer(rng: random.Random) -> dict[str, Any]:
    """One of about 800 customers, some far more often than others."""
    number = min(int(rng.paretovariate(1.1) * 7), 800)
    first = [
        "amelie",
        "boris",
        "dalia",
        "emeka",
        "hana",
        "jonas",
        "lena",
        "mateo",
        "nadia",
        "oskar",
        "priya",
        "tariq",
    ][number % 12]
    return {
        "id": f"cus_{number}",
        "username": first,
        "email": f"{first}.{number}@customers.example",
        "ip_address": f"198.51.100.{number % 250 + 1}",
    }
