"""The keys of searches that ask what became of promises, answered from the rows that attainment is counted from."""

from collections.abc import Callable

from django.db.models import QuerySet

from errata.apps.clocks.models import Clock
from errata.apps.issues.elsewhere import Source
from errata.apps.issues.elsewhere import answer as answer_key

# For each clock: the key of its state, and the one of when it stopped.
_KEYS = {"response": ("response", "responded"), "resolution": ("resolution", "resolved")}


def answer() -> None:
    """Answer them from now on."""
    for kind, (state, stopped) in _KEYS.items():
        answer_key(state, Source(_of(kind), "state"))
        answer_key(stopped, Source(_of(kind), "stopped_at"))


def _of(kind: str) -> Callable[[int, str], QuerySet[Clock]]:
    return lambda organization_id, _: Clock.objects.filter(organization_id=organization_id, kind=kind)
