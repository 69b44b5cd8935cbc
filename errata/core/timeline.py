"""Buckets of time, aligned to the epoch so that two charts of one width have the same edges."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def bucket_of(at: datetime, *, bucket_s: int) -> int:
    """The number of the bucket a moment falls in."""
    return (at - _EPOCH) // timedelta(seconds=bucket_s)


def fill(
    counts: Mapping[int, int], *, since: datetime | None, until: datetime | None, bucket_s: int
) -> list[tuple[datetime, int]]:
    """Every bucket from `since` to before `until`, zero where nothing was counted.

    An open end stops at the first or last bucket that counts something.
    """
    first = bucket_of(since, bucket_s=bucket_s) if since else min(counts, default=0)
    last = bucket_of(until - timedelta(microseconds=1), bucket_s=bucket_s) if until else max(counts, default=first - 1)
    return [(_EPOCH + timedelta(seconds=number * bucket_s), counts.get(number, 0)) for number in range(first, last + 1)]
