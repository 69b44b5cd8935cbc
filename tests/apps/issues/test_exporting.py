"""Lists as files."""

import csv
import io
import json
import zipfile

import msgspec
import pytest

from errata.apps.accounts.permissions import Forbidden
from errata.apps.audit import queries as audit
from errata.apps.issues import exporting
from errata.core.search import SearchError
from tests.apps.facts import delta
from tests.apps.issues.shop import arrive, report
from tests.conftest import NOW


def export(actor, kind="csv", **asked):
    found = exporting.export_issues(actor=actor, now=NOW, format=kind, **asked)
    return b"".join(exporting.lines(found, kind)).decode()


def test_a_file_has_every_issue_however_many(payments, bob, monkeypatch):
    monkeypatch.setattr(exporting, "SLICE", 10)
    arrive(*(delta(payments, number) for number in range(37)))

    rows = list(csv.DictReader(io.StringIO(export(bob))))

    assert {row["key"] for row in rows} == {f"PAY-{number}" for number in range(1, 38)}
    assert len(rows) == 37


def test_a_file_has_what_its_search_finds_in_its_order(payments, bob):
    report("One", bob, priority="Low")
    report("Two", bob, priority="High")
    report("Three", bob, priority="Medium")

    lines = [json.loads(line) for line in export(bob, "jsonl", query="!priority:Low", sort="priority").splitlines()]

    assert [line["key"] for line in lines] == ["PAY-2", "PAY-3"]


def test_a_title_that_is_a_formula_is_only_text(payments, bob):
    report('=HYPERLINK("https://evil.example","click")', bob, labels=["@home", "+1"])

    row = next(csv.DictReader(io.StringIO(export(bob))))

    assert row["title"].startswith("'=HYPERLINK")
    assert row["labels"].startswith(("'@", "'+"))
    assert json.loads(export(bob, "jsonl"))["title"].startswith("=HYPERLINK")


def test_a_workbook_opens_and_has_no_formula(payments, bob):
    report('=HYPERLINK("https://evil.example","click")', bob)
    file = io.BytesIO()

    exporting.write_xlsx(exporting.export_issues(actor=bob, now=NOW, format="xlsx"), file)

    sheet = zipfile.ZipFile(file).read("xl/worksheets/sheet1.xml").decode()
    assert "=HYPERLINK" in sheet
    assert "<f>" not in sheet


def test_a_workbook_of_nothing_has_its_header(payments, bob):
    file = io.BytesIO()

    exporting.write_xlsx(exporting.export_issues(actor=bob, now=NOW, format="xlsx"), file)

    assert "stage_changed_at" in zipfile.ZipFile(file).read("xl/worksheets/sheet1.xml").decode()


def test_more_rows_than_a_sheet_holds_go_on_in_the_next(payments, bob, monkeypatch):
    monkeypatch.setattr(exporting, "SHEET_ROWS_MAX", 2)
    for number in range(5):
        report(f"{number}", bob)
    file = io.BytesIO()

    exporting.write_xlsx(exporting.export_issues(actor=bob, now=NOW, format="xlsx"), file)

    assert sum("worksheets/sheet" in name for name in zipfile.ZipFile(file).namelist()) == 3


def test_who_takes_a_list_away_is_in_the_audit_log(payments, bob, olga):
    report("One", bob)
    export(bob, query="is:open")

    entry = audit.list_entries(actor=olga, action="issues.exported").items[0]

    assert (entry.actor_name, entry.after["issues"], entry.after["format"]) == ("Bob Builder", 1, "csv")


def test_a_search_that_cannot_be_read_is_no_file(payments, bob):
    with pytest.raises(SearchError):
        export(bob, query="is:moon")


def test_an_unknown_format_is_refused():
    with pytest.raises(exporting.FormatUnknown, match="csv, xlsx, jsonl"):
        exporting.checked_format("pdf")


def test_another_organisation_exports_nothing(payments, bob, mallory):
    report("Secret", bob)

    assert len(export(mallory).splitlines()) == 1


def test_a_token_that_may_not_read_issues_exports_none(payments, bob):
    with pytest.raises(Forbidden):
        export(msgspec.structs.replace(bob, kind="token", scopes=frozenset({"org:read"})))
