"""Clocks in words, on the command line."""

import pytest

from errata.apps.clocks.types import Forecast
from errata.ops.clock_text import foretell


@pytest.mark.parametrize(
    ("forecast", "words"),
    [
        (Forecast(expected=None, covered=0, beyond=0, untold=7), ""),
        (
            Forecast(expected=0.8, covered=1, beyond=0, untold=0),
            "About 1 of the 1 resolution clock in time due first will probably run out.",
        ),
        (
            Forecast(expected=3.6, covered=20, beyond=9, untold=0),
            "About 4 of the 20 resolution clocks in time due first will probably run out; 9 more are due after them.",
        ),
    ],
)
def test_a_forecast_says_of_how_many_clocks_it_speaks(forecast, words):
    assert foretell(forecast) == words
