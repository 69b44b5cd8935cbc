"""One statement for the embedded engine, what came of it, and how it can fail."""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

_ERROR_CODE: Final = re.compile(r"Code: (\d+)\.")
_UNKNOWN_EXCEPTION: Final = 1002


class EngineError(Exception):
    """ClickHouse refused or failed a statement: its own code and text."""

    def __init__(self, text: str) -> None:
        super().__init__(text[max(text.find("Code: "), 0) :].strip())
        found = _ERROR_CODE.search(text)
        self.code = int(found[1]) if found else _UNKNOWN_EXCEPTION


class Statement(msgspec.Struct, frozen=True):
    """A statement as a client sends it. Parameters are in ClickHouse's escaped text form."""

    sql: str
    format: str = "TabSeparated"
    database: str = ""
    parameters: Mapping[str, str] = {}
    settings: Mapping[str, str] = {}
    read_only: bool = False


class Outcome(msgspec.Struct, frozen=True):
    body: bytes
    has_result: bool
    read_rows: int
    read_bytes: int
    written_rows: int
    elapsed_ns: int
