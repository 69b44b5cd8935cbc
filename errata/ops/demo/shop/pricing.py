"""What a basket costs."""

from dataclasses import dataclass
from decimal import Decimal

# The rates job has not run since the shop opened in Switzerland: CHF is missing.
EXCHANGE_RATES = {
    "EUR": Decimal(1),
    "USD": Decimal("1.08"),
    "GBP": Decimal("0.85"),
    "SEK": Decimal("11.32"),
}


@dataclass(frozen=True)
class Line:
    sku: str
    quantity: int
    unit_price: Decimal


def basket_total(lines: list[Line], *, currency: str) -> Decimal:
    """Add up the lines in the customer's currency."""
    subtotal = sum((line.unit_price * line.quantity for line in lines), Decimal(0))
    return convert(subtotal, currency=currency)


def convert(amount: Decimal, *, currency: str) -> Decimal:
    """Convert from euros."""
    rate = EXCHANGE_RATES[currency]
    return (amount * rate).quantize(Decimal("0.01"))


def discount_per_line(lines: list[Line], *, coupon_cents: int) -> int:
    """Spread a coupon over the lines. Nobody thought of the basket that was emptied in another tab."""
    return coupon_cents // len(lines)
