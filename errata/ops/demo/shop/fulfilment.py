"""From a paid order to a parcel."""

import json
import socket
from dataclasses import dataclass
from typing import Any


class OutOfStock(Exception):
    """There are fewer in the warehouse than were sold."""


@dataclass
class StockLevel:
    sku: str
    warehouse: str
    available: int
    reserved: int


def reserve(level: StockLevel, *, quantity: int) -> StockLevel:
    """Reserve stock for an order. Two checkouts at once may both have seen the last one."""
    remaining = level.available - level.reserved - quantity
    if remaining < 0:
        message = f"{level.sku} oversold in {level.warehouse}: {-remaining} too many"
        raise OutOfStock(message)
    level.reserved += quantity
    return level


def track(parcel: str, *, answer: str) -> dict[str, Any]:
    """Ask the carrier where a parcel is. In the night window it answers with an HTML page and status 200."""
    tracking: dict[str, Any] = json.loads(answer)
    return {"parcel": parcel, "status": tracking["events"][-1]["status"]}


def print_labels(parcels: list[dict[str, Any]]) -> list[str]:
    """Print all labels of a batch and say of every one that failed why."""
    labels: list[str] = []
    failures: list[Exception] = []
    for parcel in parcels:
        try:
            labels.append(_label(parcel))
        except (KeyError, ValueError) as error:
            failures.append(error)
    if failures:
        message = f"{len(failures)} of {len(parcels)} labels failed"
        raise ExceptionGroup(message, failures)
    return labels


def notify_warehouse(host: str, *, port: int, order_id: str) -> int:
    """Wake the packing line's terminal."""
    with socket.create_connection((host, port), timeout=0.5) as connection:
        return connection.send(f"PACK {order_id}\n".encode())


def _label(parcel: dict[str, Any]) -> str:
    weight = float(parcel["weight_kg"])
    if weight <= 0:
        message = f"Parcel weight must be positive, got {weight}"
        raise ValueError(message)
    return f"{parcel['name']} / {parcel['street']} / {weight:.2f} kg"
