"""Customers and their sessions."""

from datetime import datetime, timedelta
from typing import Any


class SessionExpired(Exception):
    """The customer must sign in again."""


def loyalty_tier(customer: dict[str, Any]) -> str:
    """The customer's tier. Guests have no `profile`, and the new checkout lets guests through."""
    points: int = customer["profile"].points
    return "gold" if points > 1_000 else "silver"


def export_orders(customer: dict[str, Any], *, requested_by: str) -> list[str]:
    """Hand out a customer's orders, to that customer only."""
    if requested_by != customer["id"]:
        message = f"{requested_by} asked for the orders of {customer['id']}"
        raise PermissionError(message)
    return list(customer["orders"])


def resume(session: dict[str, datetime], *, at: datetime) -> timedelta:
    """Resume a session. Half of the fleet stores naive times since the last deploy."""
    remaining = session["expires_at"] - at
    if remaining < timedelta(0):
        message = f"Session expired {-remaining} ago"
        raise SessionExpired(message)
    return remaining
