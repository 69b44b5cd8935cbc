"""Rules go by clocks too: the policy of a test's own."""

from tests.apps.clocks.conftest import agreed

__all__ = ["agreed"]
