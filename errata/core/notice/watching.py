"""What each way of watching an issue lets through."""

from collections.abc import Mapping
from typing import Literal, get_args

WatchMode = Literal["every", "stage", "spike", "none"]
MODES: tuple[WatchMode, ...] = get_args(WatchMode)
WORDS: Mapping[WatchMode, str] = {
    "every": "Everything",
    "stage": "Stage changes and regressions",
    "spike": "Spikes and regressions",
    "none": "Nothing, unless I’m named",
}
# Who took part wants the whole of it; who only reported an issue, or was once named on it, wants to know how it ends.
DEFAULT_OF_REASON: Mapping[str, WatchMode] = {
    "chosen": "every", "assigned": "every", "commented": "every", "created": "stage", "mentioned": "stage",
}  # fmt: skip
_HEARS: Mapping[WatchMode, frozenset[str] | None] = {
    "every": None,
    "stage": frozenset({"stage", "regressed", "spike", "retest"}),
    "spike": frozenset({"spike", "regressed"}),
    "none": frozenset(),
}


def mode_of(reason: str) -> WatchMode:
    """How somebody watches who has not said how."""
    return DEFAULT_OF_REASON.get(reason, "stage")


def hears(mode: WatchMode, kind: str) -> bool:
    """Whether a watcher is told. Being named (assigned, mentioned, in the chain) is no watching, and always told."""
    heard = _HEARS[mode]
    return heard is None or kind in heard
