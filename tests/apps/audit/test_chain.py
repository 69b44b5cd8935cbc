"""The audit log shows what was done to it."""

import io
import json
from contextlib import suppress

import pytest
from django.db import DatabaseError, connection, transaction

from errata.apps.audit import append_only, operations, queries
from errata.apps.audit.chain import sealed
from errata.apps.audit.models import ChainHead, Entry
from errata.apps.audit.types import Deed
from errata.apps.projects import operations as projects
from errata.apps.records import write
from tests.apps.facts import later
from tests.conftest import NOW


@pytest.fixture
def log(olga):
    """Twelve entries: the set-up, a project, and ten deeds."""
    projects.create_project(name="Payments", platform="python", by=olga, at=NOW)
    with write():
        for number in range(10):
            operations.record(
                by=olga,
                action="test.done",
                target=f"T-{number}",
                at=later(seconds=number),
                after={"n": number, "ü": "é"},
            )


def faults(kept=""):
    return [(fault.sequence, fault.kind) for fault in queries.verify(kept=kept).faults]


def test_an_untouched_log_verifies(log):
    result = queries.verify(kept=queries.signed_head())

    assert result.ok
    assert result.entries == 12


def test_an_empty_log_verifies(db):
    assert queries.verify().ok


@pytest.mark.parametrize(
    "edit",
    [
        {"target": "other"},
        {"actor_name": "Bob"},
        {"after": "{}"},
        {"after": "not JSON"},
        {"at": later(days=1)},
        {"ip": "192.0.2.1"},
        {"organization_id": 99},
    ],
)
def test_an_edit_shows_where(log, edit):
    Entry.objects.filter(sequence=7).update(**edit)

    assert faults() == [(7, "edited")]


def test_an_edit_with_a_new_hash_shows_at_the_next_entry(log):
    row = Entry.objects.get(sequence=7)
    forged = sealed(queries.entry_of(row, target="other"))
    Entry.objects.filter(sequence=7).update(target=forged.target, hash=forged.hash)

    assert faults() == [(8, "misplaced")]


def test_a_deletion_shows_where(log):
    Entry.objects.filter(sequence__in=(5, 6)).delete()

    assert faults() == [(5, "missing")]


def test_a_deletion_that_is_renumbered_shows_too(log):
    Entry.objects.filter(sequence=5).delete()
    for number in range(6, 13):
        Entry.objects.filter(sequence=number).update(sequence=number - 1)

    assert (5, "misplaced") in faults()


def test_two_entries_that_changed_places_show(log):
    first, second = Entry.objects.get(sequence=5), Entry.objects.get(sequence=6)
    Entry.objects.filter(sequence__in=(5, 6)).delete()
    first.sequence, second.sequence = 6, 5
    Entry.objects.bulk_create([first, second])

    assert {(5, "misplaced"), (5, "edited"), (6, "misplaced"), (6, "edited")} <= set(faults())


def test_a_cut_off_end_shows(log):
    Entry.objects.filter(sequence__gt=9).delete()

    assert faults() == [(10, "truncated")]


def test_an_entry_added_by_other_means_shows(log):
    last = Entry.objects.get(sequence=12)
    forged = sealed(queries.entry_of(last, sequence=13, previous=last.hash))
    Entry.objects.create(**{**vars_of(last), "sequence": 13, "previous": last.hash, "hash": forged.hash})

    assert faults() == [(13, "appended")]


def test_a_rewritten_log_contradicts_a_head_that_was_kept(log, olga):
    kept = queries.signed_head()
    Entry.objects.all().delete()
    ChainHead.objects.all().delete()
    with write():
        operations.record_all([Deed("test.forged", f"F-{n}") for n in range(20)], by=olga, at=NOW)

    assert faults() == []
    assert faults(kept) == [(12, "edited")]


def test_a_log_cut_off_before_a_kept_head_shows_even_with_a_new_head(log):
    kept = queries.signed_head()
    Entry.objects.filter(sequence__gt=9).delete()
    ChainHead.objects.update(sequence=9, hash=Entry.objects.get(sequence=9).hash)

    assert faults() == []
    assert faults(kept) == [(10, "truncated")]


def test_a_head_signed_elsewhere_is_refused(log):
    with pytest.raises(queries.HeadRefused):
        queries.verify(kept="12:abc:forged")


def test_an_export_verifies_without_the_database(log):
    exported = io.BytesIO()

    assert queries.export(exported) == 12
    exported.seek(0)
    result = queries.verify_export(exported)
    assert result.ok
    assert result.head == queries.head()


@pytest.mark.parametrize(
    ("tamper", "kind"),
    [
        (lambda lines: [*lines[:4], lines[4].replace(b"T-2", b"T-9"), *lines[5:]], "edited"),
        (lambda lines: [*lines[:4], *lines[5:]], "missing"),
        (lambda lines: [*lines[:4], lines[5], lines[4], *lines[6:]], "misplaced"),
        (lambda lines: [*lines[:8], lines[-1]], "truncated"),
        (lambda lines: lines[:-1], "truncated"),
        (lambda lines: [*lines[:4], b"garbage\n", *lines[5:]], "unreadable"),
    ],
)
def test_a_tampered_export_shows_it(log, tamper, kind):
    exported = io.BytesIO()
    queries.export(exported)
    lines = exported.getvalue().splitlines(keepends=True)

    result = queries.verify_export(io.BytesIO(b"".join(tamper(lines))))

    assert kind in {fault.kind for fault in result.faults}


def test_each_line_of_an_export_is_json_that_people_can_read(log):
    exported = io.BytesIO()
    queries.export(exported)

    first = json.loads(exported.getvalue().splitlines()[0])
    assert (first["sequence"], first["action"], first["actor_name"]) == (1, "organization.set_up", "Olga Owner")


def test_what_another_organisation_wrote_is_withheld_from_an_export_that_still_verifies(log, olga, mallory):
    operations.record(by=mallory, action="heist.planned", target="vault", at=NOW)
    operations.record(by=olga, action="till.opened", target="T", at=NOW)
    exported = io.BytesIO()

    queries.export(exported, actor=olga)

    text = exported.getvalue()
    assert b"heist" not in text
    assert b"till.opened" in text
    result = queries.verify_export(io.BytesIO(text))
    assert (result.ok, result.withheld) == (True, 1)
    edited = queries.verify_export(io.BytesIO(text.replace(b"till.opened", b"till.closed")))
    assert [fault.kind for fault in edited.faults] == ["edited"]


@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET target = 'x'", "DELETE FROM audit_entry"])
def test_the_database_itself_refuses_changes(log, statement):
    append_only.install(connection)

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    append_only.remove(connection)


def test_an_entry_falls_with_the_transaction_it_tells_of(olga):
    before = queries.head()

    with suppress(ZeroDivisionError), write():
        operations.record(by=olga, action="test.done", target="T", at=NOW)
        raise ZeroDivisionError

    assert queries.head() == before


def test_a_page_holds_the_own_organisation_alone_newest_first(log, olga, mallory):
    page = queries.list_entries(actor=olga, limit=5)
    following = queries.list_entries(actor=olga, limit=50, cursor=page.next or "")

    assert [entry.sequence for entry in page.items + following.items] == list(range(12, 0, -1))
    assert following.next is None
    assert queries.list_entries(actor=mallory).items == []


def vars_of(row):
    return {field.name: getattr(row, field.name) for field in Entry._meta.fields}
