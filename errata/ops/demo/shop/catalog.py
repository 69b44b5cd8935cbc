"""Products, categories and the search over them."""

import csv
import io
import re
from dataclasses import dataclass, field


@dataclass
class Category:
    name: str
    parent: "Category | None" = None
    children: list["Category"] = field(default_factory=list)


def breadcrumb(category: Category) -> list[str]:
    """The path from the root. An import once made two categories each other's parent."""
    if category.parent is None:
        return [category.name]
    return [*breadcrumb(category.parent), category.name]


def search(products: list[str], *, query: str) -> list[str]:
    """Find products. The query is taken as a pattern, so `c++ (book` is not a search but an error."""
    pattern = re.compile(query, re.IGNORECASE)
    return [product for product in products if pattern.search(product)]


def import_prices(upload: bytes) -> dict[str, float]:
    """Read a supplier's price list. One supplier still exports from a 1998 spreadsheet."""
    text = upload.decode("utf-8")
    rows = csv.DictReader(io.StringIO(text), delimiter=";")
    return {row["sku"]: float(row["price"].replace(",", ".")) for row in rows}
