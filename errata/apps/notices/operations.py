"""Writes of notices."""

from collections.abc import Collection
from datetime import datetime


def notify(
    *,
    issue_id: int,
    to: Collection[int],
    kind: str,
    reason: str,
    text: str,
    dedupe: str,
    at: datetime,
) -> None:
    """Tell people of something about an issue, once for a `dedupe`, in the transaction that is open."""
