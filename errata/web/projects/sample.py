"""A small program that fails, and reports it with the real SDK: `python -m errata.web.projects.sample DSN`."""

import sys
from typing import Any

import sentry_sdk

_BASKET = [
    {"sku": "TEA-250", "quantity": 2, "price": "8.90"},
    {"sku": "MUG-01", "quantity": 1, "price": "14.50"},
    {"sku": "GIFT-WRAP", "quantity": 1, "price": None},
]


def total(basket: list[dict[str, Any]]) -> float:
    """Add up a basket. Gift wrapping has no price: that is the bug."""
    amount = 0.0
    for line in basket:
        amount += line["quantity"] * float(line["price"])
    return amount


def check_out(customer: str, basket: list[dict[str, Any]]) -> float:
    """Take an order."""
    sentry_sdk.add_breadcrumb(category="auth", message=f"{customer} signed in")
    sentry_sdk.add_breadcrumb(
        category="query", message="SELECT * FROM basket_line WHERE basket_id = %s", data={"rows": 3}
    )
    sentry_sdk.add_breadcrumb(
        category="http", type="http", data={"method": "GET", "url": "https://stock.example/TEA-250", "status_code": 200}
    )
    return total(basket)


def _with_request(event: Any, hint: Any) -> Any:
    event["request"] = {
        "method": "POST",
        "url": "https://shop.example/checkout",
        "query_string": "step=pay",
        "headers": {
            "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Accept": "text/html",
        },
        "data": {"customer": "ada", "card": "4111 1111 1111 1111"},
    }
    return event


def main(dsn: str) -> None:
    """Fail once, and wait until the report is sent."""
    sentry_sdk.init(
        dsn=dsn,
        release="shop@2.4.1",
        environment="sample",
        before_send=_with_request,
        default_integrations=True,
        traces_sample_rate=None,
    )
    sentry_sdk.set_user({"id": "1815", "username": "ada", "email": "ada@shop.example", "ip_address": "203.0.113.7"})
    sentry_sdk.set_tag("payment", "card")
    sentry_sdk.set_context("basket", {"lines": len(_BASKET), "currency": "EUR"})
    try:
        check_out("ada", _BASKET)
    except TypeError:
        sentry_sdk.capture_exception()
    sentry_sdk.flush(timeout=8)


if __name__ == "__main__":
    main(sys.argv[1])
