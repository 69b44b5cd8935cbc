"""How many activities followers have set aside, as the metrics tell it."""

from collections.abc import Mapping
from datetime import datetime

from errata.apps.issues import queries


class AsideCounts:
    """Looked up now and then, so that telling costs nothing."""

    def __init__(self) -> None:
        self.counts: Mapping[str, int] = {}

    def look(self, _at: datetime) -> None:
        """Look them up."""
        self.counts = queries.count_set_aside()
