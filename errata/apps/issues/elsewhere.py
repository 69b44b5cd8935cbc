"""Keys of the search that apps above answer, from tables of their own in which they keep what they know of issues.

A lower app doesn't know the higher ones, so those name their tables as they start (their apps.py). The list behind a
number is then asked of the very rows that the number was counted from.
"""

from collections.abc import Callable, Collection, Iterable
from typing import Any

import msgspec
from django.db.models import QuerySet


class Source(msgspec.Struct, frozen=True):
    """Rows that tell of an issue each, `issue_id`, and the column that a key asks for."""

    rows: Callable[[int, str], QuerySet[Any]]  # of an organisation, for the key as it was written
    column: str


_sources: dict[str, Source] = {}


def answer(key: str, source: Source) -> None:
    """Let a key be answered by another app. One that ends in a dot stands for all that begin so."""
    _sources[key] = source


def find_source(key: str) -> Source | None:
    """What answers the key, if another app does."""
    return _sources.get(key) or _sources.get(key[: key.find(".") + 1])


def known(organization_id: int, keys: Iterable[str], ids: Collection[int]) -> dict[int, dict[str, list[Any]]]:
    """What other apps know of these issues, by issue and by those of the keys that they answer."""
    told: dict[int, dict[str, list[Any]]] = {number: {} for number in ids}
    for key in keys:
        source = find_source(key)
        if source is None:
            continue
        for own in told.values():
            own[key] = []
        rows = source.rows(organization_id, key).filter(issue_id__in=ids, **{f"{source.column}__isnull": False})
        for issue_id, value in rows.values_list("issue_id", source.column):
            told[issue_id][key].append(value)
    return told
