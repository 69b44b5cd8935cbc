"""Any list of issues as a file: all of it, however long, a slice of rows in memory at a time."""

import csv
import io
from array import array
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import IO, Any, Literal, get_args

import msgspec

from errata.apps.accounts.permissions import allow
from errata.apps.accounts.types import Actor, Person
from errata.apps.audit import operations as audit
from errata.apps.issues import cursors, rows
from errata.apps.issues.finding import search
from errata.apps.issues.types import IssueRow
from errata.apps.records import write
from errata.core.errors import Refusal
from errata.core.sheet import guarded

Format = Literal["csv", "xlsx", "jsonl"]
CONTENT_TYPES: Mapping[Format, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jsonl": "application/x-ndjson",
}
# Some 2 MB of rows; each slice is three short statements, between which everybody else has their turn.
SLICE = 500
# What a sheet of the file format holds, less its header.
SHEET_ROWS_MAX = 1_048_575
# And what a cell of it holds.
_CELL_CHARS_MAX = 32_767


class FormatUnknown(Refusal):
    """A format that isn't written."""

    code = "format_unknown"
    status = 400


class ExportIncomplete(Refusal):
    """The search can't be answered whole: a file that silently lacks rows is worse than none."""

    code = "export_incomplete"
    status = 503


class Export(msgspec.Struct, frozen=True):
    """The issues of a file, chosen when it was asked for: what changes meanwhile neither leaves nor doubles a row."""

    ids: "array[int]"

    @property
    def total(self) -> int:
        """How many rows the file has."""
        return len(self.ids)

    def rows(self) -> Iterator[IssueRow]:
        """The issues as they are when their slice is read."""
        for start in range(0, len(self.ids), SLICE):
            yield from rows.fetch_by_ids(list(self.ids[start : start + SLICE]))


def checked_format(text: str) -> Format:
    """The format by its name. Raises FormatUnknown."""
    found: Format | None = next((name for name in get_args(Format) if name == text.strip().casefold()), None)
    if found is None:
        raise FormatUnknown(f"There is no export as “{text}”. One of: {', '.join(get_args(Format))}.", format=text)
    return found


def export_issues(
    *,
    actor: Actor,
    now: datetime,
    query: str = "",
    projects: Collection[int] | None = None,
    sort: str = "",
    format: Format = "csv",  # noqa: A002 (the word for it everywhere)
) -> Export:
    """Choose the issues of a file, in their order. Who takes a list away is in the audit log."""
    allow(actor, "issue:read")
    found, issues = search(actor, query, projects, now)
    if found.partial:
        raise ExportIncomplete(f"{found.partial} Nothing was exported; try again, or ask nothing of events.")
    order = cursors.order_of(sort, searched=cursors.Order(found.sort, found.descending))
    ids = array("q", issues.order_by(*order.ordering).values_list("id", flat=True).iterator(chunk_size=10_000))
    with write():
        after = {"query": query, "format": format, "issues": len(ids)}
        audit.record(by=actor, action="issues.exported", target=query[:200] or "all issues", at=now, after=after)
    return Export(ids=ids)


def file_name(format: Format, *, at: datetime) -> str:  # noqa: A002 (the word for it everywhere)
    """What a browser calls the file."""
    return f"issues-{at.astimezone(UTC):%Y-%m-%d-%H%M}.{format}"


def lines(export: Export, format: Literal["csv", "jsonl"]) -> Iterator[bytes]:  # noqa: A002 (the word for it)
    """The file in pieces, as they are read."""
    return _csv(export) if format == "csv" else _jsonl(export)


