"""Recorded requests of real clients, byte for byte.

`captures/<client>/<scenario>/NNN_….req.json` holds the request line and the headers in their order, `….raw` the body as
it was sent. `captures/items.tsv` says which items each one carries, as the recorder counted them.
"""

import csv
import json
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent / "captures"
PUBLIC_KEY = "a" * 32
PROJECT = "1"


class Capture:
    """One recorded request."""

    def __init__(self, client: str, scenario: str, name: str, items: tuple[str, ...]) -> None:
        self.client = client
        self.scenario = scenario
        self.name = name
        self.items = items  # item types in their order; ("store",) for a body of the store endpoint

    def __repr__(self) -> str:
        return f"{self.client}/{self.scenario}/{self.name}"

    @property
    def id(self) -> str:
        """What test reports call it."""
        return f"{self.client}/{self.scenario}/{self.name[:3]}"

    @cached_property
    def _request(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads((ROOT / self.client / self.scenario / f"{self.name}.req.json").read_text())
        return read

    @property
    def method(self) -> str:
        return str(self._request["method"])

    @property
    def path(self) -> str:
        """The path as sent. A `tunnel` is any path of the site's own, which passes envelopes on."""
        return str(self._request["path"])

    @property
    def endpoint(self) -> str:
        """The path at which the body arrives here."""
        return "/api/1/envelope/" if self.path == "/tunnel" else self.path

    @property
    def query(self) -> str:
        return str(self._request["query"])

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """The headers, names in lower case."""
        return {name.lower(): value for name, value in self._request["headers"]}

    @cached_property
    def raw(self) -> bytes:
        """The body as it went over the wire, without the framing of chunks."""
        return (ROOT / self.client / self.scenario / f"{self.name}.raw").read_bytes()


@cache
def captures() -> tuple[Capture, ...]:
    """Every recorded request, in order."""
    return tuple(_listed())


def find(client: str, scenario: str, number: int) -> Capture:
    """The request with that number."""
    return next(
        one for one in captures() if (one.client, one.scenario, int(one.name[:3])) == (client, scenario, number)
    )


def _listed() -> Iterator[Capture]:
    with (ROOT / "items.tsv").open(newline="") as table:
        for row in csv.DictReader(table, delimiter="\t"):
            yield Capture(row["client"], row["scenario"], row["request"], tuple(row["items"].split(",")))
