"""Generated pages that no other test is nearer to."""

from errata.core.search import parse
from errata.ops.reference import SEARCH_PAGE, search_page


def test_the_reference_page_of_searches_is_current():
    assert SEARCH_PAGE.read_text(encoding="utf-8") == search_page(), "Run `make docs`."


def test_its_examples_can_be_read():
    examples = [
        line.split("|")[1] for line in search_page().partition("\n## ")[0].splitlines() if line.startswith("| `")
    ]

    for example in (each.strip(" `") for words in examples for each in words.split("`, `")):
        parse(example.replace("…", "a"))
