"""Whole numbers in texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.core.numeral import DIGITS_MAX, whole_number


@given(st.integers(0, 10**DIGITS_MAX - 1))
def test_a_number_is_read_as_it_is_written(number):
    assert whole_number(str(number)) == number


@pytest.mark.parametrize("text", ["", " 1", "-1", "+1", "1.0", "1_000", "١٢", "²", "0x1", "9" * 19, "9" * 5_000])
def test_no_other_text_is_a_number(text):
    assert whole_number(text) is None


def test_the_most_digits_can_be_said():
    assert (whole_number("12345", digits_max=5), whole_number("12345", digits_max=4)) == (12345, None)
