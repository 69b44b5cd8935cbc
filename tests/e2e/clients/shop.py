"""An unmodified program with the real sentry-sdk: fails once, with all that a person wants to see."""

import sys

import sentry_sdk

sentry_sdk.init(dsn=sys.argv[1], release="shop@1.2.0", environment="production", send_default_pii=True)


def basket_total(lines: list[dict[str, int]], currency: str) -> int:
    rates = {"EUR": 100, "USD": 108}
    return sum(line["cents"] * line["quantity"] for line in lines) * rates[currency] // 100


sentry_sdk.set_user({"id": "42", "email": "hana@customers.example", "username": "hana"})
sentry_sdk.set_tag("region", "eu-north")
sentry_sdk.add_breadcrumb(category="navigation", message="/products → /basket", level="info")
try:
    basket_total([{"cents": 1250, "quantity": 2}], currency="CHF")
except KeyError as error:
    print(sentry_sdk.capture_exception(error))
sentry_sdk.flush(timeout=10)
