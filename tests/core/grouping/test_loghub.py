"""Grouping accuracy on logs whose true templates are known: logpai/loghub (Zhu et al., ISSRE 2023).

The data is not ours to ship: `ERRATA_LOGHUB=<folder of *_2k.csv> pytest tests/core/grouping/test_loghub.py -s` prints
a table. The measure is the field's: the share of messages whose group is exactly their true group.
"""

import csv
import os
from collections import defaultdict
from pathlib import Path

import pytest

from errata.core.event.fields import EventFields
from errata.core.grouping import group

FOLDER = os.environ.get("ERRATA_LOGHUB", "")


def accuracy(path: Path) -> float:
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        rows = list(csv.DictReader(file))
    found, true = defaultdict(set), defaultdict(set)
    for number, row in enumerate(rows):
        found[group(EventFields(message=row["Content"]))].add(number)
        true[row["EventId"]].add(number)
    right = sum(len(members) for members in found.values() if members in true.values())
    return right / len(rows)


@pytest.mark.skipif(not FOLDER, reason="ERRATA_LOGHUB names no folder of loghub's *_2k.csv files")
def test_most_messages_of_real_systems_find_exactly_their_group():
    measured = {path.stem.removesuffix("_2k"): accuracy(path) for path in sorted(Path(FOLDER).glob("*_2k.csv"))}

    for system, share in measured.items():
        print(f"{system:<14} {share:.3f}")
    mean = sum(measured.values()) / len(measured)
    print(f"{'mean':<14} {mean:.3f}")
    assert mean > 0.8
