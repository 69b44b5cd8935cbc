"""Whole numbers in texts, as ids, cursors, counts and forms write them."""

# What every column of the records holds: 18 nines are below 2⁶³.
DIGITS_MAX = 18


def whole_number(text: str, *, digits_max: int = DIGITS_MAX) -> int | None:
    """The number that a text of ASCII digits is; None for any other text, and for more digits than that.

    `isdecimal` alone takes digits of every script, and `int` refuses some thousands of them with a ValueError.
    """
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= digits_max else None
