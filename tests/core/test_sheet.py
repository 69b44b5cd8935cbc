"""Cells that nobody's spreadsheet runs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.core.sheet import guarded


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =HYPERLINK(1)", "＝1"])
def test_a_formula_is_text(text):
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "TypeError: a+b", "PAY-1", "e = mc2"])
def test_a_text_stays_as_it_is(text):
    assert guarded(text) == text


@given(st.text())
def test_no_cell_begins_like_a_formula(text):
    assert not guarded(text).lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))
