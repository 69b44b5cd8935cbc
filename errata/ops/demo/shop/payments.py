"""Charging cards through a gateway that is sometimes slow and sometimes says no."""

import logging
from decimal import Decimal
from typing import Any, NoReturn

logger = logging.getLogger("shop.payments")


class PaymentFailed(Exception):
    """The order could not be paid."""


class CardDeclined(Exception):
    """The bank said no."""


def charge(order_id: str, *, amount: Decimal, currency: str, gateway: str) -> dict[str, Any]:
    """Charge an order once."""
    logger.info("Charging order %s: %s %s through %s", order_id, amount, currency, gateway)
    try:
        return _post(
            gateway,
            path="/v2/charges",
            body={"order": order_id, "amount": str(amount), "currency": currency},
        )
    except TimeoutError as error:
        message = f"No answer for order {order_id}"
        raise PaymentFailed(message) from error


def refund(payment: dict[str, Any]) -> dict[str, Any]:
    """Refund what was captured. Payments made before the migration have no `captured` field."""
    captured = payment["captured"]
    return {"refunded": captured["amount"], "currency": captured["currency"]}


def decline(card_last4: str, *, code: str) -> NoReturn:
    """Tell the caller that the bank declined."""
    message = f"Card ending in {card_last4} declined: {code}"
    raise CardDeclined(message)


def _post(gateway: str, *, path: str, body: dict[str, str]) -> dict[str, Any]:
    retries, timeout_s = 2, 8.0
    for attempt in range(1, retries + 1):
        logger.warning("%s%s: no answer to %s in %.1f s (%d/%d)", gateway, path, body, timeout_s, attempt, retries)
    message = f"{gateway} did not answer within {timeout_s} s"
    raise TimeoutError(message)
