"""Cells of files that spreadsheets open."""

# What a spreadsheet takes for the beginning of a formula, also behind spaces that it strips.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def guarded(text: str) -> str:
    """The text as a cell that nobody's spreadsheet runs: an apostrophe before what looks like a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