def write_xlsx(export: Export, file: IO[bytes]) -> None:
    """Write the file: a row is on disk before the next one is read."""
    # 6 MB that only those who export need.
    import xlsxwriter

    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "remove_timezone": True}
    book = xlsxwriter.Workbook(file, options)
    bold = book.add_format({"bold": True})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    sheet, line = None, 0
    for row in export.rows():
        if sheet is None or line > SHEET_ROWS_MAX:
            sheet, line = book.add_worksheet(), 1
            sheet.freeze_panes(1, 0)
            for place, name in enumerate(COLUMNS):
                sheet.write_string(0, place, name, bold)
        for place, value in enumerate(_values(row)):
            _write_cell(sheet, line, place, value, moment)
        line += 1
    if sheet is None:
        sheet = book.add_worksheet()
        for place, name in enumerate(COLUMNS):
            sheet.write_string(0, place, name, bold)
    book.close()


def record(row: IssueRow) -> dict[str, Any]:
    """An issue with the names that files use."""
    return dict(zip(COLUMNS, _values(row), strict=True))


def _csv(export: Export) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for number, row in enumerate(export.rows(), start=1):
        writer.writerow([_cell(value) for value in _values(row)])
        if number % SLICE == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def _jsonl(export: Export) -> Iterator[bytes]:
    pieces: list[bytes] = []
    for row in export.rows():
        pieces.append(msgspec.json.encode(record(row)) + b"\n")
        if len(pieces) == SLICE:
            yield b"".join(pieces)
            pieces.clear()
    yield b"".join(pieces)


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return value.astimezone(UTC).isoformat()
        case list():
            return guarded(", ".join(map(str, value)))
        case dict():
            return msgspec.json.encode(value).decode() if value else ""
        case str():
            return guarded(value)
    return str(value)


def _write_cell(sheet: Any, line: int, place: int, value: Any, moment: Any) -> None:
    if value is None or value in ("", [], {}):
        return
    if isinstance(value, datetime):
        sheet.write_datetime(line, place, value.astimezone(UTC).replace(tzinfo=None), moment)
    elif isinstance(value, bool):
        sheet.write_boolean(line, place, value)
    elif isinstance(value, int | float):
        sheet.write_number(line, place, value)
    else:
        # A text of this format is never run, so it needs no guard.
        text = value if isinstance(value, str) else _cell(value)
        sheet.write_string(line, place, text[:_CELL_CHARS_MAX])


def _email(person: Person | None) -> str | None:
    return person.email if person else None


def _values(row: IssueRow) -> list[Any]:
    return [get(row) for get in COLUMNS.values()]


COLUMNS: Mapping[str, Callable[[IssueRow], Any]] = {
    "key": lambda row: row.key,
    "title": lambda row: row.title,
    "type": lambda row: row.type,
    "stage": lambda row: row.stage,
    "category": lambda row: row.category,
    "priority": lambda row: row.priority,
    "severity": lambda row: row.severity,
    "assignee": lambda row: _email(row.assignee),
    "deputy": lambda row: _email(row.deputy),
    "project": lambda row: row.project.slug,
    "labels": lambda row: [label.name for label in row.labels],
    "parent": lambda row: row.parent or None,
    "parts": lambda row: row.parts,
    "parts_done": lambda row: row.parts_done,
    "blockers": lambda row: row.blockers,
    "due_at": lambda row: row.due_at,
    "clock_state": lambda row: row.clock_state,
    "score": lambda row: row.score,
    "waiting_on": lambda row: row.waiting_on,
    "reason": lambda row: row.reason,
    "events": lambda row: row.count,
    "users": lambda row: row.users,
    "comments": lambda row: row.comments,
    "first_seen": lambda row: row.first_seen,
    "last_seen": lambda row: row.last_seen,
    "created_at": lambda row: row.created_at,
    "updated_at": lambda row: row.updated_at,
    "stage_changed_at": lambda row: row.stage_changed_at,
    "level": lambda row: row.level,
    "platform": lambda row: row.platform,
    "culprit": lambda row: row.culprit,
    "unhandled": lambda row: row.is_unhandled,
    "regressed": lambda row: row.regressed,
    "first_release": lambda row: row.first_release,
    "last_release": lambda row: row.last_release,
    "source": lambda row: row.source,
    "values": lambda row: dict(row.values),
}
