"""A policy of the test's own, for as long as it runs."""

import pytest

from errata.apps.clocks import grounds
from errata.core.sla import ClockPolicy, PolicySince


@pytest.fixture
def agreed(monkeypatch):
    """Agree on a policy for every project; called again, on another one."""

    def agree(*versions: ClockPolicy | PolicySince) -> None:
        found = tuple(one if isinstance(one, PolicySince) else PolicySince(one) for one in versions)
        monkeypatch.setattr(grounds, "policies_of", lambda _: found)

    return agree
